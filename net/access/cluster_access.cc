#include "net/access/cluster_access.h"

#include <algorithm>
#include <charconv>
#include <random>

#include "engine/base/json_text.h"
#include "engine/series/command.h"
#include "net/base/clock.h"

namespace timestore::net {

namespace {

using std::chrono::milliseconds;

client::Outcome outcome_of(const ReadBarrier& barrier) {
  switch (barrier.kind) {
    case ReadBarrier::Kind::kPassed:
      return client::Outcome::kDone;
    case ReadBarrier::Kind::kNotLeader:
      return client::Outcome::kNotTaken;
    case ReadBarrier::Kind::kNoQuorum:
      return client::Outcome::kRefused;
  }
  return client::Outcome::kRefused;
}

}  // namespace

milliseconds time_for(const client::Attempts::Step& step) {
  return std::max(std::chrono::duration_cast<milliseconds>(to_moment(step.until) - Clock::now()), milliseconds(1));
}

WriteAnswer ClusterAccess::write(std::vector<TimeEntry> entries, bool is_forwarded, Deadline deadline) {
  WriteAnswer answer;
  client::Submission submission({.self = node_.id(),
                                 .is_forwarded = is_forwarded,
                                 .deadline = to_time(deadline),
                                 .make_id = make_time_ordered_guid},
                                std::move(entries));
  carry_out(submission, [&](const client::Attempts::Step& step) {
    if (step.to != node_.id()) return hand_on(submission, step, answer);
    auto end = node_.write(submission.entries(), to_moment(step.until));
    submission.ended(step.attempt, std::move(end), time_now());
  });
  answer.end = submission.end();
  return answer;
}

client::SubmitAnswer ClusterAccess::take(std::vector<TimeEntry> entries) {
  const Deadline deadline = Clock::now() + lasting(client::kAttemptTime);  // then the node that asks waits no longer
  return {.end = write(std::move(entries), true, deadline).end, .hint = node_.leadership()};
}

// A leader that does not know how writes are handed on takes them as a client's. Its 503 means "busy" or "unknown": the
// safe reading is the latter, and to ask again would not help it.
void ClusterAccess::hand_on(client::Submission& submission, const client::Attempts::Step& step, WriteAnswer& answer) {
  using Outcome = Forwarder::Outcome;
  const std::string command = encode_command(submission.entries());
  httplib::Response response;
  auto outcome = forwarder_.post(step.to, client::kSubmitPath, command, time_for(step), response);
  if (outcome == Outcome::kAnswered && response.status == 404) {
    outcome = forwarder_.post(step.to, "/api/timeseries", command, time_for(step), response);
    if (outcome == Outcome::kAnswered) {
      const bool is_certain = response.status != 503;
      if (is_certain) answer.response = std::move(response);
      submission.ended_otherwise(step.attempt, is_certain, time_now());
      return;
    }
  }
  if (outcome != Outcome::kAnswered) {
    submission.lost(step.attempt, outcome == Outcome::kNotTaken, time_now());
    return;
  }
  const auto said = response.status == 200 ? client::decode_submit_answer(response.body) : fail("no answer");
  if (said) {
    submission.ended(step.attempt, said->end, time_now(), said->hint);
  } else {
    submission.lost(step.attempt, false, time_now());
  }
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
  client::Attempts attempts({.self = node_.id(), .effect = client::Effect::kNone, .deadline = to_time(deadline)});
  carry_out(attempts, [&](const client::Attempts::Step& step) {
    barrier = step.to == node_.id() ? confirm_here(level, to_moment(step.until)) : ask_leader(step, level);
    attempts.ended(step.attempt, outcome_of(barrier), time_now());
  });
  if (attempts.verdict() != client::Attempts::Verdict::kDone) return barrier;
  if (!node_.await_applied(barrier.index, deadline)) return {.kind = ReadBarrier::Kind::kNoQuorum};
  return barrier;
}

// A leader that knows only the original's endpoints cannot confirm anything. Then this node answers from what it holds,
// and says so.
ReadBarrier ClusterAccess::ask_leader(const client::Attempts::Step& step, ReadLevel level) {
  httplib::Response response;
  const std::string target =
      level == ReadLevel::kWeak ? "/raft/read-index?level=weak" : "/raft/read-index?level=linearizable";
  const auto outcome = forwarder_.get(step.to, target, time_for(step), response);
  if (outcome != Forwarder::Outcome::kAnswered) return {.kind = ReadBarrier::Kind::kNotLeader};
  if (response.status == 404) return {.kind = ReadBarrier::Kind::kPassed, .level = ReadLevel::kNone};
  const auto index = response.status == 200 ? parse_read_index(response.body) : std::nullopt;
  if (!index) return {.kind = ReadBarrier::Kind::kNotLeader};
  return {.kind = ReadBarrier::Kind::kPassed, .index = *index, .level = level};
}

std::optional<ClusterAccess::Elsewhere> ClusterAccess::leader_elsewhere(Deadline deadline) {
  std::optional<Elsewhere> found;
  client::Attempts attempts({.self = node_.id(), .effect = client::Effect::kNone, .deadline = to_time(deadline)});
  carry_out(attempts, [&](const client::Attempts::Step& step) {
    const bool is_here = step.to == node_.id();
    if (const auto url = is_here ? std::nullopt : forwarder_.url_of(step.to)) found = Elsewhere{step.to, *url};
    const auto outcome = is_here ? client::Outcome::kRefused : client::Outcome::kNotTaken;
    attempts.ended(step.attempt, found ? client::Outcome::kDone : outcome, time_now());
  });
  return found;
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
