// Batches out and in.
#include "engine/store/points/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <map>
#include <memory>

#include "tests/engine/store/points/any_points.h"
#include "tests/engine/store/points/columns.h"

namespace timestore::points::batch_test {
namespace {

std::vector<Told> points_in(const BatchReader& batch) {
  std::vector<Told> told;
  const auto read = batch.read([&](const Point& point) { told.emplace_back(point); });
  EXPECT_TRUE(read) << read.error().message;
  return told;
}

RC_GTEST_PROP(Batch, comes_back_whatever_the_order_in_which_it_came, (uint64_t seed)) {
  Prng prng(seed);
  SortedRun run = any_run(prng);
  shuffle(prng, run.points);
  run.points.resize(std::min<size_t>(run.points.size(), 1 + prng.below(3000)));
  BatchWriter writer;
  std::map<SeriesNumber, SeriesNumber> places_of_series;
  std::vector<BatchSeries> series;
  for (Point& point : run.points) {
    const auto [known, is_new] = places_of_series.emplace(point.series, series.size());
    if (is_new) {
      const bool is_numbered = prng.chance(1, 2);
      const std::string& name = run.texts.emplace_back("series " + std::to_string(point.series));
      series.push_back(is_numbered ? BatchSeries{.number = point.series + 1} : BatchSeries{.name = name});
      RC_ASSERT(writer.add_series(series.back()) == known->second);
    }
    point.series = known->second;
    writer.add(point);
  }
  const std::string bytes = writer.finish();
  RC_ASSERT(writer.size() == 0);

  const auto batch = BatchReader::open(bytes);
  RC_ASSERT(batch.has_value());
  RC_ASSERT(batch->series() == series);
  RC_ASSERT(batch->size() == run.points.size());
  const auto told = points_in(*batch);
  RC_ASSERT(told.size() == run.points.size());
  for (const Told& each : told) {
    const Seq place = each.point.seq;
    Point expected = run.points.at(place);
    expected.seq = place;
    RC_ASSERT(each.whole() == expected);
  }
  for (size_t at = 1; at < told.size(); ++at) RC_ASSERT(is_before(told[at - 1].point, told[at].point));
}

// The usual case: each device has sent one value.
TEST(Batch, a_point_of_each_of_a_thousand_known_series_costs_a_few_bytes) {
  BatchWriter writer;
  for (SeriesNumber number = 1; number <= 1000; ++number) {
    const auto place = writer.add_series({.number = number});
    const double value = 20 + static_cast<double>(number * 7919 % 1000) / 100;
    writer.add({.series = place, .time_ns = 1'700'000'000'000'000'000, .bits = std::bit_cast<uint64_t>(value)});
  }
  EXPECT_LT(writer.finish().size(), 4'000U);
}

// These bytes are in logs: they never change.
TEST(Batch, has_these_bytes) {
  BatchWriter writer;
  const auto pump = writer.add_series({.name = "pump"});
  const auto fan = writer.add_series({.number = 300});
  writer.add({.series = fan, .time_ns = 5, .bits = std::bit_cast<uint64_t>(2.5)});
  writer.add({.series = pump, .time_ns = 7, .bits = std::bit_cast<uint64_t>(1.0), .attributes = "{}"});
  EXPECT_EQ(hex(writer.finish()), "02000470756d70ac021300090001010a020a0a020002020e030102141e02020102010204037b7d");
}

TEST(Batch, what_cannot_be_one_is_refused) {
  BatchWriter writer;
  writer.add({.series = writer.add_series({.name = "pump"}), .time_ns = 7});
  const std::string bytes = writer.finish();
  const auto complaint = [](const std::string& batch) {
    const auto reader = BatchReader::open(batch);
    if (!reader) return reader.error().message;
    const auto read = reader->read([](const Point&) {});
    return read ? std::string("accepted") : read.error().message;
  };
  EXPECT_EQ(complaint(bytes), "accepted");
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_NE(complaint(bytes.substr(0, size)), "accepted") << size;
  EXPECT_EQ(complaint(std::string(1, '\0')), "a batch has no series, or too many");
  EXPECT_EQ(complaint(std::string("\x01\x00\x00", 3)), "a batch has a series with a name of an impossible size");
  std::string other = bytes;
  other[0] = 2;  // the next byte is then a second series' number, and so on
  EXPECT_NE(complaint(other), "accepted");
}

TEST(Batch, no_bytes_do_any_harm) {
  Prng prng(5);
  for (int round = 0; round < 3000; ++round) {
    BatchWriter writer;
    const size_t some_series = 1 + prng.below(20);
    for (size_t number = 0; number < some_series; ++number) {
      const auto place = writer.add_series({.number = prng.below(3), .name = "abc"});
      for (uint64_t count = prng.below(20); count > 0; --count) {
        writer.add({.series = place, .time_ns = static_cast<int64_t>(prng.next()), .bits = prng.next()});
      }
      if (writer.size() == 0) writer.add({.series = place});
    }
    std::string bytes = writer.finish();
    for (uint64_t flips = 1 + prng.below(4); flips > 0; --flips) {
      bytes[prng.below(bytes.size())] = static_cast<char>(prng.below(256));
    }
    const std::unique_ptr<char[]> exact(new char[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), exact.get());
    const auto batch = BatchReader::open({exact.get(), bytes.size()});
    if (batch) std::ignore = batch->read([](const Point&) {});
  }
}

}  // namespace
}  // namespace timestore::points::batch_test
