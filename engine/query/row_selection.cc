#include "engine/query/row_selection.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/check.h"
#include "engine/query/batches.h"
#include "engine/query/filter.h"

namespace timestore::query {

RowSelection::Key RowSelection::key_of(const Series& series, const points::Point& point) {
  return {.time_ns = point.time_ns,
          .name = series.name,
          .is_entry = !point.is_line,
          .is_of_line = series.is_line,
          .seq = point.is_line ? 0 : point.seq};  // a line has no other of its series and time beside it
}

bool RowSelection::is_before(const Key& left, const Key& right) const {
  if (options_.goes_by_name && left.name != right.name) return left.name < right.name;
  return options_.is_descending ? right < left : left < right;
}

Answer<void> RowSelection::read(Source& source, std::span<const Series* const> series, const Limits& limits) {
  const TimeRange& range = options_.filter->range;
  if (range.is_empty() || series.empty() || options_.max_rows == 0) return {};
  std::vector<SeriesNumber> numbers;
  for (const Series* one : series) numbers.push_back(one->number);
  Reading reading{.series = numbers,
                  .first_ns = range.first_ns(),
                  .last_ns = range.last_ns(),
                  .is_descending = options_.is_descending};
  const bool begins_at_place = options_.after && !options_.goes_by_name;
  if (begins_at_place && options_.is_descending) reading.last_ns = std::min(reading.last_ns, options_.after->time_ns);
  if (begins_at_place && !options_.is_descending)
    reading.first_ns = std::max(reading.first_ns, options_.after->time_ns);
  if (reading.first_ns > reading.last_ns) return {};
  return for_each_batch(source, reading, limits, [&](BatchCursor& cursor) -> Answer<void> {
    const BatchHead& head = cursor.head();
    const auto number = std::lower_bound(numbers.begin(), numbers.end(), head.series);
    TIMESTORE_CHECK(number != numbers.end() && *number == head.series, "a source reads what was asked for");
    const Series& of = *series[static_cast<size_t>(number - numbers.begin())];
    if (is_over(head, of)) {
      cursor.skip_series();
      return {};
    }
    return may_hold_rows(head, of) ? add_batch(cursor, of) : Answer<void>();
  });
}

// Whether this batch, and all that follow in its series, stand behind what has room.
bool RowSelection::is_over(const BatchHead& head, const Series& series) const {
  if (!bound_) return false;
  if (options_.goes_by_name && series.name != bound_->series->name) return series.name > bound_->series->name;
  return options_.is_descending ? head.last_ns < bound_->point.time_ns : head.first_ns > bound_->point.time_ns;
}

bool RowSelection::may_hold_rows(const BatchHead& head, const Series& series) const {
  const Filter& filter = *options_.filter;
  const bool is_outside = head.last_ns < filter.range.first_ns() || head.first_ns > filter.range.last_ns();
  if (is_outside || verdict(filter, head) == Verdict::kNone) return false;
  if (!options_.after || (options_.goes_by_name && series.name != options_.after->name)) return true;
  return options_.is_descending ? head.first_ns <= options_.after->time_ns : head.last_ns >= options_.after->time_ns;
}

Answer<void> RowSelection::add_batch(BatchCursor& cursor, const Series& series) {
  const Filter& filter = *options_.filter;
  const auto columns = cursor.columns();
  if (!columns) return environment(columns.error());
  const auto identities = cursor.identities();
  if (!identities) return environment(identities.error());
  const int64_t first_ns = filter.range.first_ns();
  const int64_t last_ns = filter.range.last_ns();
  std::optional<Key> after;
  if (options_.after) {
    const RowPlace& place = *options_.after;
    after = {place.time_ns, place.name, place.is_entry, place.is_of_line, place.seq};
  }
  const size_t count = cursor.head().count;
  for (size_t step = 0; step < count; ++step) {
    const size_t at = options_.is_descending ? count - 1 - step : step;
    const int64_t time_ns = (*columns)->times[at];
    if (time_ns < first_ns || time_ns > last_ns) continue;
    const points::Point point = points::point_at(**columns, **identities, at);
    const Key key = key_of(series, point);
    if (after && !is_before(*after, key)) continue;
    if (bound_ && !is_before(key, key_of(*bound_->series, bound_->point))) {
      if (time_ns != bound_->point.time_ns || series.name > bound_->series->name) break;  // so are all that follow
      continue;
    }
    if (!passes(filter, point.type, point.bits, point.attributes)) continue;
    keep(series, point);
  }
  return {};
}

// Rows mostly come in their order, which is the worst for a heap. So it becomes one when there is no more room, and one
// that is out of order.
void RowSelection::keep(const Series& series, const points::Point& point) {
  const auto is_better = [this](const Kept& left, const Kept& right) {
    return is_before(key_of(*left.series, left.point), key_of(*right.series, right.point));
  };
  Kept& kept = kept_.emplace_back(Kept{.series = &series, .point = point});
  kept.texts.reserve(point.text.size() + point.attributes.size());
  kept.texts += point.text;
  kept.texts += point.attributes;
  bytes_ += kept.size_bytes();
  if (is_heap_) std::push_heap(kept_.begin(), kept_.end(), is_better);
  is_sorted_ = is_sorted_ && (kept_.size() == 1 || !is_better(kept, *std::prev(kept_.end(), 2)));
  while (kept_.size() > options_.max_rows || (bytes_ > options_.max_bytes && kept_.size() > 1)) {
    if (!is_sorted_ && !std::exchange(is_heap_, true)) std::make_heap(kept_.begin(), kept_.end(), is_better);
    if (is_heap_) std::pop_heap(kept_.begin(), kept_.end(), is_better);
    bytes_ -= kept_.back().size_bytes();
    bound_ = std::move(kept_.back());
    kept_.pop_back();
  }
}

void RowSelection::tell(const RowSink& sink) {
  const auto is_better = [this](const Kept& left, const Kept& right) {
    return is_before(key_of(*left.series, left.point), key_of(*right.series, right.point));
  };
  if (!is_sorted_) std::sort(kept_.begin(), kept_.end(), is_better);
  for (Kept& kept : kept_) {
    const std::string_view texts = kept.texts;
    const size_t text_size = kept.point.text.size();
    kept.point.text = texts.substr(0, text_size);
    kept.point.attributes = texts.substr(text_size);
    sink({.series = *kept.series, .point = kept.point});
  }
}

}  // namespace timestore::query
