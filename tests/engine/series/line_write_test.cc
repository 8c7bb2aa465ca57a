// Writes of lines as bytes, and back; and any other bytes.
#include "engine/series/line_write.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <limits>

#include "engine/series/command.h"

namespace timestore {
namespace {

using points::Type;

LineWrite two_lines() {
  return {.database = "telegraf",
          .keeps_good_lines = true,
          .series = {{.name = "cpu,host=a idle", .type = Type::kFloat},
                     {.name = "cpu,host=a state", .type = Type::kString},
                     {.name = "cpu,host=b idle", .type = Type::kInteger},
                     {.name = "boiler", .is_device = true}},
          .points = {{.series = 0, .time_ns = 5, .bits = std::bit_cast<std::uint64_t>(-0.0)},
                     {.series = 1, .time_ns = 5, .text = "on"},
                     {.series = 2, .time_ns = -7, .bits = static_cast<std::uint64_t>(std::int64_t{-3})},
                     {.series = 3, .time_ns = 5, .bits = std::bit_cast<std::uint64_t>(21.5)}},
          .line_ends = {2, 3, 4}};
}

std::string bytes_of(const LineWrite& write) {
  std::string bytes;
  append_line_write(bytes, write);
  return bytes;
}

TEST(LineWrite, comes_back_from_its_bytes) {
  const auto back = read_line_write(bytes_of(two_lines()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, two_lines());
}

TEST(LineWrite, is_a_command_of_version_three) {
  const auto back = decode_command(encode_lines(two_lines(), kLinesVersion));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->lines, two_lines());
  EXPECT_TRUE(back->entries.empty());
  const auto older = decode_command(encode_lines(two_lines(), kLinesVersion), kRetentionVersion);
  ASSERT_FALSE(older);
  EXPECT_TRUE(older.error().is_unknown) << "to skip it would be to lose it";
}

TEST(LineWrite, that_cannot_be_applied_is_none) {
  const auto refused = [](const auto& change) {
    LineWrite write = two_lines();
    change(write);
    return !read_line_write(bytes_of(write)).has_value();
  };
  EXPECT_TRUE(refused([](LineWrite& write) { write.series[0].name = "cpu"; })) << "no field";
  EXPECT_TRUE(refused([](LineWrite& write) { write.series[3].name = "\xff"; })) << "no text";
  EXPECT_TRUE(refused([](LineWrite& write) { write.points[1].time_ns = 6; })) << "a line has one time";
  EXPECT_TRUE(refused([](LineWrite& write) { write.line_ends = {2, 4}; })) << "a line has one time";
  EXPECT_TRUE(refused([](LineWrite& write) { write.line_ends = {2, 3}; })) << "a point of no line";
  EXPECT_TRUE(refused([](LineWrite& write) { write.series[1].name = "cpu,host=b state"; })) << "a line has one key";
  EXPECT_TRUE(refused([](LineWrite& write) { write.database = std::string(256, 'd'); }));
  EXPECT_TRUE(refused([](LineWrite& write) { write.series.push_back({.name = "m f"}); })) << "a series without points";
  EXPECT_TRUE(refused([](LineWrite& write) {
    write.points[1] = write.points[0];
    write.series.erase(write.series.begin() + 1);
    write.points[2].series = 1;
    write.points[3].series = 2;
  })) << "a field twice in a line";
}

TEST(LineWrite, without_lines_creates_a_database) {
  EXPECT_EQ(read_line_write(bytes_of({.database = "telegraf"})), (LineWrite{.database = "telegraf"}));
  EXPECT_FALSE(read_line_write(bytes_of({}))) << "our own is there";
  EXPECT_FALSE(read_line_write(bytes_of({.database = "telegraf"}) + "x"));
  EXPECT_FALSE(read_line_write(bytes_of({.database = "telegraf", .series = {{.name = "m f"}}})));
}

TEST(LineWrite, costs_few_bytes_for_each_field_of_a_line) {
  LineWrite write;
  for (std::uint32_t host = 0; host < 100; ++host) {
    for (std::uint32_t field = 0; field < 10; ++field) {
      write.points.push_back({.series = static_cast<std::uint32_t>(write.series.size()), .time_ns = 1'000'000'000});
      write.series.push_back({.name = "cpu,hostname=host_" + std::to_string(host) +
                                      ",region=eu-west-1,datacenter=eu-west-1b,rack=67 usage_" + std::to_string(field)});
    }
    write.line_ends.push_back(static_cast<std::uint32_t>(write.points.size()));
  }
  EXPECT_LT(bytes_of(write).size(), 14'000U) << "14 bytes a point, where the names alone have 75";
  EXPECT_EQ(read_line_write(bytes_of(write)), write);
}

RC_GTEST_PROP(LineWriteProperty, any_bytes_are_a_write_or_an_error, (std::string bytes, std::uint16_t at, char other)) {
  (void)read_line_write(bytes);
  std::string damaged = bytes_of(two_lines());
  damaged[at % damaged.size()] = other;
  if (const auto read = read_line_write(damaged)) RC_ASSERT(read_line_write(bytes_of(*read)) == *read);
  (void)read_line_write(std::string_view(damaged).substr(0, at % damaged.size()));
}

}  // namespace
}  // namespace timestore
