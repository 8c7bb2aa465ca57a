#include "engine/client/submission.h"

#include <algorithm>
#include <utility>

#include "engine/base/mark.h"

namespace timestore::client {

namespace {

using Kind = WriteEnd::Kind;

Outcome outcome_of(Kind kind) {
  switch (kind) {
    case Kind::kApplied:
      return Outcome::kDone;
    case Kind::kBusy:
    case Kind::kDiskFull:
    case Kind::kTooEarly:
      return Outcome::kRefused;
    case Kind::kNotLeader:
      return Outcome::kNotTaken;
    case Kind::kUnknown:
      return Outcome::kUnknown;
  }
  return Outcome::kUnknown;
}

}  // namespace

Submission::Submission(Options options, Content content)
    : options_(std::move(options)),
      attempts_({.self = options_.self,
                 .effect = std::holds_alternative<std::vector<TimeEntry>>(content) ? Effect::kOnce : Effect::kAnyNew,
                 .is_forwarded = options_.is_forwarded,
                 .deadline = options_.deadline}) {
  if (auto* entries = std::get_if<std::vector<TimeEntry>>(&content)) end_.entries = std::move(*entries);
  if (auto* lines = std::get_if<LinesCommand>(&content)) lines_ = std::move(*lines);
}

Attempts::Step Submission::next(const Leadership& known, Time now) {
  Attempts::Step step = attempts_.next(known, now);
  if (step.kind == Attempts::Step::Kind::kTry && step.to != options_.self) give_ids();
  return step;
}

void Submission::give_ids() {
  for (TimeEntry& entry : end_.entries) {
    if (entry.id.is_nil()) entry.id = options_.make_id();
  }
}

// The node that takes entries without ids gives them some, and tells them where it may have stored the entries.
bool Submission::ended(AttemptId attempt, WriteEnd end, Time now, const Leadership& hint) {
  const bool is_retry = attempts_.may_have_happened();
  if (!attempts_.ended(attempt, outcome_of(end.kind), now, hint)) return false;
  if (is_retry && end.kind == Kind::kApplied) TIMESTORE_MARK("submission: a retry found out what became of a write");
  const bool has_ids = end.kind == Kind::kApplied || end.kind == Kind::kUnknown;
  if (end.entries.empty() || !has_ids) end.entries = std::move(end_.entries);
  end_ = std::move(end);
  return true;
}

bool Submission::ended_otherwise(AttemptId attempt, bool is_certain, Time now) {
  return attempts_.ended(attempt, is_certain ? Outcome::kDone : Outcome::kUndecided, now);
}

bool Submission::lost(AttemptId attempt, bool is_certain, Time now) {
  return attempts_.ended(attempt, is_certain ? Outcome::kNotTaken : Outcome::kUnknown, now);
}

WriteEnd Submission::end() const {
  WriteEnd end = end_;
  switch (attempts_.verdict()) {
    case Attempts::Verdict::kDone:
    case Attempts::Verdict::kRefused:
      break;
    case Attempts::Verdict::kNotTaken:
      end.kind = Kind::kNotLeader;
      break;
    case Attempts::Verdict::kUnknown:
      end.kind = Kind::kUnknown;
      break;
  }
  return end;
}

}  // namespace timestore::client
