#include "engine/store/points/tombstones.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <set>
#include <utility>

#include "engine/base/check.h"

namespace timestore::points {

namespace {

bool is_single(const Tombstone& tombstone) {
  return tombstone.first_series == tombstone.last_series && tombstone.first_ns == tombstone.last_ns;
}

std::pair<SeriesNumber, int64_t> place_of(const Tombstone& tombstone) {
  return {tombstone.first_series, tombstone.first_ns};
}

bool meet(const Tombstone& tombstone, const Extent& extent) {
  return tombstone.first_series <= extent.last_series && extent.first_series <= tombstone.last_series &&
         tombstone.first_ns <= extent.last_ns && extent.first_ns <= tombstone.last_ns &&
         extent.first_seq < tombstone.behind_seq;
}

}  // namespace

bool covers(const Tombstone& tombstone, const Point& point) {
  return tombstone.first_series <= point.series && point.series <= tombstone.last_series &&
         tombstone.first_ns <= point.time_ns && point.time_ns <= tombstone.last_ns &&
         tombstone.first_seq <= point.seq && point.seq < tombstone.behind_seq &&
         (point.is_line || !tombstone.spares_entries);
}

Tombstones::Tombstones(std::vector<Tombstone> tombstones) : all_(std::move(tombstones)) {
  std::vector<const Tombstone*> wide;
  for (const Tombstone& each : all_) {
    if (is_single(each)) {
      single_.push_back(each);
      continue;
    }
    TIMESTORE_CHECK(each.first_seq == 0 && !each.spares_entries, "only what is of one place leaves some of it alone");
    wide.push_back(&each);
  }
  std::stable_sort(single_.begin(), single_.end(),
                   [](const Tombstone& left, const Tombstone& right) { return place_of(left) < place_of(right); });
  if (!wide.empty()) add_wide(wide);
}

// Where something begins or ends, what counts is the greatest of all that go on there.
std::vector<Tombstones::Stretch> Tombstones::skyline(const std::vector<const Tombstone*>& tombstones) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  struct Edge {
    int64_t at = 0;
    Seq behind_seq = 0;
    bool begins = false;
  };
  std::vector<Edge> edges;
  for (const Tombstone* each : tombstones) {
    edges.push_back({each->first_ns, each->behind_seq, true});
    if (each->last_ns < kEnd) edges.push_back({each->last_ns + 1, each->behind_seq, false});
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& left, const Edge& right) { return left.at < right.at; });
  std::vector<Stretch> stretches;
  std::multiset<Seq> open;
  int64_t begin = 0;
  const auto close = [&](int64_t last_ns) {
    if (open.empty()) return;
    const bool goes_on =
        !stretches.empty() && stretches.back().behind_seq == *open.rbegin() && stretches.back().last_ns == begin - 1;
    if (goes_on) stretches.back().last_ns = last_ns;
    if (!goes_on) stretches.push_back({begin, last_ns, *open.rbegin()});
  };
  for (size_t at = 0; at < edges.size();) {
    const int64_t now = edges[at].at;
    if (at > 0) close(now - 1);
    for (; at < edges.size() && edges[at].at == now; ++at) {
      if (edges[at].begins) open.insert(edges[at].behind_seq);
      if (!edges[at].begins) open.erase(open.find(edges[at].behind_seq));
    }
    begin = now;
  }
  close(kEnd);
  return stretches;
}

void Tombstones::add_wide(const std::vector<const Tombstone*>& wide) {
  for (const Tombstone* each : wide) {
    boundaries_.push_back(each->first_series);
    boundaries_.push_back(each->last_series + 1);
  }
  std::sort(boundaries_.begin(), boundaries_.end());
  boundaries_.erase(std::unique(boundaries_.begin(), boundaries_.end()), boundaries_.end());
  leaves_ = std::bit_ceil(boundaries_.size());
  std::vector<std::vector<const Tombstone*>> at(2 * leaves_);
  for (const Tombstone* each : wide) {
    size_t first = leaves_ + leaf_of(each->first_series);
    size_t behind = leaves_ + leaf_of(each->last_series + 1);
    for (; first < behind; first /= 2, behind /= 2) {
      if (first % 2 == 1) at[first++].push_back(each);
      if (behind % 2 == 1) at[--behind].push_back(each);
    }
  }
  nodes_.resize(2 * leaves_);
  for (size_t node = 2 * leaves_ - 1; node > 0; --node) {
    Node& here = nodes_[node];
    here.stretches = skyline(at[node]);
    for (const Tombstone* each : at[node]) here.behind_seq = std::max(here.behind_seq, each->behind_seq);
    if (node >= leaves_) continue;
    here.behind_seq = std::max({here.behind_seq, nodes_[2 * node].behind_seq, nodes_[2 * node + 1].behind_seq});
  }
}

size_t Tombstones::leaf_of(SeriesNumber series) const {
  const auto behind = std::upper_bound(boundaries_.begin(), boundaries_.end(), series);
  return static_cast<size_t>(behind - boundaries_.begin()) - 1;
}

bool Tombstones::cover(const Point& point) const {
  const std::pair place(point.series, point.time_ns);
  auto single = std::partition_point(single_.begin(), single_.end(),
                                     [&](const Tombstone& each) { return place_of(each) < place; });
  for (; single != single_.end() && place_of(*single) == place; ++single) {
    if (covers(*single, point)) return true;
  }
  if (nodes_.empty() || point.series < boundaries_.front() || point.series >= boundaries_.back()) return false;
  for (size_t node = leaves_ + leaf_of(point.series); node > 0; node /= 2) {
    const std::vector<Stretch>& stretches = nodes_[node].stretches;
    const auto stretch = std::partition_point(stretches.begin(), stretches.end(),
                                              [&](const Stretch& each) { return each.last_ns < point.time_ns; });
    const bool is_there = stretch != stretches.end() && stretch->first_ns <= point.time_ns;
    if (is_there && point.seq < stretch->behind_seq) return true;
  }
  return false;
}

// In the node that is these leaves, and in those below it.
bool Tombstones::reach_below(size_t node, size_t first_leaf, size_t leaves, const Extent& extent) const {
  const Node& here = nodes_[node];
  if (here.behind_seq <= extent.first_seq || first_leaf + 1 >= boundaries_.size()) return false;
  const size_t behind_leaf = std::min(first_leaf + leaves, boundaries_.size() - 1);
  if (boundaries_[first_leaf] > extent.last_series || boundaries_[behind_leaf] <= extent.first_series) return false;
  auto stretch = std::partition_point(here.stretches.begin(), here.stretches.end(),
                                      [&](const Stretch& each) { return each.last_ns < extent.first_ns; });
  for (; stretch != here.stretches.end() && stretch->first_ns <= extent.last_ns; ++stretch) {
    if (extent.first_seq < stretch->behind_seq) return true;
  }
  if (leaves == 1) return false;
  return reach_below(2 * node, first_leaf, leaves / 2, extent) ||
         reach_below(2 * node + 1, first_leaf + leaves / 2, leaves / 2, extent);
}

bool Tombstones::reach(const Extent& extent) const {
  auto single = std::partition_point(single_.begin(), single_.end(), [&](const Tombstone& each) {
    return place_of(each) < std::pair(extent.first_series, extent.first_ns);
  });
  for (; single != single_.end() && place_of(*single) <= std::pair(extent.last_series, extent.last_ns); ++single) {
    if (meet(*single, extent)) return true;
  }
  return !nodes_.empty() && reach_below(1, 0, leaves_, extent);
}

}  // namespace timestore::points
