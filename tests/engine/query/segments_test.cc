// Queries over segments in a file: sealed anywhere, merged halfway, with fresh points beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <string>

#include "engine/query/aggregate.h"
#include "engine/query/rows.h"
#include "engine/store/segments/segment_store.h"
#include "tests/engine/query/any_query.h"
#include "tests/engine/query/segment_source.h"

namespace timestore::query::segments_test {
namespace {

std::string aggregates_of(const AggregateQuery& query, Source& source) {
  std::string text;
  const auto done = aggregate(query, source, Limits(), [&](const AggregateRow& row) {
    for (const auto& part : row.group) text += (part ? "'" + *part + "'" : "none") + std::string(" ");
    text += std::to_string(row.timestamp_ns);
    for (const Value& value : row.values) append_value(text += ' ', value);
    text += '\n';
  });
  if (!done) RC_FAIL(done.error().sentence);
  return text;
}

std::string rows_of(const RowsQuery& query, Source& source) {
  std::string text;
  auto reader = RowReader::open(query, source, {.page_rows = 7});
  RC_ASSERT(reader.has_value());
  while (true) {
    const auto more = reader->next_page([&](const Row& row) {
      text += row.series.name + " " + std::to_string(row.point.time_ns) + " " + std::to_string(row.point.seq) +
              std::string(row.point.attributes);
      append_value(text += ' ', value_of(row.point.type, row.point.bits, row.point.text));
      text += '\n';
    });
    if (!more) RC_FAIL(more.error().sentence);
    if (!*more) return text;
  }
}

// Seals the log in parts; the last part stays in memory.
std::unique_ptr<points::Generation> sealed(Prng& prng, const MemoryStore& store, store::Database& database,
                                           const segments::SegmentOptions& options) {
  auto segments = segments::SegmentStore::open(database, options);
  RC_ASSERT(segments.has_value());
  auto fresh = std::make_unique<points::Generation>();
  for (const OwnedPoint& owned : store.points) {
    points::Point point = owned.point;
    point.text = owned.text;
    point.attributes = owned.attributes;
    fresh->append(point);
    if (!prng.chance(1, 40)) continue;
    auto transaction = store::Transaction::begin(database);
    RC_ASSERT(segments->seal(*fresh, fresh->size(), {}).has_value());
    RC_ASSERT(transaction->commit().has_value());
    fresh = std::make_unique<points::Generation>();
  }
  return fresh;
}

points::PieceOptions any_piece_options(Prng& prng) {
  points::PieceOptions options;
  if (prng.chance(1, 2)) options.max_data_bytes = 1 + prng.below(400);
  if (prng.chance(1, 2)) options.max_block_points = 1 + prng.below(30);
  if (prng.chance(1, 2)) options.least_wide_points = 1 + prng.below(5);
  return options;
}

RC_GTEST_PROP(Segments, answer_like_a_list_of_their_points, (uint64_t seed)) {
  Prng prng(seed);
  const int64_t origin = any_origin(prng);
  const MemoryStore store = any_store(prng, origin);
  auto database = store::Database::open(":memory:", "", store::Database::Access::kReadWrite);
  RC_ASSERT(database.has_value());
  RC_ASSERT(database->run("make the tables", segments::kSegmentSchema).has_value());
  const segments::SegmentOptions options{
      .partition_width_ns = (1 + static_cast<int64_t>(prng.below(30))) * 3600 * kTestSecond,
      .merge = {.fan_out = 2 + prng.below(3), .least_step_points = 1 + prng.below(50), .least_points_of_its_own = 10},
      .pieces = any_piece_options(prng)};
  const auto fresh = sealed(prng, store, *database, options);
  const segments::FreshPoints parts[] = {{fresh.get(), fresh->size()}};
  auto reader = segments::SegmentReader::open(*database, options.partition_width_ns);
  RC_ASSERT(reader.has_value());
  const int64_t first_visible = prng.chance(1, 3) ? any_time(prng, origin) : kMinTimestamp;
  SegmentSource source(store.series, *reader, parts, first_visible);
  MemoryStore visible = store;
  std::erase_if(visible.points, [&](const OwnedPoint& owned) { return owned.point.time_ns < first_visible; });
  MemorySource memory(visible, any_layout(prng));
  for (int round = 0; round < 3; ++round) {
    const AggregateQuery query = any_aggregate_query(prng, origin);
    RC_ASSERT(aggregates_of(query, source) == aggregates_of(query, memory));
    const RowsQuery rows{.filter = any_filter(prng, origin), .order = static_cast<Order>(1 + prng.below(3))};
    RC_ASSERT(rows_of(rows, source) == rows_of(rows, memory));
  }
}

}  // namespace
}  // namespace timestore::query::segments_test
