// The log without its payloads: for every index the entry's term, kind and a bound on its size.
//
// This is all that the protocol's decisions need, so the core never reads storage and a copy of a whole node's core is
// cheap: terms are run-length coded (a run per leader), kind and size take one byte an entry.
//
//   base (compacted away)      runs: {first 4, term 1} {first 6, term 3}
//   index   ...  3  |  4  5  6  7  8  last
//   term         1  |  1  1  3  3  3
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/hash.h"
#include "engine/raft/types.h"

namespace timestore::raft {

class Trail {
 public:
  Trail() = default;

  // An empty trail whose next entry is base.index + 1; `base` is the last entry that was compacted away.
  explicit Trail(Position base) : base_(base) {}

  Index first_index() const { return base_.index + 1; }
  Index last_index() const { return base_.index + entries_.size(); }
  Term last_term() const { return runs_.empty() ? base_.term : runs_.back().term; }
  Position last() const { return {last_term(), last_index()}; }
  Position base() const { return base_; }

  // The term at `index`; nullopt when the index is compacted away or beyond the end. The base's own term is known.
  std::optional<Term> term_at(Index index) const;

  // Requires first_index() <= index <= last_index().
  EntryKind kind_at(Index index) const;
  std::uint64_t size_bound_bytes(Index index) const;  // at least the payload's size, less than twice it plus one

  // The newest position at or below `limit` whose term is at most `term`; it may be the base.
  Position newest_at_most(Index limit, Term term) const;

  // Requires that terms never fall.
  void append(Term term, EntryKind kind, std::size_t size_bytes);

  // Removes the entry at `index` and all after it. Requires first_index() <= index <= last_index() + 1.
  void truncate_from(Index index);

  // Forgets the entry at `index` and all before it; it becomes the base. Requires base().index <= index <=
  // last_index().
  void begin_after(Index index);

  // Of all entries: at least their payloads' sizes, less than twice that plus one for each.
  std::uint64_t size_bound_bytes() const { return bytes_; }

  void add_to(Hasher& hasher) const;
  bool operator==(const Trail&) const = default;

 private:
  struct Run {
    Index first = 0;
    Term term = 0;
    bool operator==(const Run&) const = default;
  };

  // The last run that begins at or before `index`; runs_.end() when there is none.
  std::vector<Run>::const_iterator run_of(Index index) const;

  Position base_;
  std::vector<Run> runs_;
  std::vector<std::uint8_t> entries_;  // size class (6 bits) and kind (2 bits) of each entry
  std::uint64_t bytes_ = 0;            // the sum of their size bounds
};

}  // namespace timestore::raft
