#include "engine/query/rows.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "engine/query/filter.h"
#include "engine/query/row_selection.h"

namespace timestore::query {
namespace {

bool stands_before_by_name(const Series* left, const Series* right) {
  return std::tie(left->name, left->number) < std::tie(right->name, right->number);
}

constexpr size_t kMaxWindow = 1024;  // of series that one reading is for

}  // namespace

RowPlace place_of(const Row& row, Order order) {
  const bool needs_seq = order == Order::kLog || !row.point.is_line;
  return {.time_ns = row.point.time_ns,
          .name = row.series.name,
          .is_entry = !row.point.is_line,
          .is_of_line = row.series.is_line,
          .seq = needs_seq ? row.point.seq : 0};
}

Answer<RowReader> RowReader::open(RowsQuery query, Source& source, const Limits& limits) {
  RowReader reader(std::move(query), source, limits);
  const Filter& filter = reader.query_.filter;
  const SeriesWanted wanted{
      .database = filter.database, .names = filter.devices, .prefixes = filter.prefixes};
  const auto listed = source.list(wanted, [&](Series&& series) {
    if (passes(filter, series)) reader.series_.push_back(std::move(series));
  });
  if (!listed) return environment(listed.error());
  std::sort(reader.series_.begin(), reader.series_.end(),
            [](const Series& left, const Series& right) { return left.number < right.number; });
  for (const Series& series : reader.series_) reader.by_name_.push_back(&series);
  if (reader.query_.order == Order::kDevice) {
    std::sort(reader.by_name_.begin(), reader.by_name_.end(), stands_before_by_name);
  }
  return reader;
}

size_t RowReader::page_rows() const {
  return static_cast<size_t>(std::min<uint64_t>(left_.value_or(limits_.page_rows), limits_.page_rows));
}

void RowReader::count(size_t rows) {
  if (left_) *left_ -= rows;
}

Answer<bool> RowReader::next_page(const RowSink& sink) {
  if (page_rows() == 0 || query_.filter.range.is_empty()) return false;
  switch (query_.order) {
    case Order::kLog:
      return next_log_page(sink);
    case Order::kDevice:
      return next_device_page(sink);
    case Order::kAscending:
    case Order::kDescending:
      return next_time_page(sink);
  }
  return false;
}

Answer<void> RowReader::open_log() {
  for (const Series& series : series_) numbers_.push_back(series.number);
  const TimeRange& range = query_.filter.range;
  auto cursor = source_->read_log({.series = numbers_, .first_ns = range.first_ns(), .last_ns = range.last_ns()},
                                  query_.after ? query_.after->seq : 0);
  if (!cursor) return environment(cursor.error());
  log_ = std::move(*cursor);
  return {};
}

Answer<bool> RowReader::next_log_page(const RowSink& sink) {
  if (!log_) {
    if (auto opened = open_log(); !opened) return tl::unexpected(opened.error());
  }
  const Filter& filter = query_.filter;
  const int64_t first_ns = filter.range.first_ns();
  const int64_t last_ns = filter.range.last_ns();
  const size_t max_rows = page_rows();
  size_t rows = 0;
  size_t bytes = 0;
  while (rows < max_rows && bytes < limits_.page_bytes) {
    const auto is_there = log_->next();
    if (!is_there) return environment(is_there.error());
    if (!*is_there) {
      count(rows);
      return false;
    }
    if (!limits_.goes_on()) return ended();
    const points::Point& point = log_->point();
    const auto number = std::lower_bound(numbers_.begin(), numbers_.end(), point.series);
    const bool is_wanted =
        number != numbers_.end() && *number == point.series && point.time_ns >= first_ns && point.time_ns <= last_ns;
    if (!is_wanted || !passes(filter, point.type, point.bits, point.attributes)) continue;
    const Row row{series_[static_cast<size_t>(number - numbers_.begin())], point};
    sink(row);
    query_.after = place_of(row, query_.order);
    bytes += sizeof point + point.text.size() + point.attributes.size();
    ++rows;
  }
  count(rows);
  return page_rows() > 0;
}

// Some series at a time, by their names: one at first, and twice as many as long as a page is not full. So large series
// are read one by one, and of small ones many with one reading. A page ends where it is full, also between two series.
Answer<bool> RowReader::next_device_page(const RowSink& sink) {
  const auto has_gone = [&](const Series* series) { return query_.after && series->name < query_.after->name; };
  auto begin = std::partition_point(by_name_.begin(), by_name_.end(), has_gone);
  const size_t max_rows = page_rows();
  size_t rows = 0;
  size_t bytes = 0;
  size_t window = 1;
  bool is_full = false;
  for (; begin != by_name_.end() && !is_full; window = std::min(2 * window, kMaxWindow)) {
    auto end =
        begin + static_cast<std::ptrdiff_t>(std::min<size_t>(window, static_cast<size_t>(by_name_.end() - begin)));
    while (end != by_name_.end() && (*end)->name == (*std::prev(end))->name) ++end;
    std::vector<const Series*> some(begin, end);
    std::sort(some.begin(), some.end(),
              [](const Series* left, const Series* right) { return left->number < right->number; });
    RowSelection selection({.filter = &query_.filter,
                            .goes_by_name = true,
                            .after = query_.after,
                            .max_rows = max_rows - rows,
                            .max_bytes = limits_.page_bytes - bytes});
    if (auto read = selection.read(*source_, some, limits_); !read) return tl::unexpected(read.error());
    rows += selection.size();
    bytes += selection.size_bytes();
    is_full = selection.is_full() || rows == max_rows || bytes >= limits_.page_bytes;
    selection.tell([&](const Row& row) {
      query_.after = place_of(row, query_.order);
      sink(row);
    });
    begin = end;
  }
  count(rows);
  return is_full && page_rows() > 0;
}

Answer<bool> RowReader::next_time_page(const RowSink& sink) {
  RowSelection selection({.filter = &query_.filter,
                          .is_descending = query_.order == Order::kDescending,
                          .after = query_.after,
                          .max_rows = page_rows(),
                          .max_bytes = limits_.page_bytes});
  if (auto read = selection.read(*source_, by_name_, limits_); !read) return tl::unexpected(read.error());
  const bool is_full = selection.is_full();
  count(selection.size());
  selection.tell([&](const Row& row) {
    query_.after = place_of(row, query_.order);
    sink(row);
  });
  return is_full && page_rows() > 0;
}

}  // namespace timestore::query
