#include "engine/base/base64.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace timestore {
namespace {

std::string base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

TEST(Base64, the_examples_of_the_standard) {  // RFC 4648, section 10
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xfb\xff"), "+/8=");
}

TEST(Base64, only_what_is_written_is_read) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9", "Zm9-", "Zm9\xc3"}) {
    EXPECT_FALSE(decode_base64(text).has_value()) << text;
  }
}

RC_GTEST_PROP(Base64, bytes_come_back, (const std::string& bytes)) { RC_ASSERT(decode_base64(base64(bytes)) == bytes); }

RC_GTEST_PROP(Base64, each_bytes_have_one_text, (const std::string& any)) {
  const std::string text = *rc::gen::container<std::string>(rc::gen::element('A', 'g', '/', '+', '=', '9')) + any;
  if (const auto bytes = decode_base64(text)) RC_ASSERT(base64(*bytes) == text);
}

}  // namespace
}  // namespace timestore
