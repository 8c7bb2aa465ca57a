// Numbers of a fixed width, one after the other without gaps, from the least significant bit of the first byte on.
//
// Three numbers of 5 bits, a0..a4 and so on, least significant first:
//
//   byte 0                     byte 1
//   a0 a1 a2 a3 a4 b0 b1 b2    b3 b4 c0 c1 c2 c3 c4 0
#pragma once

#include <cstddef>
#include <cstdint>

namespace timestore::points {

// Packing writes, and unpacking reads, up to so many bytes behind the last that belongs to the numbers.
constexpr size_t kPackingSlack = 16;

constexpr size_t packed_size(size_t count, unsigned width) { return (count * width + 7) / 8; }

// Numbers at most 64 bits wide, each below 2^width; at most 128 of them. Needs packed_size() + kPackingSlack bytes.
void pack(const uint64_t* numbers, size_t count, unsigned width, char* out);

// Needs packed_size() + kPackingSlack readable bytes; what stands in the slack does not matter.
void unpack(const char* in, size_t count, unsigned width, uint64_t* numbers);

}  // namespace timestore::points
