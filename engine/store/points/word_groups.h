// Words that are mostly small, in groups of 128 (the last one may be shorter).
//
// A group chooses a width k. The low k bits of each word are packed; what is above them is zero, or written in one of
// two ways, or in both:
//   quotients  each word's high part q as q zeros and a one. For the usual bell of differences this costs 1.6 bits a
//              word and lets k be 2 smaller (Rice, 1979; the high bits of an Elias-Fano list).
//   outliers   words so large that they are listed: their high parts by position. Their quotients are zero.
//
//   head      byte: k + 65 * (has outliers) + 130 * (has quotients); k <= 64, 63, 64 - 4, 64 - 4
//   outliers  byte: how many, less one; byte: width w, 1 to 64 - k; their positions, ascending bytes; their high parts,
//             w bits each, packed
//   low bits  k bits each, packed
//   quotients bits from the least significant of each byte on, one 1 a word; unused ones of the last byte are zero
//
// Example: 3 words 5, 0, 9 with k = 2 and quotients: head 2 + 130 = 84 (hex), low bits 1, 0, 1 = 11 (hex), quotients 1,
// 0, 2 = 0 1 | 1 | 0 0 1 = 26 (hex).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/store/points/bytes.h"

namespace timestore::points {

constexpr size_t kGroupSize = 128;

void put_groups(std::string& out, std::span<const uint64_t> words);

// What one group of these words (at most kGroupSize) would cost, in bits: exact but for quotients, whose average is
// estimated from the widths of the words.
uint64_t estimate_group_bits(std::span<const uint64_t> words);

Result<void> take_groups(ByteReader& in, std::span<uint64_t> words);

}  // namespace timestore::points
