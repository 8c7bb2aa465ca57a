// What must hold of any store and any query.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/engine/query/any_query.h"
#include "tests/engine/query/influxql/asked.h"
#include "tests/engine/query/influxql/line_store.h"

namespace timestore::query::influxql {
namespace {

// Whole numbers around a change of clocks, so that sums do not depend on their order.
std::string any_text(Prng& prng, int64_t origin) {
  std::string lines;
  for (size_t left = 1 + prng.below(120); left > 0; --left) {
    lines += "m,k=" + std::string(1, static_cast<char>('a' + prng.below(3)));
    if (prng.chance(1, 2)) lines += ",l=" + std::to_string(prng.below(2));
    lines += " v=" + std::to_string(static_cast<int>(prng.below(200)) - 100);
    if (prng.chance(2, 3)) lines += ",n=" + std::to_string(prng.below(50)) + "i";
    lines += " " + std::to_string(any_time(prng, origin)) + "\n";
  }
  return lines;
}

MemoryStore any_lines(Prng& prng, int64_t origin) { return store_of_lines(any_text(prng, origin)); }

std::string any_interval(Prng& prng) {
  constexpr const char* kIntervals[] = {"10m", "1h", "90m", "6h", "1d", "1w", "7m, 3m", "1d, -5h"};
  return kIntervals[prng.below(8)];
}

std::string any_range(Prng& prng, int64_t origin) {
  std::string range;
  if (prng.chance(2, 3)) range += " AND time >= " + std::to_string(any_time(prng, origin));
  return range + " AND time < " + std::to_string(any_time(prng, origin) + kTestSecond);
}

struct AnyCase {
  explicit AnyCase(uint64_t seed) : prng(seed), origin(any_origin(prng)), store(any_lines(prng, origin)) {}

  std::string ask(const std::string& query) {
    MemorySource source(store, any_layout(prng));
    return asked({.source = source, .now_ns = origin + 4 * 86'400 * kTestSecond}, query, "epoch=ns");
  }

  // Rows of all series, as texts, series by series.
  std::vector<std::vector<std::string>> rows(const std::string& query) {
    const std::string answer = ask(query);
    std::vector<std::vector<std::string>> all;
    simdjson::dom::parser parser;
    const simdjson::dom::element result = parser.parse(answer).at_pointer("/results/0").value();
    if (result["error"].error() == simdjson::SUCCESS) RC_FAIL(query + ": " + answer);
    simdjson::dom::array series;
    if (result["series"].get(series) != simdjson::SUCCESS) return all;
    for (const simdjson::dom::element one : series) {
      all.emplace_back();
      for (const simdjson::dom::element row : one["values"].get_array()) all.back().push_back(simdjson::minify(row));
    }
    return all;
  }

  Prng prng;
  int64_t origin;
  MemoryStore store;
};

// A condition that is true of every point makes rows of what is folded else.
RC_GTEST_PROP(InfluxQlProperty, folds_say_what_rows_say, (uint64_t seed)) {
  AnyCase any(seed);
  constexpr const char* kFills[] = {"null", "none", "previous", "linear", "3"};
  const std::string select = any.prng.chance(1, 3) ? "sum(n), count(v), mean(v)" : "count(n), max(v), min(n), mean(n)";
  std::string rest = any_range(any.prng, any.origin);
  rest += " GROUP BY time(" + any_interval(any.prng) + ")";
  if (any.prng.chance(1, 2)) rest += ", k";
  if (any.prng.chance(1, 4)) rest += ", l";
  rest += " fill(" + std::string(kFills[any.prng.below(5)]) + ")";
  if (any.prng.chance(1, 3)) rest += " ORDER BY time DESC";
  if (any.prng.chance(1, 3)) rest += " LIMIT " + std::to_string(1 + any.prng.below(4));
  if (any.prng.chance(1, 4)) rest += " OFFSET " + std::to_string(any.prng.below(3));
  const std::string query = "SELECT " + select + " FROM m WHERE ";
  RC_ASSERT(any.ask(query + "k != ''" + rest) == any.ask(query + "v > -1000" + rest));
}

RC_GTEST_PROP(InfluxQlProperty, ends_of_series_say_what_rows_say, (uint64_t seed)) {
  AnyCase any(seed);
  constexpr const char* kSelects[] = {"last(v)", "first(v)", "last(n), k", "first(n), l, k", "last(v) * 2, l"};
  std::string rest = any_range(any.prng, any.origin);
  if (any.prng.chance(1, 2)) rest += " GROUP BY k";
  if (any.prng.chance(1, 3)) rest += " ORDER BY time DESC";
  const std::string query = "SELECT " + std::string(kSelects[any.prng.below(5)]) + " FROM m WHERE ";
  RC_ASSERT(any.ask(query + "k != ''" + rest) == any.ask(query + "(v > -1000 OR n > -1000)" + rest));
}

// A source may leave out series with another value of a tag. Where the name is that of a field too, nothing is left
// out.
RC_GTEST_PROP(InfluxQlProperty, a_tag_that_is_compared_says_what_a_regular_expression_says, (uint64_t seed)) {
  AnyCase any(seed);
  std::string text = any_text(any.prng, any.origin);
  const bool is_a_field_too = any.prng.chance(1, 3);
  for (const char* line : {"m,k=b k=\"a\" ", "m,k=c k=\"a\" "}) {
    if (is_a_field_too) text += line + std::to_string(any_time(any.prng, any.origin)) + "\n";
  }
  if (any.prng.chance(1, 3)) text += "m,k=b,z=1 w=1 " + std::to_string(any_time(any.prng, any.origin)) + "\n";
  any.store = store_of_lines(text);
  constexpr const char* kSelects[] = {"*", "v, l", "w, v", "mean(v)", "count(*)", "last(n), k", "max(v)"};
  constexpr const char* kSources[] = {"m", "/m/"};
  const std::string query =
      "SELECT " + std::string(kSelects[any.prng.below(7)]) + " FROM " + kSources[any.prng.below(2)] + " WHERE ";
  std::string rest = any_range(any.prng, any.origin);
  if (any.prng.chance(1, 3)) rest += " AND l = '1'";
  if (any.prng.chance(1, 3)) rest += " GROUP BY *";
  RC_ASSERT(any.ask(query + "k = 'a'" + rest) == any.ask(query + "k =~ /^a$/" + rest));
}

RC_GTEST_PROP(InfluxQlProperty, sums_over_intervals_are_the_total_in_every_zone, (uint64_t seed)) {
  AnyCase any(seed);
  constexpr const char* kZones[] = {"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"};
  const std::string from = " FROM m WHERE k =~ /a|b/" + any_range(any.prng, any.origin);
  const std::string zone = " fill(none) tz('" + std::string(kZones[any.prng.below(5)]) + "')";
  const auto parts =
      any.rows("SELECT sum(v), count(n)" + from + " GROUP BY time(" + any_interval(any.prng) + ")" + zone);
  const auto total = any.rows("SELECT sum(v), count(n)" + from + " tz('UTC')");
  RC_ASSERT(parts.size() == total.size());
  if (total.empty()) return;
  const auto number = [](const std::string& row, int column) {
    std::string text = row.substr(row.find(',') + 1);
    if (column == 2) text = text.substr(text.find(',') + 1);
    return text.starts_with("null") ? 0.0 : std::stod(text);
  };
  for (const int column : {1, 2}) {
    double sum = 0;
    for (const std::string& row : parts[0]) sum += number(row, column);
    RC_ASSERT(std::abs(sum - number(total[0][0], column)) < 1e-9);
  }
}

RC_GTEST_PROP(InfluxQlProperty, a_page_is_a_part_of_the_whole, (uint64_t seed)) {
  AnyCase any(seed);
  const std::string range = "k != ''" + any_range(any.prng, any.origin);
  const std::string queries[] = {"SELECT v, n, k FROM m WHERE " + range,
                                 "SELECT * FROM m WHERE " + range + " GROUP BY k",
                                 "SELECT v FROM m WHERE n > 10 AND " + range + " ORDER BY time DESC",
                                 "SELECT mean(v) FROM m WHERE " + range + " GROUP BY time(6h), k fill(previous)",
                                 "SELECT difference(v) FROM m WHERE " + range + " GROUP BY k",
                                 "SELECT x FROM (SELECT v * 2 AS x FROM m WHERE " + range + ")"};
  const std::string& query = queries[any.prng.below(6)];
  const uint64_t limit = 1 + any.prng.below(6);
  const uint64_t offset = any.prng.below(4);
  auto whole = any.rows(query);
  for (auto& rows : whole) {
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(std::min<uint64_t>(offset, rows.size())));
    rows.resize(std::min<uint64_t>(limit, rows.size()));
  }
  std::erase_if(whole, [](const auto& rows) { return rows.empty(); });
  RC_ASSERT(any.rows(query + " LIMIT " + std::to_string(limit) + " OFFSET " + std::to_string(offset)) == whole);
}

RC_GTEST_PROP(InfluxQlProperty, descending_is_ascending_from_behind, (uint64_t seed)) {
  AnyCase any(seed);
  const std::string range = "k != ''" + any_range(any.prng, any.origin);
  const std::string queries[] = {"SELECT v, n, k FROM m WHERE " + range,
                                 "SELECT * FROM m WHERE " + range + " GROUP BY k",
                                 "SELECT median(v), max(n) FROM m WHERE " + range + " GROUP BY time(1h), k fill(none)",
                                 "SELECT first(v), last(v) FROM m WHERE " + range + " GROUP BY time(6h) fill(none)",
                                 "SELECT integral(v, 1h) FROM m WHERE " + range + " GROUP BY k, l"};
  const std::string& query = queries[any.prng.below(5)];
  auto ascending = any.rows(query);
  std::reverse(ascending.begin(), ascending.end());
  for (auto& rows : ascending) std::reverse(rows.begin(), rows.end());
  const auto descending = any.rows(query + " ORDER BY time DESC");
  if (query.find("integral") == std::string::npos)
    RC_ASSERT(descending == ascending);
  else
    RC_ASSERT(descending.size() == ascending.size());
}

}  // namespace
}  // namespace timestore::query::influxql
