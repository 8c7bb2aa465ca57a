#include "sim/run/progress.h"

#include <algorithm>
#include <utility>

namespace timestore::sim {

namespace {

constexpr std::size_t kLast = 0;
constexpr std::size_t kDurable = 1;
constexpr unsigned kMaxCuts = 4;  // a few leaders may follow each other; a cluster that only cuts gets nowhere

}  // namespace

void Progress::see(std::size_t number, const Node& node) {
  Reached& reached = nodes_[number];
  if (node.last < reached.now[kLast] && reached.cuts < kMaxCuts) {
    ++reached.cuts;
    reached.most[kLast] = node.last;
    reached.most[kDurable] = std::min(reached.most[kDurable], node.last);
  }
  reached.now = {node.last, node.durable, node.commit, node.applied};
  if (!were_all_up_) end_ = std::max(end_, node.last);
  const std::uint64_t before = std::exchange(reached.fetched_bytes, node.fetched_bytes);
  is_fetching_ = is_fetching_ || node.fetched_bytes > before;
}

bool Progress::is_any(bool all_are_up) {
  were_all_up_ = were_all_up_ || all_are_up;
  bool is_more = std::exchange(is_fetching_, false);
  for (Reached& reached : nodes_) {
    for (std::size_t what = 0; what < reached.now.size(); ++what) {
      const raft::Index index = std::min(reached.now[what], end_);
      is_more = is_more || index > reached.most[what];
      reached.most[what] = std::max(reached.most[what], index);
    }
  }
  return is_more;
}

}  // namespace timestore::sim
