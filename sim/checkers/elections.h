// Who asked for votes, who gave them, and who reigned: one leader in a term, elected by a majority of nodes that it was
// at least as up to date as (paper, sections 5.2 and 5.4.1). And, since elections must end as well: a voter refuses
// nobody without a reason, and waits for nobody but a leader and whoever has its vote.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/shadows.h"

namespace timestore::sim {

// A leader's log in its term. It only grows, and what it grows by are entries of the term.
struct Reign {
  std::size_t node = 0;
  raft::Term term = 0;
  LogTerms inherited;    // the log that it was elected with
  raft::Index last = 0;  // of the whole log

  bool holds(raft::Position position) const {
    if (position.index > last) return false;
    return position.index > inherited.last_index() ? position.term == term : inherited.holds(position);
  }
};

class Elections {
 public:
  Elections(Findings& findings, const Shadows& shadows, const raft::Configuration& configuration);

  const raft::NodeId& id_of(std::size_t node) const { return configuration_.voters[node].id; }
  std::size_t number_of(const raft::NodeId& id) const;  // size of the cluster: nobody's
  const Reign* reign(raft::Term term) const;
  const std::map<raft::Term, Reign>& reigns() const { return reigns_; }

  void started(std::size_t node);

  // After the shadows have heard of the turn. Returns a reign that has begun in it.
  const Reign* stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
                       const raft::Effects& effects);

  void asked_for_vote(std::size_t node, const raft::VoteRequest& request);
  void gave_vote(std::size_t node, raft::Term term, const raft::NodeId& candidate);

 private:
  struct Ballot {
    std::vector<std::optional<raft::Position>> logs;  // as the candidates advertised them, by node
    std::vector<std::optional<std::size_t>> votes;    // by voter: the candidate who got it
  };

  Ballot& ballot(raft::Term term);
  void check_vote(std::size_t node, const raft::HardState& vote, std::span<const raft::Input> inputs);
  void check_refusal(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs);
  void check_patience(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
                      const raft::Effects& effects);
  void lengthen(raft::Term term, raft::Index last);
  const Reign* crown(std::size_t node, const raft::State& core, raft::Term term, raft::Index inherited);

  Rules rules_;
  Rules promises_;
  const Shadows& shadows_;
  raft::Configuration configuration_;
  std::map<raft::Term, Ballot> ballots_;
  std::map<raft::Term, Reign> reigns_;
  std::vector<raft::Term> led_;                         // by node: the newest term that it has led
  std::vector<raft::HardState> hard_states_;            // by node, as of its last write
  std::vector<std::optional<std::uint32_t>> silences_;  // by node: the ticks it has counted; none: it leads
};

}  // namespace timestore::sim
