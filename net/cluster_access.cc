#include "net/cluster_access.h"

#include <algorithm>
#include <charconv>
#include <random>

#include "engine/base/json_text.h"
#include "engine/series/command.h"

namespace timestore::net {

namespace {

using std::chrono::milliseconds;

// How long to wait before asking a leader again that did not take a request: long enough for it to notice what is
// wrong, short against an election time-out. A change of leadership ends the wait.
constexpr milliseconds kRetryPause{20};

// How long to wait for a leader's answer before looking whether another one leads by now. It costs nothing to ask
// again: a write has its id, and a read has no effect.
constexpr milliseconds kAttemptTime{2000};

milliseconds attempt_time(Deadline deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
  return std::clamp(left, milliseconds(1), kAttemptTime);
}

}  // namespace

WriteAnswer ClusterAccess::write(TimeEntry entry, bool is_forwarded, Deadline deadline) {
  WriteAnswer answer;
  answer.kind = WriteAnswer::Kind::kNotLeader;
  answer.end.entries = {std::move(entry)};
  while (goes_on(deadline)) {
    const Leadership leadership = node_.leadership();
    if (leadership.is_leader) {
      answer.end = node_.write(std::move(answer.end.entries), deadline);
      switch (answer.end.kind) {
        case replica::WriteEnd::Kind::kApplied:
          answer.kind = WriteAnswer::Kind::kApplied;
          return answer;
        case replica::WriteEnd::Kind::kBusy:
          answer.kind = WriteAnswer::Kind::kBusy;
          return answer;
        case replica::WriteEnd::Kind::kUnknown:
          answer.kind = WriteAnswer::Kind::kUnknown;
          break;
        case replica::WriteEnd::Kind::kNotLeader:
          break;
      }
      if (is_forwarded) return answer;
    } else if (is_forwarded) {
      return answer;
    } else if (!leadership.leader.empty()) {
      Guid& id = answer.end.entries.front().id;
      if (id.is_nil()) id = make_time_ordered_guid();
      const std::string body = encode_command(answer.end.entries);
      switch (forwarder_.post(leadership.leader, "/api/timeseries", body, attempt_time(deadline), answer.response)) {
        case Forwarder::Outcome::kAnswered:
          answer.kind = WriteAnswer::Kind::kForwarded;
          return answer;
        case Forwarder::Outcome::kUnknown:
          answer.kind = WriteAnswer::Kind::kUnknown;
          break;
        case Forwarder::Outcome::kNotTaken:
          break;
      }
    }
    node_.await_change(leadership, std::min(deadline, Clock::now() + kRetryPause));
  }
  return answer;
}

ReadBarrier ClusterAccess::confirm_here(ReadLevel level, Deadline deadline) {
  if (!node_.leadership().is_leader) return {.kind = ReadBarrier::Kind::kNotLeader};
  if (level == ReadLevel::kWeak) {
    const auto status = node_.status(deadline);
    if (!status) return {.kind = ReadBarrier::Kind::kNoQuorum};
    return {.kind = ReadBarrier::Kind::kPassed, .index = status->commit};
  }
  const auto index = node_.confirm_read(deadline);
  if (index) return {.kind = ReadBarrier::Kind::kPassed, .index = *index};
  return {.kind = node_.leadership().is_leader ? ReadBarrier::Kind::kNoQuorum : ReadBarrier::Kind::kNotLeader};
}

ReadBarrier ClusterAccess::await_readable(ReadLevel level, Deadline deadline) {
  if (level == ReadLevel::kNone) return {.kind = ReadBarrier::Kind::kPassed};
  ReadBarrier barrier{.kind = ReadBarrier::Kind::kNotLeader};
  while (goes_on(deadline)) {
    const Leadership leadership = node_.leadership();
    if (leadership.is_leader) {
      barrier = confirm_here(level, deadline);
      if (barrier.kind == ReadBarrier::Kind::kNoQuorum) return barrier;
    } else if (!leadership.leader.empty()) {
      const auto index = ask_leader(leadership.leader, level, deadline);
      if (index) barrier = {.kind = ReadBarrier::Kind::kPassed, .index = *index};
    }
    if (barrier.kind == ReadBarrier::Kind::kPassed) {
      if (node_.await_applied(barrier.index, deadline)) return barrier;
      return {.kind = ReadBarrier::Kind::kNoQuorum};
    }
    node_.await_change(leadership, std::min(deadline, Clock::now() + kRetryPause));
  }
  return barrier;
}

std::optional<raft::Index> ClusterAccess::ask_leader(const raft::NodeId& leader, ReadLevel level, Deadline deadline) {
  httplib::Response response;
  const std::string target =
      level == ReadLevel::kWeak ? "/raft/read-index?level=weak" : "/raft/read-index?level=linearizable";
  const auto outcome = forwarder_.get(leader, target, attempt_time(deadline), response);
  if (outcome != Forwarder::Outcome::kAnswered || response.status != 200) return std::nullopt;
  return parse_read_index(response.body);
}

std::optional<ClusterAccess::Elsewhere> ClusterAccess::leader_elsewhere(Deadline deadline) {
  for (;;) {
    const Leadership leadership = node_.leadership();
    if (leadership.is_leader) return std::nullopt;
    if (const auto url = forwarder_.url_of(leadership.leader)) return Elsewhere{leadership.leader, *url};
    if (!goes_on(deadline)) return std::nullopt;
    node_.await_change(leadership, std::min(deadline, Clock::now() + kRetryPause));
  }
}

std::string read_index_body(raft::Index index) {
  std::string body = "{\"index\":";
  append_json_integer(body, index);
  return body + "}";
}

std::optional<raft::Index> parse_read_index(std::string_view body) {
  constexpr std::string_view head = "{\"index\":";
  if (!body.starts_with(head) || !body.ends_with("}")) return std::nullopt;
  body = body.substr(head.size(), body.size() - head.size() - 1);
  raft::Index index = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), index);
  if (error != std::errc{} || end != body.data() + body.size() || index > raft::kMaxIndex) return std::nullopt;
  return index;
}

Guid make_time_ordered_guid() {
  thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(now).count());
  const std::uint64_t high = (ms << 16) | 0x7000 | (random() & 0x0fff);
  const std::uint64_t low = (random() >> 2) | (std::uint64_t{2} << 62);
  Guid id;
  for (std::size_t byte = 0; byte < 8; ++byte) {
    id.bytes[byte] = static_cast<std::uint8_t>(high >> (56 - 8 * byte));
    id.bytes[8 + byte] = static_cast<std::uint8_t>(low >> (56 - 8 * byte));
  }
  return id;
}

}  // namespace timestore::net
