#include "engine/raft/trail.h"

#include <algorithm>
#include <bit>

#include "engine/base/check.h"

namespace timestore::raft {

namespace {

// The size class of n bytes is the number of bits that n needs: its bound is 2^class - 1.
constexpr unsigned kKindBits = 2;

std::uint8_t pack(EntryKind kind, std::size_t size_bytes) {
  const auto size_class = static_cast<unsigned>(std::bit_width(size_bytes));
  return static_cast<std::uint8_t>((size_class << kKindBits) | static_cast<unsigned>(kind));
}

std::uint64_t size_bound(std::uint8_t packed) { return (std::uint64_t{1} << (packed >> kKindBits)) - 1; }

}  // namespace

std::vector<Trail::Run>::const_iterator Trail::run_of(Index index) const {
  auto after = std::upper_bound(runs_.begin(), runs_.end(), index,
                                [](Index wanted, const Run& run) { return wanted < run.first; });
  return after == runs_.begin() ? runs_.end() : after - 1;
}

std::optional<Term> Trail::term_at(Index index) const {
  if (index == base_.index) return base_.term;
  if (index < base_.index || index > last_index()) return std::nullopt;
  return run_of(index)->term;
}

EntryKind Trail::kind_at(Index index) const {
  TIMESTORE_CHECK(index >= first_index() && index <= last_index(), "a kind is asked only of an entry in the log");
  return static_cast<EntryKind>(entries_[index - first_index()] & ((1U << kKindBits) - 1));
}

std::uint64_t Trail::size_bound_bytes(Index index) const {
  TIMESTORE_CHECK(index >= first_index() && index <= last_index(), "a size is asked only of an entry in the log");
  return size_bound(entries_[index - first_index()]);
}

Position Trail::newest_at_most(Index limit, Term term) const {
  if (limit > last_index()) limit = last_index();
  if (limit <= base_.index) return base_;
  for (auto run = run_of(limit); run != runs_.end(); --run) {
    if (run->term <= term) return {run->term, limit};
    limit = run->first - 1;
    if (run == runs_.begin()) break;
  }
  return base_;
}

void Trail::append(Term term, EntryKind kind, std::size_t size_bytes) {
  TIMESTORE_CHECK(term >= last_term(), "terms never fall along a log");
  if (runs_.empty() || runs_.back().term != term) runs_.push_back({last_index() + 1, term});
  entries_.push_back(pack(kind, size_bytes));
  bytes_ += size_bound(entries_.back());
}

void Trail::truncate_from(Index index) {
  TIMESTORE_CHECK(index >= first_index() && index <= last_index() + 1, "only entries in the log can be removed");
  while (last_index() >= index) {
    bytes_ -= size_bound(entries_.back());
    entries_.pop_back();
  }
  while (!runs_.empty() && runs_.back().first >= index) runs_.pop_back();
}

void Trail::begin_after(Index index) {
  TIMESTORE_CHECK(index >= base_.index && index <= last_index(), "a log begins after an entry that it holds");
  if (index == base_.index) return;
  const Position base{*term_at(index), index};
  const auto kept = entries_.begin() + static_cast<std::ptrdiff_t>(index - base_.index);
  for (auto forgotten = entries_.begin(); forgotten != kept; ++forgotten) bytes_ -= size_bound(*forgotten);
  entries_.erase(entries_.begin(), kept);
  runs_.erase(runs_.begin(), entries_.empty() ? runs_.end() : runs_.begin() + (run_of(index + 1) - runs_.cbegin()));
  if (!runs_.empty()) runs_.front().first = index + 1;
  base_ = base;
}

void Trail::add_to(Hasher& hasher) const {
  hasher.add(base_.term).add(base_.index).add(runs_.size());
  for (const Run& run : runs_) hasher.add(run.first).add(run.term);
  hasher.add(std::span<const std::uint8_t>(entries_));
}

}  // namespace timestore::raft
