// Lines in the series file: types, replacement, databases, and a naive twin beside it.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <map>
#include <tuple>

#include "engine/base/prng.h"
#include "engine/query/rows.h"
#include "tests/engine/store/series/series_story.h"

namespace timestore::store::series_lines_test {
namespace {

using points::Type;
using testing::ElementsAre;

struct Field {
  std::string series;  // its name; without a space: a device
  Type type = Type::kFloat;
  std::uint64_t bits = 0;
  std::string text = {};
};

struct WrittenLine {
  std::int64_t time_ns = 0;
  std::vector<Field> fields;
};

Field number(const std::string& series, double value) {
  return {.series = series, .type = Type::kFloat, .bits = std::bit_cast<std::uint64_t>(value)};
}
Field integer(const std::string& series, std::int64_t value) {
  return {.series = series, .type = Type::kInteger, .bits = static_cast<std::uint64_t>(value)};
}

bool is_device(const std::string& series) { return series.find(' ') == std::string::npos; }

LineWrite write_of(const std::vector<WrittenLine>& lines, const std::string& database = "", bool keeps_good = true) {
  LineWrite write{.database = database, .keeps_good_lines = keeps_good};
  std::map<std::pair<std::string, Type>, std::uint32_t> places;
  for (const WrittenLine& line : lines) {
    for (const Field& field : line.fields) {
      const auto [place, is_new] = places.emplace(std::pair(field.series, field.type), write.series.size());
      if (is_new) {
        write.series.push_back({.name = field.series, .is_device = is_device(field.series), .type = field.type});
      }
      write.points.push_back(
          {.series = place->second, .time_ns = line.time_ns, .bits = field.bits, .text = field.text});
    }
    write.line_ends.push_back(static_cast<std::uint32_t>(write.points.size()));
  }
  return write;
}

raft::Entry lines(const std::vector<WrittenLine>& written, const std::string& database = "", bool keeps_good = true) {
  return command_text(encode_lines(write_of(written, database, keeps_good), kLinesVersion));
}

// Database, name, whether it is a field, time, type, value: by device and time.
using Seen = std::tuple<std::string, std::string, std::int64_t, Type, std::uint64_t, std::string>;

std::vector<Seen> rows_of(SeriesReader& reader, const std::string& database, std::size_t page_rows = 10'000) {
  std::vector<Seen> seen;
  auto rows = query::RowReader::open({.filter = {.database = database}, .order = query::Order::kDevice},
                                     reader.source(), {.page_rows = page_rows});
  TIMESTORE_CHECK(rows.has_value(), "the query can be read");
  for (bool goes_on = true; goes_on;) {
    const auto more = rows->next_page([&](const query::Row& row) {
      if (!row.point.is_line) return;
      EXPECT_EQ(row.point.type, row.series.type);
      seen.emplace_back(row.series.database, row.series.name, row.point.time_ns, row.point.type, row.point.bits,
                        std::string(row.point.text));
    });
    TIMESTORE_CHECK(more.has_value(), "the page can be read");
    goes_on = *more;
  }
  return seen;
}

class Lines : public SeriesStory {
 protected:
  ApplyResult write(const raft::Entry& command) { return apply(std::vector{command}).at(0); }
  std::vector<Seen> seen(const std::string& database = "") {
    auto reader = open_reader(disk);
    EXPECT_TRUE(reader->begin().has_value());
    return rows_of(*reader, database);
  }
};

TEST_F(Lines, are_stored_with_their_types) {
  EXPECT_EQ(write(lines({{5, {number("cpu,host=a idle", -0.0), integer("cpu,host=a n", -3)}},
                         {5, {{.series = "cpu,host=a on", .type = Type::kBoolean, .bits = 1}}},
                         {6, {{.series = "cpu,host=a who", .type = Type::kString, .text = "me"}}}})),
            kStored);
  EXPECT_THAT(seen(), ElementsAre(Seen{"", "cpu,host=a idle", 5, Type::kFloat, std::uint64_t{1} << 63, ""},
                                  Seen{"", "cpu,host=a n", 5, Type::kInteger, ~std::uint64_t{2}, ""},
                                  Seen{"", "cpu,host=a on", 5, Type::kBoolean, 1, ""},
                                  Seen{"", "cpu,host=a who", 6, Type::kString, 0, "me"}));
}

TEST_F(Lines, replace_lines_of_their_series_and_time_and_no_entries) {
  apply({measurement("boiler", 5, 1)});
  write(lines({{5, {number("boiler", 2)}}}));
  write(lines({{5, {number("boiler", 3)}}}));
  EXPECT_THAT(seen(), ElementsAre(Seen{"", "boiler", 5, Type::kFloat, std::bit_cast<std::uint64_t>(3.0), ""}));
  EXPECT_EQ(stored_on(disk).size(), 1U) << "the entry is still there";
}

TEST_F(Lines, of_another_type_are_refused_and_the_good_ones_kept) {
  write(lines({{1, {number("cpu,host=a idle", 1)}}}));
  const auto result = write(lines({{2, {number("cpu,host=b idle", 1)}},
                                   {3, {number("cpu,host=b load", 1), integer("cpu,host=b idle", 1)}},
                                   {4, {integer("cpu,host=a load", 1)}}}));
  EXPECT_EQ(result.outcome, Outcome::kPartlyStored);
  EXPECT_THAT(result.conflicts, ElementsAre(2)) << "the point that is wrong";
  EXPECT_EQ(result.stored_type, static_cast<std::uint8_t>(Type::kFloat));
  EXPECT_EQ(seen().size(), 3U) << "the refused line did not decide the type of load";
  EXPECT_EQ(write(lines({{5, {number("cpu load", 1)}}})).outcome, Outcome::kPartlyStored);
}

TEST_F(Lines, are_stored_together_or_not_at_all_where_that_is_asked) {
  write(lines({{1, {number("cpu idle", 1)}}}));
  const auto result = write(lines({{2, {number("cpu idle", 1)}}, {3, {integer("cpu idle", 1)}}}, "", false));
  EXPECT_EQ(result.outcome, Outcome::kTypeConflict);
  EXPECT_EQ(seen().size(), 1U);
}

TEST_F(Lines, keep_types_and_databases_apart) {
  write(lines({{1, {number("cpu idle", 1)}}}));
  EXPECT_EQ(write(lines({{1, {integer("cpu idle", 1)}}}, "telegraf")), kStored);
  EXPECT_EQ(write(lines({{1, {integer("boiler", 1)}}}, "telegraf")).outcome, Outcome::kPartlyStored)
      << "values of devices are floats";
  EXPECT_EQ(seen().size(), 1U);
  EXPECT_EQ(seen("telegraf").size(), 1U);
  EXPECT_EQ(seen("other").size(), 0U);
  auto reader = open_reader(disk);
  ASSERT_TRUE(reader->begin().has_value());
  EXPECT_THAT(reader->databases().value(), ElementsAre("telegraf"));
}

TEST_F(Lines, are_not_needed_to_create_a_database) {
  EXPECT_EQ(write(lines({}, "telegraf")), kStored);
  EXPECT_EQ(write(lines({}, "telegraf")), kStored) << "once more";
  auto reader = open_reader(disk);
  ASSERT_TRUE(reader->begin().has_value());
  EXPECT_THAT(reader->databases().value(), ElementsAre("telegraf"));
}

TEST_F(Lines, before_the_edge_of_retention_are_refused) {
  write(command_text(encode_order({.sets_age = true, .max_age_ns = kMinAge, .edge_ns = 100}, kRetentionVersion)));
  const auto result = write(lines({{99, {number("cpu idle", 1)}}, {100, {number("cpu idle", 1)}}}));
  EXPECT_EQ(result.outcome, Outcome::kPartlyStored);
  EXPECT_THAT(result.conflicts, ElementsAre(0));
  EXPECT_EQ(result.stored_type, 0);
  EXPECT_EQ(write(lines({{99, {number("cpu idle", 1)}}}, "", false)).outcome, Outcome::kExpired);
  EXPECT_EQ(seen().size(), 1U);
}

TEST_F(Lines, are_found_by_their_ids) {
  write(lines({{-7, {{.series = "m,t=a f", .type = Type::kString, .text = "long enough to lie on the heap"}}}}, "db"));
  const auto check = [&] {
    auto reader = open_reader(disk);
    ASSERT_TRUE(reader->begin().has_value());
    const query::Series known{.database = "db", .name = "m,t=a f", .is_line = true};
    const Guid id = reader->id_of({.time_ns = -7, .is_line = true}, known).value();
    std::string told;
    EXPECT_TRUE(reader->find_line(id, [&](const query::Series& of, const points::Point& point) {
      told = of.database + "/" + of.measurement + "/" + std::string(point.text);
    }).value());
    EXPECT_EQ(told, "db/m/long enough to lie on the heap");
    const Guid other = reader->id_of({.time_ns = -6, .is_line = true}, known).value();
    EXPECT_FALSE(reader->find_line(other, [](const auto&, const auto&) {}).value());
  };
  check();
  shape = kSealsLate;
  reopen();
  check();
}

TEST_F(Lines, keep_their_ids_from_entries) {
  write(lines({{5, {number("cpu idle", 1)}}}));
  const auto id_at = [](std::int64_t time_ns) {
    return make_line_id(hash_of({.is_line = true, .name = "cpu idle"}), time_ns);
  };
  EXPECT_EQ(apply({with_id(id_at(5), measurement("boiler", 5, 1))}).outcome, Outcome::kConflict);
  EXPECT_EQ(apply({with_id(id_at(6), measurement("boiler", 5, 1))}), kStored) << "no line has that";
}

TEST_F(Lines, are_no_entries_even_for_an_id_that_tells_their_place) {
  apply({measurement("boiler", 5, 1)});
  write(lines({{5, {number("boiler", 2)}}}));
  const Guid first = stored_on(disk).front().id;
  const auto told = parts_of(first);
  ASSERT_TRUE(told.has_value());
  auto reader = open_reader(disk);
  ASSERT_TRUE(reader->begin().has_value());
  EXPECT_FALSE(reader->find(make_entry_id({.index = 2, .ordinal = 0}, told->salt, "boiler", 5)).value());
}

// ---------------------------------------------------------------------------------------------------------------------

// What the store is, by simple containers.
struct Twin {
  std::map<std::tuple<std::string, std::string, std::string>, Type> types;  // database, measurement, field
  std::map<std::string, std::map<std::pair<std::string, std::int64_t>, Field>> points;
  std::int64_t edge = kNoEdge;

  bool fits(const std::string& database, const WrittenLine& line) const {
    if (line.time_ns < edge) return false;
    for (const Field& field : line.fields) {
      const auto found = types.find(key_of(database, field));
      if (is_device(field.series) && field.type != Type::kFloat) return false;
      if (!is_device(field.series) && found != types.end() && found->second != field.type) return false;
    }
    return true;
  }
  static std::tuple<std::string, std::string, std::string> key_of(const std::string& database, const Field& field) {
    const auto& name = field.series;
    return {database, name.substr(0, name.find_first_of(", ")), name.substr(std::min(name.find(' '), name.size()))};
  }
  std::size_t apply(const std::string& database, const std::vector<WrittenLine>& written, bool keeps_good) {
    Twin after = *this;
    std::size_t refused = 0;
    for (const WrittenLine& line : written) {
      if (!after.fits(database, line)) ++refused;
      if (!after.fits(database, line)) continue;
      for (const Field& field : line.fields) {
        if (!is_device(field.series)) after.types.emplace(key_of(database, field), field.type);
        after.points[database].insert_or_assign({field.series, line.time_ns}, field);
      }
    }
    if (refused == 0 || keeps_good) *this = std::move(after);
    return refused;
  }
  std::vector<Seen> rows(const std::string& database) {
    std::vector<Seen> rows;
    for (const auto& [place, field] : points[database]) {
      if (place.second < edge) continue;
      rows.emplace_back(database, place.first, place.second, field.type, field.bits, field.text);
    }
    return rows;
  }
};

Field any_field(Prng& prng, const std::string& series) {
  Field field{.series = series,
              .type = prng.chance(1, 2) ? Type::kFloat : static_cast<Type>(1 + prng.below(5)),
              .bits = prng.below(3)};
  if (field.type == Type::kString) field.text = std::string(prng.below(30), 's');
  if (field.type == Type::kString) field.bits = 0;
  if (field.type == Type::kBoolean) field.bits &= 1;
  return field;
}

std::vector<WrittenLine> any_lines(Prng& prng) {
  static const std::string kKeys[] = {"m,t=a ", "m,t=b ", "m ", "n,t=a "};
  std::vector<WrittenLine> written(1 + prng.below(8));
  for (WrittenLine& line : written) {
    line.time_ns = static_cast<std::int64_t>(prng.below(60)) - 20;
    const std::string& key = kKeys[prng.below(std::size(kKeys))];
    for (const char* field : {"f", "g", "h"}) {
      if (prng.chance(1, 2)) line.fields.push_back(any_field(prng, key + field));
    }
    if (line.fields.empty() || prng.chance(1, 4)) line.fields.push_back(any_field(prng, prng.chance(1, 2) ? "a" : "b"));
  }
  return written;
}

RC_GTEST_PROP(LinesProperty, are_what_a_naive_store_holds, (std::uint64_t seed)) {
  Prng prng(seed);
  Disk disk;
  const SeriesShape shape = any_shape(prng);
  auto series = open_series(disk, shape);
  Twin twin;
  std::vector<raft::Entry> log;
  for (std::size_t commands = prng.below(40); commands > 0; --commands) {
    if (prng.chance(1, 8)) {
      const RetentionOrder expiry{
          .sets_age = true, .max_age_ns = kMinAge, .edge_ns = static_cast<std::int64_t>(prng.below(40)) - 20};
      log.push_back(command_text(encode_order(expiry, kRetentionVersion)));
      twin.edge = std::max(twin.edge, expiry.edge_ns);
      RC_ASSERT(series->apply(log.size(), std::span(&log.back(), 1)).has_value());
      continue;
    }
    const std::string database = prng.chance(1, 3) ? "db" : "";
    const std::vector<WrittenLine> written = any_lines(prng);
    const bool keeps_good = prng.chance(1, 2);
    log.push_back(lines(written, database, keeps_good));
    const std::size_t refused = twin.apply(database, written, keeps_good);
    const auto results = series->apply(log.size(), std::span(&log.back(), 1));
    RC_ASSERT(results.has_value());
    RC_ASSERT(results->front().conflicts.size() == refused);
    if (prng.chance(1, 6)) {  // what is fresh is lost, and applied again
      const std::uint64_t hash = series->state_hash();
      series.reset();
      series = open_series(disk, shape);
      const auto behind = std::span(log).subspan(series->applied().index);
      if (!behind.empty()) RC_ASSERT(series->apply(series->applied().index + 1, behind).has_value());
      RC_ASSERT(series->state_hash() == hash);
    }
  }
  auto reader = open_reader(disk);
  RC_ASSERT(reader->begin().has_value());
  for (const std::string database : {"", "db"}) {
    RC_ASSERT(rows_of(*reader, database, 1 + prng.below(30)) == twin.rows(database));
  }
}

}  // namespace
}  // namespace timestore::store::series_lines_test
