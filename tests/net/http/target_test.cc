#include "net/http/target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdio>

namespace timestore::http {
namespace {

std::string encode_every_byte(const std::string& text) {
  std::string out;
  for (const char c : text) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += hex;
  }
  return out;
}

TEST(Target, is_cut_at_the_first_question_mark_and_before_a_fragment) {
  const TargetParts parts = split_target("/a?b=?c#d?e");
  EXPECT_EQ(parts.path, "/a");
  EXPECT_EQ(parts.query, "b=?c");
}

TEST(Target, is_decoded_once) { EXPECT_EQ(percent_decoded("%2525+%2F"), "%25+/"); }

TEST(Target, refuses_broken_escapes_and_nul) {
  for (const char* text : {"%", "%4", "a%", "%zz", "%0", "%00", "%4g", "%u0041"})
    EXPECT_EQ(percent_decoded(text), std::nullopt) << text;
}

RC_GTEST_PROP(Target, decoding_undoes_encoding, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::distinctFrom(rc::gen::arbitrary<char>(), '\0'));
  RC_ASSERT(percent_decoded(encode_every_byte(text)) == text);
}

TEST(Query, keeps_repeated_names_in_order_and_equals_signs_in_values) {
  const auto params = parse_query("id=1&cursor=YQ==&id=1&id=2&flag&empty=&=x&&a+b=c%2Bd").value();
  EXPECT_EQ(params.count("id"), 3u);
  EXPECT_EQ(params.find("cursor")->second, "YQ==");
  EXPECT_EQ(params.count("flag"), 1u);
  EXPECT_EQ(params.find("empty")->second, "");
  EXPECT_EQ(params.find("a b")->second, "c+d");
}

TEST(Query, is_refused_where_an_escape_is_broken) { EXPECT_EQ(parse_query("a=%4"), std::nullopt); }

}  // namespace
}  // namespace timestore::http
