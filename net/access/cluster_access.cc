#include "net/access/cluster_access.h"

#include <algorithm>
#include <charconv>
#include <future>
#include <memory>
#include <random>
#include <utility>

#include "engine/base/json_text.h"
#include "engine/series/command.h"
#include "net/access/pursuit.h"
#include "net/base/clock.h"

namespace timestore::net {

namespace {

using std::chrono::milliseconds;

// Writes and reads that are being handed on at the same time; each waits for the leader's answer.
constexpr std::size_t kMaxCouriers = 64;

// What withdraws a pursuit that has just begun.
template <typename SomePursuit>
Node::Withdraw begin(const std::shared_ptr<SomePursuit>& pursuit) {
  pursuit->go_on();
  return [pursuit] { pursuit->withdraw(); };
}

client::Outcome outcome_of(const ReadBarrier& barrier) {
  switch (barrier.kind) {
    case ReadBarrier::Kind::kPassed:
      return client::Outcome::kDone;
    case ReadBarrier::Kind::kNotLeader:
      return client::Outcome::kNotTaken;
    case ReadBarrier::Kind::kNoQuorum:
    case ReadBarrier::Kind::kContradicted:
      return client::Outcome::kRefused;
  }
  return client::Outcome::kRefused;
}

}  // namespace

milliseconds time_for(const client::Attempts::Step& step) {
  return std::max(std::chrono::duration_cast<milliseconds>(to_moment(step.until) - Clock::now()), milliseconds(1));
}

ClusterAccess::ClusterAccess(Node& node, Forwarder& forwarder)
    : node_(node), forwarder_(forwarder), couriers_(kMaxCouriers) {}

// A write on its way to the leader.
class ClusterAccess::WritePursuit final : public Pursuit<client::Submission> {
 public:
  using Done = std::function<void(WriteAnswer)>;
  WritePursuit(ClusterAccess& access, client::Submission submission, Done done)
      : Pursuit(access.node_, access.refusing_, std::move(submission)), access_(access), done_(std::move(done)) {}

 private:
  Node::Withdraw try_one(const Step& step) override {
    auto self = std::static_pointer_cast<WritePursuit>(shared_from_this());
    if (step.to != node_.id()) {
      access_.couriers_.post([self, step] {
        self->hand_on(step);
        self->go_on();
      });
      return nullptr;
    }
    const auto ended = [self, attempt = step.attempt](client::WriteEnd how) {
      self->attempts_.ended(attempt, std::move(how), time_now());
      self->go_on();
    };
    if (attempts_.lines()) return node_.begin_write(attempts_.lines(), to_moment(step.until), ended);
    return node_.begin_write(attempts_.entries(), to_moment(step.until), ended);
  }
  void end() override {
    answer_.end = attempts_.end();
    std::exchange(done_, nullptr)(std::move(answer_));
  }
  void hand_on(const Step& step);
  void hand_on_as_client(const Step& step, const std::string& command);

  ClusterAccess& access_;
  WriteAnswer answer_;
  Done done_;
};

// Whoever cannot read lines is of an older release, and has certainly not stored them.
void ClusterAccess::WritePursuit::hand_on(const Step& step) {
  using Outcome = Forwarder::Outcome;
  const auto& lines = attempts_.lines();
  const std::string command = lines ? *lines : encode_command(attempts_.entries());
  http::Response response;
  const auto outcome = access_.forwarder_.post(step.to, client::kSubmitPath, command, time_for(step), response);
  if (outcome == Outcome::kAnswered && lines && (response.status == 404 || response.status == 400)) {
    attempts_.ended(step.attempt, {.kind = client::WriteEnd::Kind::kTooEarly, .result = {}, .entries = {}}, time_now());
    return;
  }
  if (outcome == Outcome::kAnswered && response.status == 404) return hand_on_as_client(step, command);
  if (outcome != Outcome::kAnswered) {
    attempts_.lost(step.attempt, outcome == Outcome::kNotTaken, time_now());
    return;
  }
  const auto said = response.status == 200 ? client::decode_submit_answer(response.body) : fail("no answer");
  if (said) {
    attempts_.ended(step.attempt, said->end, time_now(), said->hint);
  } else {
    attempts_.lost(step.attempt, false, time_now());
  }
}

// A leader that does not know how writes are handed on takes them as a client's. Its 503 means "busy" or "unknown": the
// safe reading is the latter, and to ask again would not help it.
void ClusterAccess::WritePursuit::hand_on_as_client(const Step& step, const std::string& command) {
  using Outcome = Forwarder::Outcome;
  http::Response response;
  const auto outcome = access_.forwarder_.post(step.to, "/api/timeseries", command, time_for(step), response);
  if (outcome != Outcome::kAnswered) {
    attempts_.lost(step.attempt, outcome == Outcome::kNotTaken, time_now());
    return;
  }
  const bool is_certain = response.status != 503;
  if (is_certain) answer_.response = std::move(response);
  attempts_.ended_otherwise(step.attempt, is_certain, time_now());
}

ClusterAccess::Withdraw ClusterAccess::write(client::Content content, bool is_forwarded, Deadline deadline,
                                             std::function<void(WriteAnswer)> done) {
  client::Submission submission({.self = node_.id(),
                                 .is_forwarded = is_forwarded,
                                 .deadline = to_time(deadline),
                                 .make_id = make_time_ordered_guid},
                                std::move(content));
  return begin(std::make_shared<WritePursuit>(*this, std::move(submission), std::move(done)));
}

WriteAnswer ClusterAccess::write(client::Content content, bool is_forwarded, Deadline deadline) {
  std::promise<WriteAnswer> promise;
  write(std::move(content), is_forwarded, deadline,
        [&promise](WriteAnswer answer) { promise.set_value(std::move(answer)); });
  return promise.get_future().get();
}

http::Problem ClusterAccess::of_another_cluster() const {
  return {.kind = http::ProblemKind::kMisdirected,
          .detail = "This is node " + node_.id() +
                    " of another cluster than that of the node that hands this on. Correct "
                    "the addresses by which the nodes reach each other.",
          .members = {{"nodeId", node_.id()}}};
}

ClusterAccess::Withdraw ClusterAccess::take(client::Content content, std::function<void(client::SubmitAnswer)> done) {
  const Deadline deadline = Clock::now() + lasting(client::kAttemptTime);  // then the node that asks waits no longer
  return write(std::move(content), true, deadline, [this, done = std::move(done)](const WriteAnswer& answer) {
    done({.end = answer.end, .hint = node_.leadership()});
  });
}

ClusterAccess::Withdraw ClusterAccess::confirm_here(ReadLevel level, Deadline deadline, BarrierDone done) {
  using Kind = ReadBarrier::Kind;
  if (!node_.leadership().is_leader) {
    done({.kind = Kind::kNotLeader});
    return nullptr;
  }
  if (level == ReadLevel::kWeak) {
    node_.begin_status([level, done = std::move(done)](const replica::Status& status) {
      done({.kind = Kind::kPassed, .index = status.commit, .level = level});
    });
    return nullptr;
  }
  return node_.begin_confirm(deadline, [this, level, done = std::move(done)](std::optional<raft::Index> index) {
    if (index) return done({.kind = Kind::kPassed, .index = *index, .level = level, .is_applied = true});
    done({.kind = node_.leadership().is_leader ? Kind::kNoQuorum : Kind::kNotLeader});
  });
}

// The search for a moment from which this node may read.
class ClusterAccess::ReadPursuit final : public Pursuit<client::Attempts> {
 public:
  ReadPursuit(ClusterAccess& access, ReadLevel level, Deadline deadline, BarrierDone done)
      : Pursuit(access.node_, access.refusing_,
                client::Attempts(
                    {.self = access.node_.id(), .effect = client::Effect::kNone, .deadline = to_time(deadline)})),
        access_(access),
        level_(level),
        deadline_(deadline),
        done_(std::move(done)) {}

 private:
  Node::Withdraw try_one(const Step& step) override {
    auto self = std::static_pointer_cast<ReadPursuit>(shared_from_this());
    if (step.to != node_.id()) {
      access_.couriers_.post([self, step] { self->take(step, self->ask_leader(step)); });
      return nullptr;
    }
    return access_.confirm_here(level_, to_moment(step.until),
                                [self, step](ReadBarrier barrier) { self->take(step, std::move(barrier)); });
  }

  void take(const Step& step, ReadBarrier barrier) {
    barrier_ = std::move(barrier);
    attempts_.ended(step.attempt, outcome_of(barrier_), time_now());
    go_on();
  }

  // A leader that knows only the original's endpoints cannot confirm anything. Then this node answers from what it
  // holds, and says so.
  ReadBarrier ask_leader(const Step& step) {
    http::Response response;
    const std::string target =
        level_ == ReadLevel::kWeak ? "/raft/read-index?level=weak" : "/raft/read-index?level=linearizable";
    const auto outcome = access_.forwarder_.get(step.to, target, time_for(step), response);
    if (outcome != Forwarder::Outcome::kAnswered) return {.kind = ReadBarrier::Kind::kNotLeader};
    if (response.status == 404) return {.kind = ReadBarrier::Kind::kPassed, .level = ReadLevel::kNone};
    const auto index = response.status == 200 ? parse_read_index(response.body) : std::nullopt;
    if (!index) return {.kind = ReadBarrier::Kind::kNotLeader};
    return {.kind = ReadBarrier::Kind::kPassed, .index = *index, .level = level_};
  }

  void end() override {
    const auto done = std::exchange(done_, nullptr);
    // What the engine has confirmed it has also applied: it need not be asked again.
    if (attempts_.verdict() != client::Attempts::Verdict::kDone) return done(access_.failed(barrier_.kind));
    if (barrier_.is_applied) return done(barrier_);
    access_.await_applied(barrier_.index, deadline_, [&access = access_, done, barrier = barrier_](bool is_applied) {
      done(is_applied ? barrier : access.failed(ReadBarrier::Kind::kNoQuorum));
    });
  }

  ClusterAccess& access_;
  const ReadLevel level_;
  const Deadline deadline_;
  ReadBarrier barrier_{.kind = ReadBarrier::Kind::kNotLeader};
  BarrierDone done_;
};

std::string why_unreadable(const ReadBarrier& barrier) {
  if (barrier.kind == ReadBarrier::Kind::kContradicted) {
    return "This node serves nothing, because what it has committed and what a leader has exclude each other; GET "
           "/raft/status names the entry, and the node's log says what to do. Ask another node, or read what this one "
           "holds with level=none.";
  }
  return "No quorum has confirmed the state of the cluster in time. Try again, or read what this node holds with "
         "level=none.";
}

ReadBarrier ClusterAccess::failed(ReadBarrier::Kind kind) const {
  return {.kind = node_.is_contradicted() ? ReadBarrier::Kind::kContradicted : kind};
}

ClusterAccess::Withdraw ClusterAccess::await_readable(ReadLevel level, Deadline deadline, BarrierDone done) {
  if (level == ReadLevel::kNone) {
    done({.kind = ReadBarrier::Kind::kPassed, .level = level});
    return nullptr;
  }
  if (node_.is_contradicted()) {
    done(failed(ReadBarrier::Kind::kContradicted));
    return nullptr;
  }
  return begin(std::make_shared<ReadPursuit>(*this, level, deadline, std::move(done)));
}

ClusterAccess::Withdraw ClusterAccess::await_applied(raft::Index index, Deadline deadline,
                                                     std::function<void(bool)> done) {
  return node_.begin_await_applied(
      index, deadline, [done = std::move(done)](std::optional<raft::Index> applied) { done(applied.has_value()); });
}

// The search for another node that leads. Nobody is asked: who leads is known, or will be.
class ClusterAccess::LeaderPursuit final : public Pursuit<client::Attempts> {
 public:
  using Done = std::function<void(std::optional<Elsewhere>)>;
  LeaderPursuit(ClusterAccess& access, Deadline deadline, Done done)
      : Pursuit(access.node_, access.refusing_,
                client::Attempts(
                    {.self = access.node_.id(), .effect = client::Effect::kNone, .deadline = to_time(deadline)})),
        forwarder_(access.forwarder_),
        done_(std::move(done)) {}

 private:
  Node::Withdraw try_one(const Step& step) override {
    const bool is_here = step.to == node_.id();
    if (const auto url = is_here ? std::nullopt : forwarder_.url_of(step.to)) found_ = Elsewhere{step.to, *url};
    const auto outcome = is_here ? client::Outcome::kRefused : client::Outcome::kNotTaken;
    attempts_.ended(step.attempt, found_ ? client::Outcome::kDone : outcome, time_now());
    go_on();
    return nullptr;
  }
  void end() override { std::exchange(done_, nullptr)(found_); }

  Forwarder& forwarder_;
  std::optional<Elsewhere> found_;
  Done done_;
};

ClusterAccess::Withdraw ClusterAccess::leader_elsewhere(Deadline deadline,
                                                        std::function<void(std::optional<Elsewhere>)> done) {
  return begin(std::make_shared<LeaderPursuit>(*this, deadline, std::move(done)));
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
