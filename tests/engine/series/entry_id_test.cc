#include "engine/series/entry_id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

#include "tests/engine/series/generators.h"

namespace timestore {
namespace {

EntryPosition random_position() {
  const auto index = *any_number<uint64_t>() & kMaxEntryIdIndex;
  const auto ordinal = *any_number<uint32_t>() & kMaxEntryIdOrdinal;
  return {index, ordinal};
}

std::string bits_of(uint64_t number, size_t count) {
  std::string bits;
  for (size_t bit = count; bit > 0; --bit) bits += (number >> (bit - 1) & 1) != 0 ? '1' : '0';
  return bits;
}

std::string bits_of(const Guid& id) {
  std::string bits;
  for (const uint8_t byte : id.bytes) bits += bits_of(byte, 8);
  return bits;
}

constexpr std::int64_t kTestDayNs = std::int64_t{24} * 3600 * 1'000'000'000;

TEST(EntryId, the_layout_is_the_documented_one) {
  EXPECT_EQ(make_entry_id({1, 0}, 0, "", 0).text(), "00000000-0001-8b99-8000-000000000000");
  EXPECT_EQ(make_entry_id({0, 1}, 0, "", 0).text(), "00000000-0000-8b99-8000-200000000000");
  EXPECT_EQ(make_entry_id({0, 0}, 1, "", 0).text(), "00000000-0000-8b99-8000-000000000001");
  EXPECT_EQ(make_entry_id({0, 0}, 0, "", kTestDayNs).text(), "00000000-0000-8b99-8000-000800000000");
  EXPECT_EQ(make_entry_id({0, 0}, 0, "pump", 0).text(), "00000000-0000-8417-8000-000000000000");
  EXPECT_EQ(make_entry_id({kMaxEntryIdIndex, kMaxEntryIdOrdinal}, ~uint64_t{0}, "", -1).text(),
            "ffffffff-ffff-8b99-bfff-ffffffffffff");
}

// The oracle lays the fields side by side as text.
RC_GTEST_PROP(EntryId, the_fields_stand_side_by_side, (uint64_t salt, const std::string& device, int16_t day)) {
  const EntryPosition position = random_position();
  const std::int64_t time = day * kTestDayNs + *rc::gen::inRange<std::int64_t>(0, kTestDayNs);
  const auto day_bits = static_cast<uint64_t>(((day % 1024) + 1024) % 1024);
  RC_ASSERT(bits_of(make_entry_id(position, salt, device, time)) ==
            bits_of(position.index, 48) + "1000" + bits_of(device_hash(device), 64).substr(0, 12) + "10" +
                bits_of(position.ordinal, 17) + bits_of(day_bits, 10) + bits_of(salt, 35));
}

RC_GTEST_PROP(EntryId, what_it_says_reads_back, (const std::string& device, std::int64_t time)) {
  const EntryPosition position = random_position();
  const uint64_t salt = *any_number<uint64_t>() % kEntryIdSalts;
  const auto told = parts_of(make_entry_id(position, salt, device, time));
  RC_ASSERT(told.has_value());
  RC_ASSERT(told->position == position);
  RC_ASSERT(told->salt == salt);
  RC_ASSERT(told->day == day_of(time));
  RC_ASSERT(told->device == device_hash(device) >> 52);
}

RC_GTEST_PROP(EntryId, ids_of_one_device_and_salt_order_by_position, (uint64_t salt, const std::string& device)) {
  const EntryPosition left = random_position();
  EntryPosition right = random_position();
  if (*rc::gen::arbitrary<bool>()) right.index = left.index;
  RC_ASSERT((left <=> right) == (make_entry_id(left, salt, device, 7) <=> make_entry_id(right, salt, device, 7)));
}

TEST(EntryId, days_begin_at_midnight_before_1970_too) {
  EXPECT_EQ(day_of(-1), kEntryIdDays - 1);
  EXPECT_EQ(day_of(0), 0U);
  EXPECT_EQ(day_of(kTestDayNs - 1), 0U);
  EXPECT_EQ(day_of(kTestDayNs), 1U);
  EXPECT_EQ(day_of(kEntryIdDays * kTestDayNs), 0U);
}

TEST(EntryId, ids_of_other_makers_tell_no_position) {
  EXPECT_EQ(parts_of(Guid{}), std::nullopt);
  EXPECT_EQ(parts_of(*Guid::parse("00000000-0001-7000-8000-000000000000")), std::nullopt);
  EXPECT_EQ(parts_of(*Guid::parse("00000000-0001-8000-c000-000000000000")), std::nullopt);
  EXPECT_EQ(parts_of(*Guid::parse("00000000-0001-8000-0000-000000000000")), std::nullopt);
}

TEST(EntryIdDeathTest, a_position_out_of_its_bits_is_a_bug) {
  EXPECT_DEATH(make_entry_id({kMaxEntryIdIndex + 1, 0}, 0, "", 0), "48 bits of log index");
  EXPECT_DEATH(make_entry_id({0, kMaxEntryIdOrdinal + 1}, 0, "", 0), "17 bits of ordinal");
}

}  // namespace
}  // namespace timestore
