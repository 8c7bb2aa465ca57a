// How a scenario writes down messages and logs.
//
// A position is written term/index: 2/7 is entry 7, of term 2. A log is drawn as the paper draws it, by the terms of
// its entries from index 1; entries in parentheses are not durable yet.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/raft/state.h"
#include "sim/world/cluster.h"

namespace timestore::sim::script {

enum class MessageKind : std::uint8_t {
  kVoteRequest,
  kVoteAnswer,
  kPreVoteRequest,
  kPreVoteAnswer,
  kAppend,
  kAppendAnswer,
  kSnapshotRequest,
  kSnapshotAnswer,
  kTimeoutNow,
  kNotOurs,
};
inline constexpr std::string_view kMessageKinds[] = {
    "vote-request",  "vote-answer",      "pre-vote-request", "pre-vote-answer", "append",
    "append-answer", "snapshot-request", "snapshot-answer",  "timeout-now",     "not-ours"};
static_assert(std::size(kMessageKinds) == std::variant_size_v<raft::Message>);

[[nodiscard]] MessageKind kind_of(const raft::Message& message);
[[nodiscard]] std::string describe(MessageId id, const Wire& wire);  // "#4 n1->n2 append term 1 ..."
[[nodiscard]] std::string describe(raft::Position position);

// "follower", "asking", "candidate" or "leader".
[[nodiscard]] std::string_view name_of(const raft::Role& role);

[[nodiscard]] std::vector<raft::Term> terms_of(const raft::Trail& trail);
[[nodiscard]] std::string describe(const raft::Trail& trail);  // "after 1/4: 1 2 2", "1 2 2" from the first on, "empty"
[[nodiscard]] std::string describe(const raft::Configuration& members);  // "voters n1 n2, learners n3"
[[nodiscard]] std::string join(std::span<const raft::Term> terms, std::string_view separator);

// The chosen nodes, a line each, under a line with the indices.
[[nodiscard]] std::vector<std::string> draw(Cluster& cluster, std::span<const std::size_t> nodes);

// What a leader knows of its followers, a line each.
[[nodiscard]] std::vector<std::string> draw_progress(const raft::Leader& leader);

}  // namespace timestore::sim::script
