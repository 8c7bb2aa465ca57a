#include "engine/base/checksum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace timestore {
namespace {

// Bit by bit, as the standard defines it.
uint32_t slow_crc32(std::string_view bytes) {
  uint32_t remainder = ~uint32_t{0};
  for (const char byte : bytes) {
    remainder ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~remainder;
}

TEST(Checksum, the_check_value_of_the_standard_is_met) { EXPECT_EQ(crc32("123456789"), 0xcbf43926); }

RC_GTEST_PROP(Checksum, is_the_bitwise_remainder, (const std::string& bytes)) {
  RC_ASSERT(crc32(bytes) == slow_crc32(bytes));
}

RC_GTEST_PROP(Checksum, pieces_give_the_checksum_of_the_whole, (const std::string& first, const std::string& second)) {
  RC_ASSERT(crc32(second, crc32(first)) == crc32(first + second));
}

TEST(Checksum, nothing_more_changes_nothing) { EXPECT_EQ(crc32(std::string_view(), 42), 42); }

}  // namespace
}  // namespace timestore
