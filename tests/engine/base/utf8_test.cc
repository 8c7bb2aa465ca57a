#include "engine/base/utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include <string>

namespace timestore {
namespace {

TEST(Utf8, the_valid_beginning_ends_before_the_first_bad_character) {
  EXPECT_EQ(valid_utf8_prefix(""), 0);
  EXPECT_EQ(valid_utf8_prefix("a long line of ASCII and an é"), std::string("a long line of ASCII and an é").size());
  EXPECT_EQ(valid_utf8_prefix("é\xff"), 2);
  EXPECT_EQ(valid_utf8_prefix("12345678é\xc3"), 10);
  EXPECT_EQ(valid_utf8_prefix("€\xe2\x82"), 3);
  EXPECT_EQ(valid_utf8_prefix("€\xe2\x82z"), 3);
}

TEST(Utf8, what_no_encoder_makes_is_refused) {
  for (const std::string text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                 "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3(", "\xe2\x28\xa1"}) {
    EXPECT_FALSE(is_valid_utf8(text)) << testing::PrintToString(text);
  }
  for (const std::string text :
       {"\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\x7f"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << testing::PrintToString(text);
  }
}

RC_GTEST_PROP(Utf8, any_bytes_are_judged_as_simdjson_judges_them, ()) {
  const auto part =
      rc::gen::oneOf(rc::gen::map(rc::gen::arbitrary<char>(), [](char c) { return std::string(1, c); }),
                     rc::gen::element<std::string>("é", "€", "😀", "abcdefgh", "\xf0\x9f", "\xed", "\xa0"));
  std::string text;
  for (const std::string& next : *rc::gen::container<std::vector<std::string>>(part)) text += next;
  RC_ASSERT(is_valid_utf8(text) == simdjson::validate_utf8(text));
}

}  // namespace
}  // namespace timestore
