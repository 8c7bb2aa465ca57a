#include "net/access/cluster_access.h"

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

// Once an attempt may have stored the entry, only a final answer (stored, or refused for its content) can change what
// is said of it: a later attempt that certainly did nothing says nothing about the first.
WriteAnswer ClusterAccess::write(TimeEntry entry, bool is_forwarded, Deadline deadline) {
  WriteAnswer answer;
  answer.kind = WriteAnswer::Kind::kNotLeader;
  answer.end.entries = {std::move(entry)};
  for (bool is_final = false; !is_final && goes_on(deadline);) {
    const Leadership leadership = node_.leadership();
    const bool may_be_stored = answer.kind == WriteAnswer::Kind::kUnknown;
    if (leadership.is_leader) {
      is_final = write_here(answer, deadline);
    } else if (!is_forwarded && !leadership.leader.empty()) {
      is_final = forward(answer, leadership.leader, deadline);
    }
    const bool is_certain = answer.kind == WriteAnswer::Kind::kApplied || answer.kind == WriteAnswer::Kind::kForwarded;
    if (may_be_stored && !is_certain) answer.kind = WriteAnswer::Kind::kUnknown;
    is_final = is_final || is_forwarded;
    if (!is_final) node_.await_change(leadership, std::min(deadline, Clock::now() + kRetryPause));
  }
  return answer;
}

bool ClusterAccess::write_here(WriteAnswer& answer, Deadline deadline) {
  answer.end = node_.write(std::move(answer.end.entries), deadline);
  switch (answer.end.kind) {
    case client::WriteEnd::Kind::kApplied:
      answer.kind = WriteAnswer::Kind::kApplied;
      return true;
    case client::WriteEnd::Kind::kBusy:
      answer.kind = WriteAnswer::Kind::kBusy;
      return true;
    case client::WriteEnd::Kind::kDiskFull:
      answer.kind = WriteAnswer::Kind::kDiskFull;
      return true;
    case client::WriteEnd::Kind::kUnknown:
      answer.kind = WriteAnswer::Kind::kUnknown;
      return false;
    case client::WriteEnd::Kind::kNotLeader:
      answer.kind = WriteAnswer::Kind::kNotLeader;
      return false;
  }
  return true;
}

bool ClusterAccess::forward(WriteAnswer& answer, const raft::NodeId& leader, Deadline deadline) {
  Guid& id = answer.end.entries.front().id;
  if (id.is_nil()) id = make_time_ordered_guid();
  const std::string body = encode_command(answer.end.entries);
  switch (forwarder_.post(leader, "/api/timeseries", body, attempt_time(deadline), answer.response)) {
    case Forwarder::Outcome::kAnswered:
      // The leader's 503 means "busy" or "unknown": the safe reading is the latter, and to ask again would not help it.
      answer.kind = answer.response.status == 503 ? WriteAnswer::Kind::kUnknown : WriteAnswer::Kind::kForwarded;
      return true;
    case Forwarder::Outcome::kUnknown:
      answer.kind = WriteAnswer::Kind::kUnknown;
      return false;
    case Forwarder::Outcome::kNotTaken:
      answer.kind = WriteAnswer::Kind::kNotLeader;
      return false;
  }
  return true;
}

ReadBarrier ClusterAccess::confirm_here(ReadLevel level, Deadline deadline) {
  if (!node_.leadership().is_leader) return {.kind = ReadBarrier::Kind::kNotLeader};
  if (level == ReadLevel::kWeak) {
    const auto status = node_.status(deadline);
    if (!status) return {.kind = ReadBarrier::Kind::kNoQuorum};
    return {.kind = ReadBarrier::Kind::kPassed, .index = status->commit, .level = level};
  }
  const auto index = node_.confirm_read(deadline);
  if (index) return {.kind = ReadBarrier::Kind::kPassed, .index = *index, .level = level};
  return {.kind = node_.leadership().is_leader ? ReadBarrier::Kind::kNoQuorum : ReadBarrier::Kind::kNotLeader};
}

ReadBarrier ClusterAccess::await_readable(ReadLevel level, Deadline deadline) {
  if (level == ReadLevel::kNone) return {.kind = ReadBarrier::Kind::kPassed, .level = level};
  ReadBarrier barrier{.kind = ReadBarrier::Kind::kNotLeader};
  while (goes_on(deadline)) {
    const Leadership leadership = node_.leadership();
    if (leadership.is_leader) {
      barrier = confirm_here(level, deadline);
      if (barrier.kind == ReadBarrier::Kind::kNoQuorum) return barrier;
    } else if (!leadership.leader.empty()) {
      barrier = ask_leader(leadership.leader, level, deadline);
    }
    if (barrier.kind == ReadBarrier::Kind::kPassed) {
      if (node_.await_applied(barrier.index, deadline)) return barrier;
      return {.kind = ReadBarrier::Kind::kNoQuorum};
    }
    node_.await_change(leadership, std::min(deadline, Clock::now() + kRetryPause));
  }
  return barrier;
}

// A leader that knows only the original's endpoints cannot confirm anything. Then this node answers from what it holds,
// and says so.
ReadBarrier ClusterAccess::ask_leader(const raft::NodeId& leader, ReadLevel level, Deadline deadline) {
  httplib::Response response;
  const std::string target =
      level == ReadLevel::kWeak ? "/raft/read-index?level=weak" : "/raft/read-index?level=linearizable";
  const auto outcome = forwarder_.get(leader, target, attempt_time(deadline), response);
  if (outcome != Forwarder::Outcome::kAnswered) return {.kind = ReadBarrier::Kind::kNotLeader};
  if (response.status == 404) return {.kind = ReadBarrier::Kind::kPassed, .level = ReadLevel::kNone};
  const auto index = response.status == 200 ? parse_read_index(response.body) : std::nullopt;
  if (!index) return {.kind = ReadBarrier::Kind::kNotLeader};
  return {.kind = ReadBarrier::Kind::kPassed, .index = *index, .level = level};
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
