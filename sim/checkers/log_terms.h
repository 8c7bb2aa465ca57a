// The terms of a log, index by index, in runs: cheap to keep for every node and to copy for every leader.
//
// By log matching, which Entries checks whenever an entry is written, the term at an index names the entry there and
// everything before it. So two logs that have the same term at an index are equal up to it.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/raft/types.h"

namespace timestore::sim {

class LogTerms {
 public:
  raft::Index last_index() const { return last_; }
  raft::Term last_term() const { return runs_.empty() ? 0 : runs_.back().term; }
  raft::Position last() const { return {.term = last_term(), .index = last_}; }

  // Before the first entry the term is 0; beyond the end there is none.
  std::optional<raft::Term> term_at(raft::Index index) const {
    if (index > last_) return std::nullopt;
    if (index == 0) return 0;
    if (index >= runs_.back().first) return runs_.back().term;
    const auto after = std::upper_bound(runs_.begin(), runs_.end(), index,
                                        [](raft::Index wanted, const Run& run) { return wanted < run.first; });
    return (after - 1)->term;
  }

  bool holds(raft::Position position) const { return term_at(position.index) == position.term; }

  void append(raft::Term term) {
    ++last_;
    if (runs_.empty() || runs_.back().term != term) runs_.push_back({last_, term});
  }

  void truncate_from(raft::Index index) {
    if (index > last_) return;
    last_ = index - 1;
    while (!runs_.empty() && runs_.back().first > last_) runs_.pop_back();
  }

 private:
  struct Run {
    raft::Index first = 0;
    raft::Term term = 0;
  };
  std::vector<Run> runs_;
  raft::Index last_ = 0;
};

}  // namespace timestore::sim
