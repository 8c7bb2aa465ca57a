#include "sim/checkers/seals.h"

#include <iterator>
#include <string>

namespace timestore::sim {

void Seals::committed(std::uint64_t command_bytes, std::uint64_t points) {
  constexpr std::uint64_t kBytesOfAnEntry = 64;  // beside its command
  ++index_;
  points_ += points;
  bytes_ += kBytesOfAnEntry + command_bytes;
  if (points_ < shape_.seal_points && bytes_ < shape_.seal_bytes) return;
  positions_.insert(index_);
  points_ = 0;
  bytes_ = 0;
}

void Seals::applied(std::size_t node, raft::Index applied, raft::Index sealed) {
  const auto here = positions_.find(sealed);
  const auto text = [&] {
    return "node " + std::to_string(node + 1) + " has applied " + std::to_string(applied) + " and sealed " +
           std::to_string(sealed);
  };
  if (!rules_.require(here != positions_.end(), "a series file is sealed where the log says", text)) return;
  const auto next = std::next(here);
  rules_.require(next == positions_.end() || applied <= *next, "nothing is applied beyond a seal that is due", text);
}

void Seals::rows(std::size_t node, raft::Index sealed, std::uint64_t hash) {
  const auto known = rows_.emplace(sealed, hash).first;
  rules_.require(known->second == hash, "files that are sealed at the same position hold the same rows",
                 [&] { return "node " + std::to_string(node + 1) + " has sealed " + std::to_string(sealed); });
}

}  // namespace timestore::sim
