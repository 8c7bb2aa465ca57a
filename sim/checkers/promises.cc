#include "sim/checkers/promises.h"

#include <variant>

namespace timestore::sim {

void Promises::sends(std::size_t node, const raft::Send& send, raft::Index committed) {
  committed_ = committed;
  std::visit(
      [&](const auto& message) {
        using Kind = std::decay_t<decltype(message)>;
        const raft::Term durable = shadows_.durable(node).hard_state.term;
        const bool is_open = std::is_same_v<Kind, raft::PreVoteRequest>;  // the next term
        if (std::is_same_v<Kind, raft::SnapshotRequest> || std::is_same_v<Kind, raft::SnapshotResponse>) {
          return check(node, send.to, message);  // whatever their term, they belong to none
        }
        const bool holds = rules_.require(
            durable + (is_open ? 1 : 0) >= message.term, "a message leaves when its term is durable",
            [&] { return facts("node", node + 1, "to", send.to, "term", message.term, "durable term", durable); });
        if (holds) check(node, send.to, message);
      },
      send.message);
}

void Promises::check(std::size_t node, const raft::NodeId& to, const raft::VoteRequest& request) {
  const LogImage& durable = shadows_.durable(node);
  const auto describe = [&] {
    return facts("node", node + 1, "to", to, "term", request.term, "advertises",
                 place({request.last_term, request.last_index}), "durable log to", place(durable.log.last()),
                 "durable vote", durable.hard_state.vote.value_or("-"));
  };
  if (rules_.require(durable.hard_state.term == request.term && durable.hard_state.vote == request.candidate &&
                         elections_.number_of(request.candidate) == node,
                     "a vote request leaves when the vote for oneself is durable", describe) &&
      rules_.require(durable.log.holds({.term = request.last_term, .index = request.last_index}),
                     "a candidate advertises only durable entries", describe)) {
    elections_.asked_for_vote(node, request);
  }
}

void Promises::check(std::size_t node, const raft::NodeId& to, const raft::VoteResponse& response) {
  if (!response.granted) return;
  const raft::HardState& durable = shadows_.durable(node).hard_state;
  const bool holds =
      rules_.require(durable.term == response.term && durable.vote == to, "a vote leaves when it is durable", [&] {
        return facts("node", node + 1, "to", to, "term", response.term, "durable term", durable.term, "durable vote",
                     durable.vote.value_or("-"));
      });
  if (holds) elections_.gave_vote(node, response.term, to);
}

// It promises nothing, but a node that asks for the next term is in the one before.
void Promises::check(std::size_t, const raft::NodeId&, const raft::PreVoteRequest&) {}

void Promises::check(std::size_t node, const raft::NodeId& to, const raft::PreVoteResponse& response) {
  rules_.require(!response.granted || response.term < response.proposed,
                 "nobody is encouraged to enter a term that is over",
                 [&] { return facts("node", node + 1, "to", to, "term", response.term, "for", response.proposed); });
}

void Promises::check(std::size_t node, const raft::NodeId& to, const raft::TimeoutNow& request) {
  const Reign* reign = elections_.reign(request.term);
  const std::size_t number = elections_.number_of(to);
  const LogTerms& successor = shadows_.durable(number).log;
  const auto describe = [&] {
    return facts("node", node + 1, "to", to, "term", request.term, "its log to", place(successor.last()));
  };
  rules_.require(reign != nullptr && reign->node == node, "only a term's leader hands over", describe) &&
      // Since then its disk may have been lost, or the leader of a later term may have removed entries there.
      rules_.require(successor.last_index() >= reign->last || shadows_.is_novice(number) ||
                         successor.last().term > request.term,
                     "a leader hands over to a node that has its whole log", describe);
}

void Promises::check(std::size_t, const raft::NodeId&, const raft::SnapshotRequest&) {}

void Promises::check(std::size_t node, const raft::NodeId& to, const raft::SnapshotResponse& response) {
  const raft::Position applied = response.meta.applied;
  rules_.require(
      applied.index <= committed_ && shadows_.durable(node).log.holds(applied), "a snapshot holds what is committed",
      [&] { return facts("node", node + 1, "to", to, "snapshot of", place(applied), "committed", committed_); });
}

void Promises::check(std::size_t node, const raft::NodeId& to, const raft::AppendRequest& request) {
  const Reign* reign = elections_.reign(request.term);
  const raft::Index last = request.prev_index + request.entries.size();
  const auto describe = [&] {
    return facts("node", node + 1, "to", to, "term", request.term, "after",
                 place({request.prev_term, request.prev_index}), "entries", request.entries.size(), "commit",
                 request.leader_commit, "committed", committed_);
  };
  if (!rules_.require(reign != nullptr && reign->node == node && elections_.number_of(request.leader) == node,
                      "only a term's leader sends entries in it", describe)) {
    return;
  }
  if (!rules_.require(request.leader_commit <= committed_, "a leader tells as committed only what is", describe))
    return;
  if (!rules_.require(reign->holds({.term = request.prev_term, .index = request.prev_index}) && last <= reign->last,
                      "a leader sends what its log holds", describe)) {
    return;
  }
  raft::Index index = request.prev_index;
  for (const raft::Entry& entry : request.entries) {
    ++index;
    if (!rules_.require(reign->holds({.term = entry.term, .index = index}) && entries_.holds(index, entry),
                        "a leader sends what its log holds", [&] {
                          return describe() + ", at " + place({entry.term, index});
                        })) {
      return;
    }
  }
}

void Promises::check(std::size_t node, const raft::NodeId& to, const raft::AppendResponse& response) {
  if (!response.success) return;
  const LogTerms& durable = shadows_.durable(node).log;
  const Reign* reign = elections_.reign(response.term);
  const auto describe = [&] {
    return facts("node", node + 1, "to", to, "term", response.term, "match", response.match, "durable log to",
                 place(durable.last()));
  };
  if (!rules_.require(reign != nullptr && elections_.number_of(to) == reign->node,
                      "only a term's leader is acknowledged", describe)) {
    return;
  }
  const std::optional<raft::Term> term = durable.term_at(response.match);
  rules_.require(term.has_value(), "an acknowledged entry is durable", describe) &&
      rules_.require(reign->holds({.term = *term, .index = response.match}), "an acknowledged log equals the leader's",
                     describe);
}

}  // namespace timestore::sim
