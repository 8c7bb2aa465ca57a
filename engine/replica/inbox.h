// What the core hears in its next turn.
//
//   the log begins anew (at most one) | proposals | whatever else arrived, in its order
//
// Proposals go in front of what arrived, so that the place which each will get in the log is known beforehand.
#pragma once

#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "engine/raft/effects.h"

namespace timestore::replica {

class Inbox {
 public:
  void add(raft::Input input) { inputs_.push_back(std::move(input)); }
  void begin_with(raft::Input input) { first_ = std::move(input); }  // raft::Compact or raft::SnapshotInstalled
  bool is_empty() const { return inputs_.empty() && !first_; }

  std::vector<raft::Input> take(std::vector<raft::Input> proposals) {
    if (!first_ && proposals.empty()) return std::exchange(inputs_, {});
    std::vector<raft::Input> turn;
    turn.reserve(1 + proposals.size() + inputs_.size());
    if (first_) turn.push_back(*std::exchange(first_, std::nullopt));
    std::move(proposals.begin(), proposals.end(), std::back_inserter(turn));
    std::move(inputs_.begin(), inputs_.end(), std::back_inserter(turn));
    inputs_.clear();
    return turn;
  }

  void clear() {
    first_.reset();
    inputs_.clear();
  }

 private:
  std::optional<raft::Input> first_;
  std::vector<raft::Input> inputs_;
};

}  // namespace timestore::replica
