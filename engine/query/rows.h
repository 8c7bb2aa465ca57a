// Rows: points one by one, in pages.
//
// A page holds a bounded number of rows and bytes. An answer of any size is read page by page, each beginning behind
// the last row of the one before; so what a client does with a cursor is what a stream does inside, and memory is
// bounded either way.
//
//   order           reads
//   log             the source's log order
//   device          series by name, each in its order; two series of one name are merged; many small ones in one
//   reading asc, desc       all series, and keeps the least (greatest) rows; blocks that lie behind those are not
//   decoded
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/query/limits.h"
#include "engine/query/query.h"
#include "engine/query/query_error.h"
#include "engine/query/source.h"

namespace timestore::query {

// Its texts live until the sink returns.
struct Row {
  const Series& series;
  const points::Point& point;
};
using RowSink = std::function<void(const Row&)>;

class RowReader {
 public:
  // The series are those of the source now. The source must outlive the reader.
  static Answer<RowReader> open(RowsQuery query, Source& source, const Limits& limits);

  RowReader(RowReader&&) = default;
  RowReader& operator=(RowReader&&) = default;
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  // The next page. False: there are no more rows. True: there may be more.
  Answer<bool> next_page(const RowSink& sink);

  // Behind which row the answer goes on; the last one that was told.
  const std::optional<RowPlace>& place() const { return query_.after; }

 private:
  RowReader(RowsQuery query, Source& source, const Limits& limits)
      : query_(std::move(query)), source_(&source), limits_(limits), left_(query_.limit) {}

  size_t page_rows() const;
  Answer<void> open_log();
  Answer<bool> next_log_page(const RowSink& sink);
  Answer<bool> next_device_page(const RowSink& sink);
  Answer<bool> next_time_page(const RowSink& sink);
  void count(size_t rows);

  RowsQuery query_;
  Source* source_;
  Limits limits_;
  std::optional<uint64_t> left_;              // of the query's limit
  std::unique_ptr<points::PointCursor> log_;  // where the order is the log's, from the first page on
  std::vector<SeriesNumber> numbers_;         // of the series; likewise
  std::vector<Series> series_;                // that pass the filter, ascending by number
  std::vector<const Series*> by_name_;        // the same, by name; in the order `device`
};

// Where a row stands.
RowPlace place_of(const Row& row, Order order);

}  // namespace timestore::query
