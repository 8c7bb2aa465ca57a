// Where series files are sealed follows from the log alone: the sizes of its commands, and how many points each of them
// adds. So every file is sealed at the same positions, whatever its node has lived through, and nothing is applied
// beyond one of them before it is sealed. And files that are sealed at the same position hold the same rows.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "engine/raft/types.h"
#include "engine/store/series/series_shape.h"
#include "sim/checkers/findings.h"

namespace timestore::sim {

class Seals {
 public:
  Seals(Findings& findings, const store::SeriesShape& shape) : rules_(findings, "seals"), shape_(shape) {}

  // The next entry of the log, which is committed.
  void committed(std::uint64_t command_bytes, std::uint64_t points);

  // Where the state machine of a node stands.
  void applied(std::size_t node, raft::Index applied, raft::Index sealed);

  // All rows of the file of a node that has sealed so much, as one number.
  void rows(std::size_t node, raft::Index sealed, std::uint64_t hash);

 private:
  Rules rules_;
  store::SeriesShape shape_;
  raft::Index index_ = 0;
  std::uint64_t points_ = 0;  // since the last one
  std::uint64_t bytes_ = 0;
  std::set<raft::Index> positions_ = {0};
  std::map<raft::Index, std::uint64_t> rows_;
};

}  // namespace timestore::sim
