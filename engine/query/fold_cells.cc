// A fold's cells, and what follows from the order of a series.
#include <algorithm>
#include <utility>

#include "engine/query/fold.h"

namespace timestore::query {
namespace {

constexpr size_t kCellBytes = sizeof(BucketCell) + 64;  // with a node of a map
constexpr const char* kAskForLess = "; ask for a shorter range, for fewer devices, or for larger buckets";

bool is_number_that_counts(const Run& run, size_t at) {
  return is_number(run.type) && (run.type != Type::kFloat || is_finite(run.bits[at]));
}

}  // namespace

// --- Cells ----------------------------------------------------------------------------------------------------------

Bucket Fold::bucket_of(int64_t time_ns) const {
  return plan_.buckets ? plan_.buckets->containing(time_ns) : Bucket{kMinTimestamp, kMaxTimestamp};
}

// The same, at less cost where the series' last cell, or the next, is the one.
Bucket Fold::bucket_at(int64_t time_ns) const {
  if (walk_.cells != nullptr && walk_.at != walk_.cells->end()) {
    if (walk_.at->second.bucket.contains(time_ns)) return walk_.at->second.bucket;
    const auto next = std::next(walk_.at);
    if (next != walk_.cells->end() && next->second.bucket.contains(time_ns)) return next->second.bucket;
  }
  return bucket_of(time_ns);
}

bool Fold::is_beyond_limit(int64_t time_ns) const {
  if (!kept_ || walk_.cells == nullptr || walk_.cells->size() < *kept_) return false;
  return plan_.query.is_descending ? time_ns < walk_.cells->begin()->second.bucket.first_ns
                                   : time_ns > walk_.cells->rbegin()->second.bucket.last_ns;
}

void Fold::extend(int64_t first_ns, int64_t last_ns) {
  if (!span_) span_ = {first_ns, last_ns};
  span_->first_ns = std::min(span_->first_ns, first_ns);
  span_->last_ns = std::max(span_->last_ns, last_ns);
}

Answer<void> Fold::account(size_t before, size_t after) {
  bytes_ = bytes_ - before + after;
  if (bytes_ <= plan_.limits.bytes) return {};
  return too_much("the query needs more than " + std::to_string(plan_.limits.bytes >> 20) + " MiB of memory" +
                  (plan_.needs.values ? " (medians and percentiles keep every value)" : "") + kAskForLess);
}

Answer<void> Fold::find_group() {
  if (walk_.cells != nullptr) return {};
  GroupName name = group_of(plan_.query, *walk_.series);
  size_t name_bytes = sizeof(Cells) + kCellBytes;
  for (const auto& part : name) name_bytes += sizeof(part) + (part ? part->size() : 0);
  walk_.cells = &groups_[std::move(name)];
  walk_.at = walk_.cells->end();
  if (groups_.size() > plan_.limits.groups) {
    return too_much("the answer has more than " + std::to_string(plan_.limits.groups) +
                    " groups; ask for fewer devices, or group by a tag with fewer values");
  }
  return account(0, name_bytes);
}

void Fold::erase_cell(Cells::iterator cell) {
  bytes_ -= kCellBytes + cell->second.cell.heap_bytes();
  --cells_;
  walk_.cells->erase(cell);
}

// Requires that the bucket is not beyond the limit.
Answer<void> Fold::find_cell(const Bucket& bucket) {
  if (auto found = find_group(); !found) return found;
  auto hint = walk_.at;
  if (walk_.at != walk_.cells->end()) {
    if (walk_.at->second.bucket == bucket) return {};
    const auto next = std::next(walk_.at);
    if (next != walk_.cells->end() && next->second.bucket == bucket) {
      walk_.at = next;
      return {};
    }
    hint = next;
  }
  const size_t cells = walk_.cells->size();
  walk_.at = walk_.cells->try_emplace(hint, bucket.first_ns);
  if (walk_.cells->size() == cells) return {};
  walk_.at->second.bucket = bucket;
  ++cells_;
  bytes_ += kCellBytes;
  if (kept_ && walk_.cells->size() > *kept_) {
    erase_cell(plan_.query.is_descending ? walk_.cells->begin() : std::prev(walk_.cells->end()));
  }
  if (cells_ > plan_.limits.rows) {
    return too_much("the answer has more than " + std::to_string(plan_.limits.rows) + " rows" + kAskForLess);
  }
  return account(0, 0);
}

Answer<Cell*> Fold::cell_of(const Bucket& bucket) {
  if (auto found = find_cell(bucket); !found) return tl::unexpected(found.error());
  return &walk_.at->second.cell;
}

Answer<void> Fold::add_run(const Run& run, const Bucket& bucket) {
  walk_.end_ns = reads_last_only_ ? run.times.back() : run.times.front();
  if (is_beyond_limit(run.times.front())) return {};
  const auto cell = cell_of(bucket);
  if (!cell) return tl::unexpected(cell.error());
  extend(run.times.front(), run.times.back());
  const size_t before = (*cell)->heap_bytes();
  (*cell)->add(run, plan_.needs);
  if (auto fits = account(before, (*cell)->heap_bytes()); !fits) return fits;
  return plan_.needs.order() ? follow(run, bucket, **cell) : Answer<void>();
}

// --- Order ----------------------------------------------------------------------------------------------------------

Answer<void> Fold::follow(const Run& run, const Bucket& bucket, Cell& cell) {
  numbers_.clear();
  for (size_t at = 0; at < run.times.size(); ++at) {
    if (is_number_that_counts(run, at)) numbers_.push_back({run.times[at], Number(run.type, run.bits[at])});
  }
  if (numbers_.empty()) return {};
  if (walk_.bucket_ns != bucket.first_ns) {
    walk_.bucket_ns = bucket.first_ns;
    walk_.has_number_before_bucket = walk_.last.has_value();
  }
  if (plan_.needs.changes) add_changes(numbers_, cell.changes());
  if (plan_.needs.area) {
    if (walk_.last) {
      if (auto added = add_area({*walk_.last, numbers_.front()}); !added) return added;
    }
    Cell::Changes& changes = cell.changes();
    for (size_t at = 1; at < numbers_.size(); ++at) {
      const Segment segment{numbers_[at - 1], numbers_[at]};
      add_twice_area(changes.twice_area, segment, segment.from.time_ns, segment.to.time_ns);
      changes.has_area = true;
    }
  }
  walk_.last = numbers_.back();
  return {};
}

// A difference of neighbours is added as two numbers, exactly. So where nothing drops, only the ends of a stretch are
// added.
void Fold::add_changes(const std::vector<SeriesPoint>& numbers, Cell::Changes& changes) {
  std::optional<SeriesPoint> base = walk_.last;  // up to where the increase is known
  SeriesPoint before = base.value_or(numbers.front());
  for (size_t at = base ? 0 : 1; at < numbers.size(); ++at) {
    changes.has_increase = true;
    if (!base) base = before;
    const Segment segment{before, numbers[at]};
    if (segment.to.number.compared(segment.from.number) < 0) {
      add_increase(changes.increase, Segment{*base, before});
      add_increase(changes.increase, segment);
      base = numbers[at];
    }
    before = numbers[at];
  }
  if (base) add_increase(changes.increase, Segment{*base, before});
  if (walk_.last && walk_.has_number_before_bucket) {
    changes.delta.add(numbers.back().number, 1);
    changes.delta.add(walk_.last->number, -1);
    changes.has_delta = true;
  }
}

// To each bucket that it crosses, its part of a segment.
Answer<void> Fold::add_area(const Segment& segment) {
  if (!plan_.needs.area) return {};
  const int64_t begin = std::max(segment.from.time_ns, first_ns_);
  const int64_t end = last_ns_ == kMaxTimestamp ? segment.to.time_ns : std::min(segment.to.time_ns, last_ns_ + 1);
  const bool is_upright = segment.from.time_ns == segment.to.time_ns;
  if (begin > end || begin > last_ns_ || (begin == end && !is_upright)) return {};
  int64_t at = begin;
  do {
    const Bucket bucket = bucket_at(at);
    const auto cell = cell_of(bucket);
    if (!cell) return tl::unexpected(cell.error());
    const int64_t stop = bucket.last_ns >= end ? end : bucket.last_ns + 1;
    Cell::Changes& changes = (*cell)->changes();
    const size_t before = (*cell)->heap_bytes();
    add_twice_area(changes.twice_area, segment, at, stop);
    changes.has_area = true;
    if (auto fits = account(before, (*cell)->heap_bytes()); !fits) return fits;
    at = stop;
  } while (at < end);
  return {};
}

// --- Shares ---------------------------------------------------------------------------------------------------------

Answer<void> Fold::add(Fold&& other) {
  if (other.span_) extend(other.span_->first_ns, other.span_->last_ns);
  for (auto& [name, cells] : other.groups_) {
    Cells& mine = groups_[name];
    for (auto& [begin, cell] : cells) {
      const auto [known, is_new] = mine.try_emplace(begin, BucketCell{cell.bucket, Cell()});
      const size_t before = is_new ? 0 : kCellBytes + known->second.cell.heap_bytes();
      known->second.cell.add(std::move(cell.cell), plan_.needs);
      if (auto fits = account(before, kCellBytes + known->second.cell.heap_bytes()); !fits) return fits;
      cells_ += is_new ? 1 : 0;
    }
    while (kept_ && mine.size() > *kept_) {
      mine.erase(plan_.query.is_descending ? mine.begin() : std::prev(mine.end()));
      --cells_;
    }
  }
  if (groups_.size() > plan_.limits.groups || cells_ > plan_.limits.rows) {
    return too_much("the answer has more than " + std::to_string(plan_.limits.groups) + " groups, or more than " +
                    std::to_string(plan_.limits.rows) + " rows" + kAskForLess);
  }
  return {};
}

}  // namespace timestore::query
