#include "engine/store/points/string_column.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/store/points/columns.h"

namespace timestore::points::string_column_test {
namespace {

using Texts = std::vector<std::string_view>;

std::string written(const Texts& values) {
  std::string out;
  put_strings(out, values);
  return out;
}

std::optional<Texts> texts_in(std::string_view bytes, size_t count) {
  Texts values(count);
  ByteReader in(bytes);
  if (!take_strings(in, values) || !in.left().empty()) return std::nullopt;
  return values;
}

TEST(StringColumn, golden_bytes) {
  EXPECT_EQ(hex(written({"a", "bc", ""})), "010e020102020c616263");
  EXPECT_EQ(hex(written({"open", "shut", "open", "open", "shut"})), "020101086f70656e736875740e0001020106");
}

RC_GTEST_PROP(StringColumn, any_strings_come_back, (const std::vector<std::string>& values)) {
  RC_PRE(!values.empty());
  const Texts texts(values.begin(), values.end());
  RC_ASSERT(texts_in(written(texts), texts.size()) == texts);
}

TEST(StringColumn, few_or_many_different_strings_come_back) {
  Prng prng(1);
  for (int round = 0; round < 500; ++round) {
    const uint64_t different = 1 + prng.below(1 + prng.below(kMaxValues));
    std::vector<std::string> dictionary;
    for (uint64_t i = 0; i < different; ++i) {
      dictionary.push_back(std::string(prng.below(20), static_cast<char>(i)) + std::to_string(i));
    }
    Texts texts;
    for (size_t i = any_count(prng); i-- > 0;) texts.push_back(dictionary[prng.below(different)]);
    ASSERT_EQ(texts_in(written(texts), texts.size()), texts) << "in round " << round;
  }
}

TEST(StringColumn, a_dictionary_pays_for_itself) {
  Texts texts;
  for (int i = 0; i < 1024; ++i) texts.push_back(i % 3 == 0 ? "running" : "standing still");
  EXPECT_LE(written(texts).size(), 40u + 1024 / 8);
}

TEST(StringColumn, what_is_no_column_is_refused) {
  const auto error_of = [](const std::string& bytes) {
    Texts values(2);
    ByteReader in(bytes);
    const auto taken = take_strings(in, values);
    return taken ? "" : taken.error().message;
  };
  const std::string one_a(
      "\x02\x00\x01\x02"
      "a",
      5);
  EXPECT_EQ(error_of(one_a + std::string("\x01\x00", 2)), "");
  EXPECT_EQ(error_of(one_a + "\x01\x02"), "a column of strings names one that is not in its dictionary");
  EXPECT_EQ(error_of("\x02\x02"), "a column of strings has more different ones than values");
  EXPECT_EQ(error_of("\x01\x01\x02"
                     "a"),
            "a column ends too early");
  EXPECT_EQ(error_of("\x01\x01\x01"
                     "abcdef"),
            "a column ends too early")
      << "a size of -1 is huge";
  EXPECT_EQ(error_of("\x03"), "a column of strings has the unknown encoding 3");
}

}  // namespace
}  // namespace timestore::points::string_column_test
