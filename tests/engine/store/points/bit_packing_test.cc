#include "engine/store/points/bit_packing.h"

#include <gtest/gtest.h>

#include "tests/engine/store/points/columns.h"

namespace timestore::points::bit_packing_test {
namespace {

TEST(BitPacking, the_example_of_the_header_has_these_bytes) {
  const uint64_t numbers[] = {0b00001, 0b10110, 0b01000};
  char out[2 + kPackingSlack] = {};
  pack(numbers, 3, 5, out);
  EXPECT_EQ(hex({out, 2}), "c122");
}

TEST(BitPacking, every_count_of_every_width_comes_back_bit_by_bit) {
  Prng prng(1);
  for (unsigned width = 0; width <= 64; ++width) {
    for (size_t count = 0; count <= 128; ++count) {
      Words numbers;
      for (size_t i = 0; i < count; ++i) numbers.push_back(width == 0 ? 0 : prng.next() >> (64 - width));
      const size_t size = packed_size(count, width);
      std::string packed(size + kPackingSlack, '\xa5');
      pack(numbers.data(), count, width, packed.data());
      for (size_t i = 0; i < count; ++i) {
        uint64_t number = 0;
        for (unsigned bit = 0; bit < width; ++bit) {
          const size_t at = i * width + bit;
          number |= (uint64_t{static_cast<uint8_t>(packed[at / 8])} >> (at % 8) & 1) << bit;
        }
        ASSERT_EQ(number, numbers[i]) << width << " bits, " << i << " of " << count;
      }
      if (count * width % 8 != 0) {
        ASSERT_EQ(static_cast<uint8_t>(packed[size - 1]) >> (count * width % 8), 0) << "the rest of a byte is zero";
      }
      for (size_t i = size; i < packed.size(); ++i) packed[i] = '\x5a';  // whatever stands in the slack
      Words unpacked(count, 1);
      unpack(packed.data(), count, width, unpacked.data());
      ASSERT_EQ(unpacked, numbers) << width << " bits, " << count;
    }
  }
}

}  // namespace
}  // namespace timestore::points::bit_packing_test
