#include "engine/store/points/word_groups.h"

#include <gtest/gtest.h>

#include "tests/engine/store/points/columns.h"

namespace timestore::points::word_groups_test {
namespace {

std::string grouped(const Words& words) {
  std::string out;
  put_groups(out, words);
  return out;
}

std::optional<Words> words_of(std::string_view bytes, size_t count) {
  Words words(count);
  ByteReader in(bytes);
  if (!take_groups(in, words) || !in.left().empty()) return std::nullopt;
  return words;
}

std::string bytes(std::initializer_list<unsigned> numbers) {
  std::string out;
  for (const unsigned number : numbers) put_byte(out, number);
  return out;
}

TEST(WordGroups, the_example_of_the_header_means_this) {
  EXPECT_EQ(words_of(bytes({0x84, 0x11, 0x26}), 3), (Words{5, 0, 9}));
}

TEST(WordGroups, zeros_cost_a_byte_a_group) { EXPECT_EQ(grouped(Words(300, 0)), bytes({0, 0, 0})); }

TEST(WordGroups, few_large_words_are_outliers) {
  Words words(128, 1);
  words[7] = 0x101;
  words[127] = uint64_t{1} << 63;
  const std::string out = grouped(words);
  EXPECT_EQ(out.substr(0, 5), bytes({65 + 1, 1, 63, 7, 127}));
  EXPECT_EQ(out.size(), 5u + 16 + 16);
  EXPECT_EQ(words_of(out, 128), words);
}

TEST(WordGroups, a_bell_of_words_has_quotients) {
  Prng prng(1);
  Words words;
  for (int i = 0; i < 128; ++i) words.push_back(prng.below(8) + prng.below(8) + prng.below(8));
  EXPECT_GE(static_cast<uint8_t>(grouped(words)[0]), 130);
  EXPECT_EQ(words_of(grouped(words), 128), words);
}

TEST(WordGroups, words_of_every_mixture_of_widths_come_back) {
  Prng prng(2);
  for (int round = 0; round < 20'000; ++round) {
    const auto narrow = static_cast<unsigned>(prng.below(64));
    const auto wide = static_cast<unsigned>(prng.below(64));
    const uint64_t of_a_hundred = prng.below(101);
    Words words;
    for (size_t i = 1 + prng.below(300); i-- > 0;) {
      words.push_back(prng.next() >> (prng.chance(of_a_hundred, 100) ? narrow : wide));
    }
    const std::string out = grouped(words);
    ASSERT_EQ(words_of(out, words.size()), words);
    ASSERT_LE(out.size(), words.size() * 8 + (words.size() + 127) / 128);
  }
}

TEST(WordGroups, what_no_group_can_say_is_refused) {
  const auto error_of = [](const std::string& text, size_t count) {
    Words words(count);
    ByteReader in(text);
    const auto taken = take_groups(in, words);
    return taken ? "" : taken.error().message;
  };
  EXPECT_EQ(error_of("", 1), "a column ends too early");
  EXPECT_EQ(error_of(bytes({64, 1, 2}), 1), "a column ends too early");
  EXPECT_EQ(error_of(bytes({130 + 61}) + std::string(100, '\xff'), 1),
            "quotients of a column have an impossible width");
  EXPECT_EQ(error_of(bytes({65, 1, 1, 0, 1, 1}), 1), "a group of a column has more outliers than words");
  EXPECT_EQ(error_of(bytes({65, 0, 0, 0, 1}), 1), "outliers of a column have an impossible width");
  EXPECT_EQ(error_of(bytes({65 + 60, 0, 5, 0, 1}), 1), "outliers of a column have an impossible width");
  EXPECT_EQ(error_of(bytes({65, 0, 1, 1, 1}), 1), "an outlier of a column stands outside of its group");
  EXPECT_EQ(error_of(bytes({65, 1, 1, 1, 1, 3}), 2), "outliers of a column are out of order");
  EXPECT_EQ(error_of(bytes({130, 3}), 1), "the quotients of a column are more than its words");
  EXPECT_EQ(error_of(bytes({130, 0}), 1), "a column ends too early");
  EXPECT_EQ(error_of(bytes({130, 0, 0, 1}), 1), "a column ends too early") << "no quotients of more than 15 on average";
}

}  // namespace
}  // namespace timestore::points::word_groups_test
