// Batches of a series, beside a naive store: entries and lines at the same times, in overlapping segments and fresh.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "engine/base/prng.h"
#include "tests/engine/store/series/series_story.h"

namespace timestore::store {
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

RC_GTEST_PROP(Batches, are_what_a_naive_store_holds_from_both_ends, (std::uint64_t seed)) {
  Prng prng(seed);
  Disk disk;
  const SeriesShape shape = any_shape(prng);
  auto series = open_series(disk, shape);
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
      const std::string device(1, static_cast<char>('a' + prng.below(3)));
      const auto time_ns = static_cast<std::int64_t>(prng.below(60)) + drift - 500;
      const double value = static_cast<double>(index) + static_cast<double>(written.size()) / 100;
      written.emplace_back(device, time_ns, is_entry, value);
      entries.push_back(measurement(device, time_ns, value, R"({"x":1})"));
    }
    for (const Told& told : written) naive.add(told);
    const raft::Entry command = is_entry ? command_of(entries) : lines_of(written);
    RC_ASSERT(series->apply(index, std::span(&command, 1)).has_value());
  }
  auto reader = open_reader(disk);
  RC_ASSERT(reader->begin().has_value());
  std::map<std::uint64_t, std::string> names;
  std::vector<std::uint64_t> numbers;
  const auto listed = reader->source().list({}, [&](query::Series&& each) { names[each.number] = each.name; });
  RC_ASSERT(listed.has_value());
  for (const auto& [number, name] : names) numbers.push_back(number);

  using Times = std::numeric_limits<std::int64_t>;
  const bool has_range = prng.chance(1, 2);
  const std::int64_t from = static_cast<std::int64_t>(prng.below(600)) - 500;
  const std::int64_t to = from + static_cast<std::int64_t>(prng.below(300));
  points::Reading reading{
      .series = numbers, .first_ns = has_range ? from : Times::min(), .last_ns = has_range ? to : Times::max()};
  std::erase_if(naive.points, [&](const Told& told) {
    return std::get<1>(told) < reading.first_ns || std::get<1>(told) > reading.last_ns;
  });
  std::sort(naive.points.begin(), naive.points.end());
  const auto by_number = [&](const Told& left, const Told& right) {
    const auto number_of = [&](const Told& told) {
      return std::find_if(names.begin(), names.end(),
                          [&](const auto& known) { return known.second == std::get<0>(told); })
          ->first;
    };
    return number_of(left) < number_of(right);
  };
  std::stable_sort(naive.points.begin(), naive.points.end(), by_number);
  RC_ASSERT(read(reader->source(), reading, names, prng) == naive.points);
  reading.is_descending = true;
  std::reverse(naive.points.begin(), naive.points.end());
  RC_ASSERT(read(reader->source(), reading, names, prng) == naive.points);
}

}  // namespace
}  // namespace timestore::store
