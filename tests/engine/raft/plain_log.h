// A log with its payloads, as plain as can be: what the tests' imagined disks hold.
#pragma once

#include <string_view>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/raft/trail.h"

namespace timestore::raft::testing {

// A story ends at the first broken sentence: this throws it, and both GoogleTest and RapidCheck report what is thrown.
void require(bool condition, std::string_view sentence);

// A log with its payloads, as plain as can be.
struct PlainLog {
  Base base;
  std::vector<Entry> entries;  // entries[i] has index base.last.index + 1 + i

  Index last_index() const { return base.last.index + entries.size(); }
  const Entry& at(Index index) const { return entries.at(index - base.last.index - 1); }
  bool holds(Position position) const;  // as an entry, or as the one that it begins after
  bool operator==(const PlainLog&) const = default;
};

[[nodiscard]] bool holds_more_than_noops(const PlainLog& log);

[[nodiscard]] Trail trail_of(const PlainLog& log);

// The entries of a write, without its hard state.
void replay(PlainLog& log, const Write& write);

}  // namespace timestore::raft::testing
