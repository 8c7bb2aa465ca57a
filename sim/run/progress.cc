#include "sim/run/progress.h"

#include <algorithm>
#include <utility>

namespace timestore::sim {

void Progress::see(std::size_t number, const Node& node) {
  seen_.push_back(node);
  if (!were_all_up_) end_ = std::max(end_, node.last);
  const std::uint64_t before = std::exchange(fetched_bytes_[number], node.fetched_bytes);
  is_fetching_ = is_fetching_ || node.fetched_bytes > before;
}

bool Progress::is_any(bool all_are_up) {
  were_all_up_ = were_all_up_ || all_are_up;
  std::uint64_t sum = 0;
  for (const Node& node : seen_) {
    for (const raft::Index index : {node.last, node.durable, node.commit, node.applied}) sum += std::min(index, end_);
  }
  seen_.clear();
  const bool is_more = sum > std::exchange(most_, std::max(most_, sum));
  return std::exchange(is_fetching_, false) || is_more;
}

}  // namespace timestore::sim
