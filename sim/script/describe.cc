#include "sim/script/describe.h"

#include <algorithm>

namespace timestore::sim::script {

namespace {

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string text_of(const raft::VoteRequest& message) {
  return "term " + std::to_string(message.term) + ", last " + describe({message.last_term, message.last_index}) +
         (message.forced ? ", forced" : "");
}

std::string text_of(const raft::VoteResponse& message) {
  return "term " + std::to_string(message.term) + (message.granted ? ", granted" : ", refused");
}

std::string text_of(const raft::PreVoteRequest& message) {
  return "for term " + std::to_string(message.term) + ", last " + describe({message.last_term, message.last_index});
}

std::string text_of(const raft::PreVoteResponse& message) {
  return "term " + std::to_string(message.term) + (message.granted ? ", would grant " : ", would refuse ") +
         std::to_string(message.proposed);
}

std::string text_of(const raft::TimeoutNow& message) {
  return "term " + std::to_string(message.term) + ", round " + std::to_string(message.round);
}

std::string text_of(const raft::NotOurs& message) {
  return "that is not my cluster, mine is " + raft::to_text(message.belonging.cluster).substr(0, 8);
}

std::string text_of(const raft::SnapshotRequest& message) {
  const bool knows = message.wanted != raft::SnapshotMeta{};
  return knows ? "of " + describe(message.wanted.applied) + ", from byte " + std::to_string(message.offset) : "of any";
}

std::string text_of(const raft::SnapshotResponse& message) {
  if (message.meta == raft::SnapshotMeta{}) return "none yet";
  return "of " + describe(message.meta.applied) + ", " + std::to_string(message.meta.size_bytes) + " bytes" +
         (message.bytes.size_bytes() == 0
              ? ""
              : ": " + std::to_string(message.bytes.size_bytes()) + " from byte " + std::to_string(message.offset));
}

std::string text_of(const raft::AppendRequest& message) {
  std::string text =
      "term " + std::to_string(message.term) + ", after " + describe({message.prev_term, message.prev_index}) + ":";
  raft::Index index = message.prev_index;
  for (const raft::Entry& entry : message.entries) text += " " + describe({entry.term, ++index});
  if (message.entries.empty()) text += " nothing";
  text += ", commit " + std::to_string(message.leader_commit);
  if (message.round > 0) text += ", round " + std::to_string(message.round);
  if (message.recalled > 0) text += ", recalls through " + std::to_string(message.recalled);
  if (message.from_snapshot) text += ", before that there is a snapshot";
  return text;
}

std::string text_of(const raft::AppendResponse& message) {
  std::string text = "term " + std::to_string(message.term);
  if (message.success) {
    text += ", match " + std::to_string(message.match);
  } else if (message.prev_index > 0) {
    text += ", refused after " + std::to_string(message.prev_index) + ", try after " + describe(message.hint);
  } else {
    text += ", refused";
  }
  if (message.round > 0) text += ", round " + std::to_string(message.round);
  return text;
}

// The log's cells, each as wide as the widest; what is not durable in parentheses, a dot for what is compacted away.
std::string draw_log(const raft::State& core, std::size_t width) {
  std::string text;
  raft::Index index = 0;
  while (index < core.trail.base().index) text += padded(++index < core.trail.base().index ? "" : " .", width);
  for (const raft::Term term : terms_of(core.trail)) {
    const std::string number = std::to_string(term);
    text += padded(++index > core.durable ? "(" + number + ")" : " " + number, width);
  }
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace

MessageKind kind_of(const raft::Message& message) { return static_cast<MessageKind>(message.index()); }

std::string describe(MessageId id, const Wire& wire) {
  return "#" + std::to_string(id) + " " + Cluster::name(wire.from) + "->" + Cluster::name(wire.to) + " " +
         std::string(kMessageKinds[wire.message.index()]) + " " +
         std::visit([](const auto& message) { return text_of(message); }, wire.message);
}

std::string describe(raft::Position position) {
  return std::to_string(position.term) + "/" + std::to_string(position.index);
}

std::string_view name_of(const raft::Role& role) {
  static constexpr std::string_view kNames[] = {"follower", "asking", "candidate", "leader"};
  return kNames[role.index()];
}

std::string describe(const raft::Trail& trail) {
  if (trail.last_index() == 0) return "empty";
  const raft::Position base = trail.base();
  const std::string begins = base.index == 0 ? "" : "after " + describe(base) + ": ";
  return begins + (base == trail.last() ? "nothing" : join(terms_of(trail), " "));
}

std::string describe(const raft::Configuration& members) {
  if (members.voters.empty()) return "nobody";
  const auto list = [](const std::vector<raft::Member>& of) {
    std::string text;
    for (const raft::Member& member : of) text += " " + member.id;
    return text;
  };
  std::string text = "voters" + list(members.voters);
  if (members.is_joint()) text += ", before" + list(members.outgoing);
  if (!members.learners.empty()) text += ", learners" + list(members.learners);
  for (const raft::Joining& next : members.joining) {
    text += ", " + next.id + " to vote" + (next.replaces.empty() ? "" : " in place of " + next.replaces);
  }
  return text;
}

std::vector<raft::Term> terms_of(const raft::Trail& trail) {
  std::vector<raft::Term> terms;
  for (raft::Index index = trail.first_index(); index <= trail.last_index(); ++index) {
    terms.push_back(*trail.term_at(index));
  }
  return terms;
}

std::string join(std::span<const raft::Term> terms, std::string_view separator) {
  std::string text;
  for (const raft::Term term : terms) {
    if (!text.empty()) text += separator;
    text += std::to_string(term);
  }
  return text;
}

std::vector<std::string> draw(Cluster& cluster, std::span<const std::size_t> nodes) {
  raft::Index last = 0;
  raft::Term newest = 0;
  for (const std::size_t number : nodes) {
    if (!cluster.is_up(number)) continue;
    last = std::max(last, cluster.core(number).trail.last_index());
    newest = std::max(newest, cluster.core(number).trail.last_term());
  }
  const std::size_t width = std::max(std::to_string(newest).size(), std::to_string(last).size()) + 2;

  std::vector<std::string> lines;
  std::string head = "node  role       term  vote  commit  applied  log";
  const std::size_t margin = head.size() + 1;
  if (last > 0) head = padded(head, margin);
  for (raft::Index index = 1; index <= last; ++index) head += padded(" " + std::to_string(index), width);
  lines.push_back(head.substr(0, head.find_last_not_of(' ') + 1));
  for (const std::size_t number : nodes) {
    std::string line = padded(Cluster::name(number), 6);
    if (!cluster.is_up(number)) {
      lines.push_back(line + "down");
      continue;
    }
    const raft::State& core = cluster.core(number);
    line += padded(std::string(name_of(core.role)), 11) + padded(std::to_string(core.term()), 6) +
            padded(core.hard_state.vote.value_or("-"), 6) + padded(std::to_string(core.commit), 8) +
            padded(std::to_string(core.applied), 9);
    line = padded(line, margin) + draw_log(core, width);
    lines.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
  }
  return lines;
}

std::vector<std::string> draw_progress(const raft::Leader& leader) {
  constexpr std::string_view kModes[] = {" probes", " replicates", " needs a snapshot"};
  std::vector<std::string> lines;
  for (const auto& [peer, progress] : leader.peers) {
    std::string line = peer + std::string(kModes[static_cast<std::size_t>(progress.mode)]) + ", match " +
                       std::to_string(progress.match) + ", next " + std::to_string(progress.next);
    std::vector<raft::Index> sent;
    for (const raft::Batch& batch : progress.inflight) sent.push_back(batch.last);
    if (!sent.empty()) line += ", on the way through " + join(sent, " ");
    if (progress.silent_ticks > 0) line += ", silent for " + std::to_string(progress.silent_ticks);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace timestore::sim::script
