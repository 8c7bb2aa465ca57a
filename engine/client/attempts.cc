#include "engine/client/attempts.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::client {

namespace {
constexpr Time kNever = std::numeric_limits<Time>::max();
}

Attempts::Step Attempts::next(const Leadership& known, Time now) {
  if (current_ && now >= current_->gives_up_at) {
    TIMESTORE_MARK("attempts: another node took too long");
    current_.reset();
    take(Outcome::kUnknown, now);
  }
  if (has_ended_) return end(verdict_);
  if (current_) return {.kind = Step::Kind::kWait, .attempt = 0, .to = {}, .until = current_->gives_up_at};
  if (is_stopped_ || now >= options_.deadline) {
    return end(may_have_happened_ ? Verdict::kUnknown : Verdict::kNotTaken);
  }
  if (std::exchange(known_, known) != known) {
    pause_.reset();
    resumes_at_ = now;
  }
  const raft::NodeId to = now < resumes_at_ ? raft::NodeId() : whom_to_ask(known);
  if (!to.empty()) return try_at(to, now);
  if (options_.is_forwarded) return end(Verdict::kNotTaken);
  const Time until = now < resumes_at_ ? resumes_at_ : now + kLongestPause;
  return {.kind = Step::Kind::kWait, .attempt = 0, .to = {}, .until = std::min(until, options_.deadline)};
}

// Itself, if it leads. Else whoever is known to lead here, unless somebody who was asked knows better; that is believed
// once, for he may be wrong too.
raft::NodeId Attempts::whom_to_ask(const Leadership& known) {
  if (known.is_leader) return options_.self;
  if (options_.is_forwarded) return {};
  const Leadership hint = std::exchange(hint_, {});
  if (!hint.leader.empty() && (hint.term > known.term || known.leader.empty())) {
    TIMESTORE_MARK("attempts: a node that was asked knew who leads");
    return hint.leader;
  }
  return known.leader == options_.self ? raft::NodeId() : known.leader;
}

Attempts::Step Attempts::try_at(const raft::NodeId& node, Time now) {
  const bool is_here = node == options_.self;
  if (last_attempt_ > 0 && may_have_happened_) TIMESTORE_MARK("attempts: what may have happened was asked for again");
  const bool is_only_chance = is_here || options_.effect == Effect::kAnyNew;
  const Time until = is_only_chance ? options_.deadline : std::min(options_.deadline, now + kAttemptTime);
  current_ = Attempt{.id = ++last_attempt_, .gives_up_at = is_here ? kNever : until};
  return {.kind = Step::Kind::kTry, .attempt = last_attempt_, .to = node, .until = until};
}

bool Attempts::ended(AttemptId attempt, Outcome outcome, Time now, const Leadership& hint) {
  if (!current_ || current_->id != attempt) {
    TIMESTORE_MARK("attempts: an answer came too late");
    return false;
  }
  current_.reset();
  take(outcome, now);
  if (!hint.leader.empty() && hint.leader != options_.self && hint.term > hinted_term_) {
    hint_ = hint;
    hinted_term_ = hint.term;
    resumes_at_ = now;
  }
  return true;
}

// Once an attempt may have had its effect, only an answer that is final can change what is said in the end: a later
// attempt that certainly did nothing says nothing about the first.
void Attempts::take(Outcome outcome, Time now) {
  TIMESTORE_CHECK(!has_ended_, "nothing is tried after the end");
  resumes_at_ = now + pause_.take();
  switch (outcome) {
    case Outcome::kDone:
      end(Verdict::kDone);
      return;
    case Outcome::kRefused:
      end(may_have_happened_ ? Verdict::kUnknown : Verdict::kRefused);
      return;
    case Outcome::kNotTaken:
      if (options_.is_forwarded) end(Verdict::kNotTaken);
      return;
    case Outcome::kUnknown:
      may_have_happened_ = may_have_happened_ || options_.effect != Effect::kNone;
      if (options_.is_forwarded || options_.effect == Effect::kAnyNew) end(Verdict::kUnknown);
      return;
    case Outcome::kUndecided:
      end(Verdict::kUnknown);
      return;
  }
}

Attempts::Step Attempts::end(Verdict verdict) {
  has_ended_ = true;
  verdict_ = verdict;
  return {.kind = Step::Kind::kEnd, .attempt = 0, .to = {}, .until = 0};
}

}  // namespace timestore::client
