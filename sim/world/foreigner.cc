#include "sim/world/foreigner.h"

#include <algorithm>
#include <string>
#include <utility>

namespace timestore::sim {

namespace {

raft::Belonging settled_in(const raft::ClusterId& cluster) {
  return {.is_told = true, .cluster = cluster, .is_settled = true, .is_blank = false};
}

struct Answer {
  raft::Belonging belonging;

  std::optional<raft::Message> operator()(const raft::VoteRequest& request) const {
    return raft::VoteResponse{
        .term = request.term, .granted = true, .judged = request.log_end(), .belonging = belonging};
  }
  std::optional<raft::Message> operator()(const raft::PreVoteRequest& request) const {
    return raft::PreVoteResponse{.term = request.term - 1,
                                 .proposed = request.term,
                                 .granted = true,
                                 .level = raft::kHighestLevel,
                                 .belonging = belonging};
  }
  std::optional<raft::Message> operator()(const raft::AppendRequest& request) const {
    const raft::Index match = request.prev_index + request.entries.size();
    return raft::AppendResponse{.term = request.term,
                                .success = true,
                                .match = match,
                                .prev_index = request.prev_index,
                                .round = request.round,
                                .level = raft::kHighestLevel,
                                .applied = match,
                                .belonging = belonging};
  }
  std::optional<raft::Message> operator()(const raft::SnapshotRequest& request) const {
    raft::SnapshotMeta meta = request.wanted;
    meta.applied.term = std::max<raft::Term>(meta.applied.term, 1);
    meta.applied.index += 1'000;
    meta.size_bytes = 4096;
    return raft::SnapshotResponse{.term = request.term,
                                  .meta = meta,
                                  .offset = request.offset,
                                  .checksum = 0,
                                  .belonging = belonging,
                                  .bytes = raft::Payload(std::string())};
  }
  template <typename Other>
  std::optional<raft::Message> operator()(const Other&) const {
    return std::nullopt;
  }
};

raft::AppendRequest foreign_append(const raft::State& core, const raft::NodeId& self, raft::Term term,
                                   const raft::Belonging& belonging, Stream& choices) {
  const bool overwrites = choices.below(2) == 1;
  const raft::Index prev = overwrites ? core.trail.base().index : core.trail.last_index();
  raft::AppendRequest append{.term = term,
                             .leader = self,
                             .prev_index = prev,
                             .prev_term = core.trail.term_at(prev).value_or(0),
                             .leader_commit = prev + 1,
                             .round = 1,
                             .admits = prev,
                             .belonging = belonging,
                             .entries = {}};
  append.entries.push_back({term, raft::EntryKind::kCommand, raft::Payload("[{\"foreign\":true}]")});
  return append;
}

}  // namespace

// Some clusters are as careful as ours.
std::optional<raft::Message> foreign_answer(const raft::Message& request, const raft::ClusterId& cluster) {
  const bool refuses = cluster.low % 4 == 0;
  if (refuses && raft::has_answer(request)) return raft::NotOurs{.belonging = settled_in(cluster)};
  return std::visit(Answer{settled_in(cluster)}, request);
}

raft::Message foreign_request(const raft::State& core, const raft::NodeId& self, const raft::ClusterId& cluster,
                              Stream& choices) {
  const raft::Term term = std::max<raft::Term>(core.term(), 1) + choices.below(3);
  const std::uint64_t kind = choices.below(6);
  const std::uint64_t age = choices.below(4);
  const raft::Belonging belonging = settled_in(cluster);
  const raft::Position end{.term = term, .index = core.trail.last_index() + 1'000};
  if (kind == 0) {
    return raft::VoteRequest{.term = term + 1,
                             .candidate = self,
                             .last_index = end.index,
                             .last_term = end.term,
                             .forced = true,
                             .belonging = belonging};
  }
  if (kind == 1) {
    return raft::PreVoteRequest{
        .term = term + 1, .candidate = self, .last_index = end.index, .last_term = end.term, .belonging = belonging};
  }
  if (kind == 2) return raft::TimeoutNow{.term = term, .leader = self, .round = 1'000'000, .belonging = belonging};
  if (kind == 3 && age == 3) {
    return raft::SnapshotRequest{.term = term, .follower = self, .wanted = {}, .belonging = belonging};
  }
  // Only what says that it leads can be told from a node of ours that lags.
  const raft::Term newer = std::max(term, core.term() + 1);
  if (age == 0) return foreign_append(core, self, newer, {.is_told = true, .cluster = {}}, choices);
  if (age == 1) return foreign_append(core, self, newer, {}, choices);
  return foreign_append(core, self, term, belonging, choices);
}

}  // namespace timestore::sim
