#include "engine/base/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <set>
#include <string>
#include <vector>

namespace timestore {
namespace {

uint64_t rotated(uint64_t word, int count) { return word << count | word >> (64 - count); }

// The definition over plain lists of words, with words put together by arithmetic.
uint64_t hash_of_words(const std::vector<uint64_t>& words) {
  uint64_t state = 0x27d4eb2f165667c5;
  for (const uint64_t word : words) {
    state ^= rotated(word * 0xc2b2ae3d27d4eb4f, 31) * 0x9e3779b185ebca87;
    state = rotated(state, 27) * 0x9e3779b185ebca87 + 0x85ebca77c2b2ae63;
  }
  state = (state ^ (state >> 33)) * 0xc2b2ae3d27d4eb4f;
  state = (state ^ (state >> 29)) * 0x165667b19e3779f9;
  return state ^ (state >> 32);
}

std::vector<uint64_t> words_of(std::string_view text) {
  std::vector<uint64_t> words = {text.size()};
  for (size_t at = 0; at < text.size(); ++at) {
    if (at % 8 == 0) words.push_back(0);
    words.back() += uint64_t{static_cast<unsigned char>(text[at])} << (at % 8 * 8);
  }
  return words;
}

RC_GTEST_PROP(Hasher, follows_its_definition, (const std::string& text, uint64_t number)) {
  std::vector<uint64_t> words = words_of(text);
  words.push_back(number);
  RC_ASSERT(Hasher().add(text).add(number).value() == hash_of_words(words));
}

RC_GTEST_PROP(Hasher, bytes_and_text_are_the_same, (const std::vector<uint8_t>& bytes)) {
  const std::string text(bytes.begin(), bytes.end());
  RC_ASSERT(Hasher().add(std::span<const uint8_t>(bytes)).value() == Hasher().add(text).value());
}

// Pinned: hashes are stored, and compared between versions.
TEST(Hasher, values_never_change) {
  EXPECT_EQ(Hasher().value(), 17241709254077376921U);
  EXPECT_EQ(Hasher().add(uint64_t{1}).value(), 11370935049643164465U);
  EXPECT_EQ(Hasher().add("time store").add(uint64_t{42}).value(), 11320443737862650494U);
}

RC_GTEST_PROP(Hasher, a_block_goes_through_four_chains, (const std::vector<uint8_t>& start)) {
  const auto copies = *rc::gen::inRange<size_t>(1, 12);
  std::vector<uint8_t> block;
  for (size_t copy = 0; copy < copies; ++copy) block.insert(block.end(), start.begin(), start.end());
  std::vector<uint64_t> words = words_of(std::string(block.begin(), block.end()));
  words.erase(words.begin());  // the length
  std::vector<uint64_t> chains[4];
  const size_t dealt = block.size() / 32 * 4;
  for (size_t word = 0; word < words.size(); ++word) chains[word < dealt ? word % 4 : 0].push_back(words[word]);
  std::vector<uint64_t> values;
  for (const auto& chain : chains) values.push_back(hash_of_words(chain));
  RC_ASSERT(Hasher().add_block(block).value() == hash_of_words(values));
}

TEST(Hasher, where_one_field_ends_matters) {
  EXPECT_NE(Hasher().add("ab").add("c").value(), Hasher().add("a").add("bc").value());
  EXPECT_NE(Hasher().add("").value(), Hasher().value());
  EXPECT_NE(Hasher().add(std::string_view("\0", 1)).value(), Hasher().add("").value());
}

TEST(Hasher, the_order_of_fields_matters) {
  EXPECT_NE(Hasher().add(uint64_t{1}).add(uint64_t{2}).value(), Hasher().add(uint64_t{2}).add(uint64_t{1}).value());
}

TEST(Hasher, one_changed_bit_changes_half_of_the_hash) {
  uint64_t flips = 0;
  for (uint64_t word = 0; word < 64; ++word) {
    const uint64_t before = Hasher().add(word).add("tail").value();
    for (int bit = 0; bit < 64; ++bit) {
      const uint64_t after = Hasher().add(word ^ uint64_t{1} << bit).add("tail").value();
      const int flipped = std::popcount(before ^ after);
      EXPECT_GT(flipped, 8) << word << " bit " << bit;
      flips += static_cast<uint64_t>(flipped);
    }
  }
  const uint64_t average_of_100 = flips * 100 / (64 * 64);
  EXPECT_NEAR(static_cast<double>(average_of_100), 3200, 50);
}

TEST(Hasher, small_numbers_do_not_collide) {
  std::set<uint64_t> seen;
  for (uint64_t first = 0; first < 300; ++first) {
    for (uint64_t second = 0; second < 300; ++second) seen.insert(Hasher().add(first).add(second).value());
  }
  EXPECT_EQ(seen.size(), 300 * 300);
}

}  // namespace
}  // namespace timestore
