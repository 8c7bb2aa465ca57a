// A batch of time entries that is being read: what the parsers of all its formats have in common.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "engine/formats/limits.h"
#include "engine/series/entry_reader.h"
#include "engine/series/time_entry.h"

namespace timestore {

// Takes the entries in their order. A batch is stored as a whole, so they count only when the parser has finished
// without a refusal; behind the first problem of a batch none is passed on.
using EntrySink = std::function<void(TimeEntry)>;

class Batch {
 public:
  Batch(EntrySink sink, Limits limits) : sink_(std::move(sink)), limits_(limits) {}

  const Limits& limits() const { return limits_; }
  const Seen& seen() const { return seen_; }

  // What may be read of the next piece. Where that is not all, close() it afterwards.
  std::string_view admit(std::string_view piece) { return timestore::admit(piece, limits_, seen_); }

  // Counts one more entry. False, and the batch is refused: there are too many.
  [[nodiscard]] bool admit_entry() {
    if (seen_.records == limits_.records) {
      refuse(too_large("A batch has at most " + std::to_string(limits_.records) + " time entries."));
      return false;
    }
    ++seen_.records;
    return true;
  }

  void take(TimeEntry entry) {
    if (problems_.empty()) sink_(std::move(entry));
  }

  void take(ReadEntries read) {
    for (Problem& problem : read.problems) note(std::move(problem));
    for (TimeEntry& entry : read.entries) take(std::move(entry));
  }

  void note(Problem problem) {
    if (problems_.size() < kMaxProblems) problems_.push_back(std::move(problem));
  }

  // Whatever else is wrong with the batch does not matter then. The first refusal stays.
  void refuse(Refusal refusal) {
    if (!refusal_) refusal_ = std::move(refusal);
  }
  void refuse_with_problems() { refuse({.is_too_large = false, .problems = problems_}); }

  bool is_refused() const { return refusal_.has_value(); }

  tl::expected<void, Refusal> finish() {
    if (!problems_.empty()) refuse_with_problems();
    if (refusal_) return tl::unexpected(*refusal_);
    return {};
  }

 private:
  const EntrySink sink_;
  const Limits limits_;
  Seen seen_;
  Problems problems_;
  std::optional<Refusal> refusal_;
};

}  // namespace timestore
