#include "sim/world/inquiries.h"

#include <bit>
#include <utility>
#include <variant>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/query/aggregate.h"
#include "engine/query/rows.h"

namespace timestore::sim {

namespace {

using query::Function;

query::Filter filter_of(const Inquiry& inquiry) {
  query::Filter filter{.database = inquiry.database, .range = {.from_ns = inquiry.from_ns, .to_ns = inquiry.to_ns}};
  if (!inquiry.prefix.empty()) filter.prefixes = {inquiry.prefix};
  if (inquiry.min_value) filter.min_value = query::Number(*inquiry.min_value);
  return filter;
}

query::Order order_of(Inquiry::Order order) {
  switch (order) {
    case Inquiry::Order::kLog:
      return query::Order::kLog;
    case Inquiry::Order::kDevice:
      return query::Order::kDevice;
    case Inquiry::Order::kAscending:
      return query::Order::kAscending;
    case Inquiry::Order::kDescending:
      return query::Order::kDescending;
  }
  return query::Order::kLog;
}

PointSeen point_of(const query::Row& row, const Guid& id) {
  const points::Point& point = row.point;
  return {.entry = {.id = id,
                    .device_id = row.series.name,
                    .timestamp_ns = point.time_ns,
                    .attributes = std::string(point.attributes)},
          .is_line = point.is_line,
          .is_of_field = row.series.is_line,
          .type = point.type,
          .bits = point.bits,
          .text = std::string(point.text)};
}

// A page is a reading of its own, as a client asks for it.
Result<std::vector<std::string>> ask_for_rows(store::SeriesReader& reader, const Inquiry& inquiry) {
  query::RowsQuery rows{.filter = filter_of(inquiry), .order = order_of(inquiry.order)};
  std::vector<std::string> lines;
  Result<void> named;
  for (bool goes_on = true; goes_on;) {
    auto pages = query::RowReader::open(rows, reader.source(), {.page_rows = inquiry.page_rows});
    if (!pages) return fail(pages.error().sentence);
    const auto more = pages->next_page([&](const query::Row& row) {
      const auto id = reader.id_of(row.point, row.series);
      if (!id) named = tl::unexpected(id.error());
      if (!id) return;
      const PointSeen seen = point_of(row, *id);
      if (has_row(inquiry, seen)) lines.push_back(line_of(seen));
    });
    if (!more) return fail(more.error().sentence);
    if (!named) return tl::unexpected(named.error());
    goes_on = *more;
    if (goes_on) TIMESTORE_MARK("world: a query was answered in several pages");
    rows.after = pages->place();
  }
  return lines;
}

double number_in(const query::Value& value) {
  const auto* number = std::get_if<double>(&value);
  TIMESTORE_CHECK(number != nullptr, "a bucket with entries has a number");
  return *number;
}

Result<std::vector<std::string>> ask_for_aggregates(store::SeriesReader& reader, const Inquiry& inquiry) {
  query::AggregateQuery aggregates{.filter = filter_of(inquiry),
                                   .functions = {{.kind = Function::Kind::kCount, .name = "count"},
                                                 {.kind = Function::Kind::kSum, .name = "sum"},
                                                 {.kind = Function::Kind::kMin, .name = "min"},
                                                 {.kind = Function::Kind::kMax, .name = "max"}}};
  const auto width = query::parse_bucket_width(std::to_string(inquiry.bucket_ms) + "ms");
  TIMESTORE_CHECK(width.has_value(), "an inquiry has a width that there is");
  aggregates.bucket = *width;
  if (inquiry.is_by_device) aggregates.group_by = {{.kind = query::GroupKey::Kind::kDevice}};
  query::AggregateQuery ends = aggregates;  // blocks that are whole need not be decoded for the others
  ends.functions = {{.kind = Function::Kind::kFirst, .name = "first"}, {.kind = Function::Kind::kLast, .name = "last"}};

  std::vector<AggregateSeen> seen;
  auto answered = query::aggregate(aggregates, reader.source(), {}, [&](const query::AggregateRow& row) {
    seen.push_back({.device = row.group.empty() ? std::string() : *row.group[0],
                    .bucket_ns = row.timestamp_ns,
                    .count = std::get<std::uint64_t>(row.values[0]),
                    .sum = number_in(row.values[1]),
                    .min = number_in(row.values[2]),
                    .max = number_in(row.values[3])});
  });
  if (!answered) return fail(answered.error().sentence);
  std::size_t at = 0;
  answered = query::aggregate(ends, reader.source(), {}, [&](const query::AggregateRow& row) {
    if (at == seen.size()) seen.emplace_back();
    seen[at].first = number_in(row.values[0]);
    seen[at].last = number_in(row.values[1]);
    ++at;
  });
  if (!answered) return fail(answered.error().sentence);
  std::vector<std::string> lines;
  for (const AggregateSeen& row : seen) lines.push_back(line_of(row));
  return lines;
}

}  // namespace

Result<std::vector<std::string>> ask(store::SeriesReader& reader, const Inquiry& inquiry) {
  return inquiry.bucket_ms == 0 ? ask_for_rows(reader, inquiry) : ask_for_aggregates(reader, inquiry);
}

}  // namespace timestore::sim
