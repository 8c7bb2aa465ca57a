#include "engine/raft/message.h"

#include <iterator>
#include <utility>

#include "engine/base/check.h"

namespace timestore::raft {

namespace {

std::uint64_t payload_bytes(const AppendRequest& request) {
  std::uint64_t bytes = 0;
  for (const Entry& entry : request.entries) bytes += entry.payload.size_bytes();
  return bytes;
}

bool continues(const AppendRequest& second, const AppendRequest& first) {
  const Term last_term = first.entries.empty() ? first.prev_term : first.entries.back().term;
  return second.leader == first.leader && second.term == first.term && second.prev_term == last_term &&
         second.prev_index == first.prev_index + first.entries.size() && second.from_snapshot == first.from_snapshot;
}

const NodeId& name_in(const VoteRequest& request) { return request.candidate; }
const NodeId& name_in(const PreVoteRequest& request) { return request.candidate; }
const NodeId& name_in(const AppendRequest& request) { return request.leader; }
const NodeId& name_in(const SnapshotRequest& request) { return request.follower; }
const NodeId& name_in(const TimeoutNow& request) { return request.leader; }

}  // namespace

const NodeId& sender_of(const Message& request) {
  return std::visit(
      [](const auto& message) -> const NodeId& {
        if constexpr (requires { name_in(message); }) {
          return name_in(message);
        } else {
          TIMESTORE_CHECK(false, "only requests name their sender");
        }
      },
      request);
}

const Belonging& belonging_in(const Message& message) {
  return std::visit([](const auto& any) -> const Belonging& { return any.belonging; }, message);
}

void set_belonging(Message& message, const Belonging& belonging) {
  std::visit([&](auto& any) { any.belonging = belonging; }, message);
}

bool join(AppendRequest& first, AppendRequest&& second, std::uint64_t max_payload_bytes) {
  if (!continues(second, first)) return false;
  if (first.entries.size() + second.entries.size() > kMaxEntriesPerMessage) return false;
  if (!first.entries.empty() && payload_bytes(first) + payload_bytes(second) > max_payload_bytes) return false;
  // The second is taken whole and moved to where the first begins, so that no field of it can be forgotten here.
  std::vector<Entry> entries = std::move(first.entries);
  std::move(second.entries.begin(), second.entries.end(), std::back_inserter(entries));
  second.prev_index = first.prev_index;
  second.prev_term = first.prev_term;
  second.entries = std::move(entries);
  first = std::move(second);
  return true;
}

}  // namespace timestore::raft
