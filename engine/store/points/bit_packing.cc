#include "engine/store/points/bit_packing.h"

#include <algorithm>

#include "engine/store/points/bytes.h"

namespace timestore::points {
namespace {

constexpr unsigned kWidest = 56;  // of what fits in a word behind the up to seven bits of a byte that is begun

class BitWriter {
 public:
  explicit BitWriter(char* out) : out_(out) {}

  void put(uint64_t number, unsigned width) {
    begun_ |= number << bits_;
    store_word(out_, begun_);
    bits_ += width;
    out_ += bits_ / 8;
    begun_ >>= bits_ & ~7u;
    bits_ &= 7;
  }

 private:
  char* out_;
  uint64_t begun_ = 0;  // a byte that is not full: all that is known of it stands at out_ already
  unsigned bits_ = 0;
};

}  // namespace

void pack(const uint64_t* numbers, size_t count, unsigned width, char* out) {
  BitWriter writer(out);
  if (width > kWidest) {
    for (size_t i = 0; i < count; ++i) {
      writer.put(numbers[i] & 0xffffffff, 32);
      writer.put(numbers[i] >> 32, width - 32);
    }
    return;
  }
  // Each number that is written waits for the one before. So narrow ones are first joined in pairs, independently.
  uint64_t joined[128];
  std::copy_n(numbers, count, joined);
  while (width > 0 && 2 * width <= kWidest && count > 1) {
    if (count % 2 != 0) joined[count++] = 0;
    count /= 2;
    for (size_t i = 0; i < count; ++i) joined[i] = joined[2 * i] | (joined[2 * i + 1] << width);
    width *= 2;
  }
  for (size_t i = 0; i < count; ++i) writer.put(joined[i], width);
}

void unpack(const char* in, size_t count, unsigned width, uint64_t* numbers) {
  if (width == 0) {
    std::fill_n(numbers, count, 0);
  } else if (width <= 8 && count % 8 == 0) {  // eight numbers are `width` whole bytes, and fit in a word
    const uint64_t mask = ~uint64_t{0} >> (64 - width);
    for (size_t i = 0; i < count; i += 8, in += width) {
      uint64_t eight = load_word(in);
      for (size_t j = 0; j < 8; ++j, eight >>= width) numbers[i + j] = eight & mask;
    }
  } else if (width <= kWidest) {
    const uint64_t mask = ~uint64_t{0} >> (64 - width);
    for (size_t i = 0, bit = 0; i < count; ++i, bit += width) {
      numbers[i] = (load_word(in + bit / 8) >> (bit % 8)) & mask;
    }
  } else {
    const uint64_t mask = ~uint64_t{0} >> (64 - width);
    for (size_t i = 0, bit = 0; i < count; ++i, bit += width) {
      const unsigned shift = bit % 8;
      const uint64_t rest = static_cast<uint8_t>(in[bit / 8 + 8]);
      numbers[i] = ((load_word(in + bit / 8) >> shift) | ((rest << 1) << (63 - shift))) & mask;
    }
  }
}

}  // namespace timestore::points
