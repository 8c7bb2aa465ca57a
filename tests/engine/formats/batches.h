// What becomes of a batch of time entries, for the tests of all its formats.
#pragma once

#include <bit>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/formats/batch.h"
#include "tests/engine/formats/pieces.h"

namespace timestore {

inline void PrintTo(const Problem& problem, std::ostream* out) { *out << problem.pointer << ": " << problem.detail; }

inline constexpr Limits kBatchLimits = {
    .bytes = kMaxBodyBytes, .records = kMaxBatchEntries, .record_bytes = kMaxBodyBytes};

struct BatchOutcome {
  std::vector<TimeEntry> entries;  // none where the batch is refused
  std::vector<uint64_t> value_bits;
  bool is_too_large = false;
  Problems problems;

  bool operator==(const BatchOutcome&) const = default;
};

inline void PrintTo(const BatchOutcome& outcome, std::ostream* out) {
  *out << outcome.entries.size() << " entries; too large: " << outcome.is_too_large;
  for (const Problem& problem : outcome.problems) *out << "\n" << problem.pointer << ": " << problem.detail;
  for (const TimeEntry& entry : outcome.entries) {
    std::string json;
    append_json(json, entry);
    *out << "\n" << json;
  }
}

inline BatchOutcome good_batch(std::vector<TimeEntry> entries) {
  BatchOutcome outcome;
  for (const TimeEntry& entry : entries) outcome.value_bits.push_back(std::bit_cast<uint64_t>(entry.value));
  outcome.entries = std::move(entries);
  return outcome;
}

inline BatchOutcome bad_batch(Problems problems) {
  BatchOutcome outcome;
  outcome.problems = std::move(problems);
  return outcome;
}

inline BatchOutcome too_large_batch(std::string detail, std::string pointer = "") {
  BatchOutcome outcome = bad_batch({{std::move(pointer), std::move(detail)}});
  outcome.is_too_large = true;
  return outcome;
}

template <typename Parser>
BatchOutcome read_batch(std::string_view body, const Cuts& cuts = {}, const Limits& limits = kBatchLimits) {
  std::vector<TimeEntry> entries;
  Parser parser([&](TimeEntry entry) { entries.push_back(std::move(entry)); }, limits);
  feed(parser, body, cuts);
  const auto finished = parser.finish();
  if (finished) return good_batch(std::move(entries));
  BatchOutcome outcome = bad_batch(finished.error().problems);
  outcome.is_too_large = finished.error().is_too_large;
  return outcome;
}

}  // namespace timestore
