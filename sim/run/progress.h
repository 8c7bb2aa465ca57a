// Whether a healed cluster still gets nearer to where it must end, or is stuck.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/raft/types.h"

namespace timestore::sim {

// What counts is what nodes have of the log as it was when all of them were back, and parts of snapshots on their way:
// there may be a long way to go. What is appended later is little, as nobody works any more; a cluster that goes on
// appending for ever gets nowhere.
class Progress {
 public:
  explicit Progress(std::size_t nodes) : nodes_(nodes) {}

  struct Node {
    raft::Index last = 0;  // of its log
    raft::Index durable = 0;
    raft::Index commit = 0;
    raft::Index applied = 0;
    std::uint64_t fetched_bytes = 0;  // of the snapshot that it is fetching
  };
  void see(std::size_t number, const Node& node);  // each one that is up, before is_any() is asked

  // Since it was last asked. `all_are_up`: nobody is missing who may yet come back.
  bool is_any(bool all_are_up);

 private:
  // Each by itself: a log may lose a tail that was never committed, and that takes nothing back from the others. It has
  // that way to go once more then, with other entries.
  struct Reached {
    std::array<raft::Index, 4> now = {};  // in the order of Node
    std::array<raft::Index, 4> most = {};
    unsigned cuts = 0;
    std::uint64_t fetched_bytes = 0;
  };

  std::vector<Reached> nodes_;
  bool were_all_up_ = false;
  raft::Index end_ = 0;  // of the longest log when all were up
  bool is_fetching_ = false;
};

}  // namespace timestore::sim
