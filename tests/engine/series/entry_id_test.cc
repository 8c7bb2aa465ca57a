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

TEST(EntryId, the_layout_is_the_documented_one) {
  EXPECT_EQ(make_entry_id({1, 0}, 0).text(), "00000000-0001-8000-8000-000000000000");
  EXPECT_EQ(make_entry_id({0, 1}, 0).text(), "00000000-0000-8000-8000-200000000000");
  EXPECT_EQ(make_entry_id({0, 0}, 1).text(), "00000000-0000-8000-8000-000000000001");
  EXPECT_EQ(make_entry_id({kMaxEntryIdIndex, kMaxEntryIdOrdinal}, ~uint64_t{0}).text(),
            "ffffffff-ffff-8fff-bfff-ffffffffffff");
}

// The oracle lays the fields side by side as text.
RC_GTEST_PROP(EntryId, the_fields_stand_side_by_side, ()) {
  const EntryPosition position = random_position();
  const auto salt = *any_number<uint64_t>();
  const std::string salt_bits = bits_of(salt, 57);
  RC_ASSERT(bits_of(make_entry_id(position, salt)) == bits_of(position.index, 48) + "1000" + salt_bits.substr(0, 12) +
                                                          "10" + bits_of(position.ordinal, 17) + salt_bits.substr(12));
}

RC_GTEST_PROP(EntryId, the_position_reads_back, ()) {
  const EntryPosition position = random_position();
  const auto salt = *any_number<uint64_t>();
  RC_ASSERT(position_of(make_entry_id(position, salt)) == position);
}

RC_GTEST_PROP(EntryId, ids_of_one_salt_order_by_position, (uint64_t salt)) {
  const EntryPosition left = random_position();
  EntryPosition right = random_position();
  if (*rc::gen::arbitrary<bool>()) right.index = left.index;
  RC_ASSERT((left <=> right) == (make_entry_id(left, salt) <=> make_entry_id(right, salt)));
}

TEST(EntryId, ids_of_other_makers_tell_no_position) {
  EXPECT_EQ(position_of(Guid{}), std::nullopt);
  EXPECT_EQ(position_of(*Guid::parse("00000000-0001-7000-8000-000000000000")), std::nullopt);
  EXPECT_EQ(position_of(*Guid::parse("00000000-0001-8000-c000-000000000000")), std::nullopt);
  EXPECT_EQ(position_of(*Guid::parse("00000000-0001-8000-0000-000000000000")), std::nullopt);
}

TEST(EntryIdDeathTest, a_position_out_of_its_bits_is_a_bug) {
  EXPECT_DEATH(make_entry_id({kMaxEntryIdIndex + 1, 0}, 0), "48 bits of log index");
  EXPECT_DEATH(make_entry_id({0, kMaxEntryIdOrdinal + 1}, 0), "17 bits of ordinal");
}

}  // namespace
}  // namespace timestore
