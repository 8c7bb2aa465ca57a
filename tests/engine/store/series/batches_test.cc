// Batches of a series, beside a naive store: entries and lines at the same times, in overlapping segments and fresh.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "engine/base/prng.h"
#include "tests/engine/store/series/series_story.h"

namespace timestore::store::batches_test {
namespace {

// Device, time, whether it is an entry, value. In this order they are told, since each value is greater than all
// before.
using Told = std::tuple<std::string, std::int64_t, bool, double>;

struct Naive {
  std::vector<Told> points;
  void add(const Told& told) {
    const bool is_line = !std::get<2>(told);
    std::erase_if(points, [&](const Told& known) {
      const bool is_same = std::get<0>(known) == std::get<0>(told) && std::get<1>(known) == std::get<1>(told);
      return is_line && is_same && !std::get<2>(known);
    });
    points.push_back(told);
  }
};

raft::Entry lines_of(const std::vector<Told>& told) {
  LineWrite write{.keeps_good_lines = true};
  std::map<std::string, std::uint32_t> places;
  for (const auto& [device, time_ns, is_entry, value] : told) {
    const auto [place, is_new] = places.emplace(device, static_cast<std::uint32_t>(places.size()));
    if (is_new) write.series.push_back({.name = device, .is_device = true, .type = points::Type::kFloat});
    write.points.push_back({.series = place->second, .time_ns = time_ns, .bits = std::bit_cast<std::uint64_t>(value)});
    write.line_ends.push_back(static_cast<std::uint32_t>(write.points.size()));
  }
  return command_text(encode_lines(write, kLinesVersion));
}

// What a cursor tells within the range, from its first batch on. Some batches are asked for identities, which must be
// those of the points.
std::vector<Told> read(query::Source& source, points::Reading reading,
                       const std::map<std::uint64_t, std::string>& names, Prng& prng) {
  std::vector<Told> told;
  auto cursor = source.read(reading);
  TIMESTORE_CHECK(cursor.has_value(), "the series can be read");
  while ((*cursor)->next().value()) {
    const points::BatchHead& head = (*cursor)->head();
    const points::BlockColumns& columns = **(*cursor)->columns();
    RC_ASSERT(columns.count == head.count);
    RC_ASSERT(columns.times[0] == head.first_ns);
    RC_ASSERT(columns.times[head.count - 1] == head.last_ns);
    const bool asks = prng.chance(1, 2);
    const points::BlockIdentities* identities = asks ? *(*cursor)->identities() : nullptr;
    for (std::size_t step = 0; step < head.count; ++step) {
      const std::size_t at = reading.is_descending ? head.count - 1 - step : step;
      const double value = std::bit_cast<double>(columns.bits[at]);
      const std::uint64_t index = asks ? identities->seqs[at] >> 17 : static_cast<std::uint64_t>(value);
      RC_ASSERT(index == static_cast<std::uint64_t>(value));
      if (asks) RC_ASSERT(identities->attributes[at] == (columns.are_lines[at] ? "" : R"({"x":1})"));
      if (columns.times[at] < reading.first_ns || columns.times[at] > reading.last_ns) continue;
      told.emplace_back(names.at(head.series), columns.times[at], !columns.are_lines[at], value);
    }
  }
  return told;
}

// Of all series, or some, in any range, twice: what a reader has kept of the first time must not change the second.
void compare(SeriesReader& reader, const Naive& naive, Prng& prng) {
  RC_ASSERT(reader.begin().has_value());
  std::map<std::uint64_t, std::string> names;
  std::map<std::string, std::uint64_t> numbers_by_name;
  const auto listed = reader.source().list({}, [&](query::Series&& each) { names[each.number] = each.name; });
  RC_ASSERT(listed.has_value());
  std::vector<std::uint64_t> numbers;
  const bool are_some = prng.chance(1, 2);
  for (const auto& [number, name] : names) {
    numbers_by_name[name] = number;
    if (!are_some || prng.chance(1, 3)) numbers.push_back(number);
  }
  using Times = std::numeric_limits<std::int64_t>;
  const bool has_range = prng.chance(1, 2);
  const std::int64_t from = static_cast<std::int64_t>(prng.below(600)) - 500;
  const std::int64_t to = from + static_cast<std::int64_t>(prng.below(300));
  points::Reading reading{
      .series = numbers, .first_ns = has_range ? from : Times::min(), .last_ns = has_range ? to : Times::max()};
  std::vector<std::pair<std::uint64_t, Told>> expected;
  for (const Told& told : naive.points) {
    const std::uint64_t number = numbers_by_name.at(std::get<0>(told));
    const std::int64_t time_ns = std::get<1>(told);
    const bool is_wanted = std::find(numbers.begin(), numbers.end(), number) != numbers.end() &&
                           time_ns >= reading.first_ns && time_ns <= reading.last_ns;
    if (is_wanted) expected.emplace_back(number, told);
  }
  std::sort(expected.begin(), expected.end());
  std::vector<Told> points;
  for (const auto& [number, told] : expected) points.push_back(told);
  for (unsigned time = 0; time < 2; ++time) {
    reading.is_descending = false;
    RC_ASSERT(read(reader.source(), reading, names, prng) == points);
    reading.is_descending = true;
    std::reverse(points.begin(), points.end());
    RC_ASSERT(read(reader.source(), reading, names, prng) == points);
    std::reverse(points.begin(), points.end());
  }
  reader.end();
}

RC_GTEST_PROP(Batches, are_what_a_naive_store_holds_from_both_ends, (std::uint64_t seed)) {
  Prng prng(seed);
  Disk disk;
  const SeriesShape shape = any_shape(prng);
  auto series = open_series(disk, shape);
  auto reader = open_reader(disk);
  Naive naive;
  raft::Index index = 0;
  std::int64_t drift = 0;  // late points overlap what is sealed; with none, segments follow each other
  const std::uint64_t drifts = prng.below(3) * 20;
  for (std::size_t commands = prng.below(60); commands > 0; --commands, drift += static_cast<std::int64_t>(drifts)) {
    const bool is_entry = prng.chance(1, 3);
    std::vector<TimeEntry> entries;
    std::vector<Told> written;
    ++index;
    for (std::size_t count = 1 + prng.below(20); count > 0; --count) {
      const std::string device(1, static_cast<char>('a' + prng.below(12)));
      const auto time_ns = static_cast<std::int64_t>(prng.below(60)) + drift - 500;
      const double value = static_cast<double>(index) + static_cast<double>(written.size()) / 100;
      written.emplace_back(device, time_ns, is_entry, value);
      entries.push_back(measurement(device, time_ns, value, R"({"x":1})"));
    }
    for (const Told& told : written) naive.add(told);
    const raft::Entry command = is_entry ? command_of(entries) : lines_of(written);
    RC_ASSERT(series->apply(index, std::span(&command, 1)).has_value());
    if (prng.chance(1, 5)) compare(*reader, naive, prng);
  }
  compare(*reader, naive, prng);
}

}  // namespace
}  // namespace timestore::store::batches_test
