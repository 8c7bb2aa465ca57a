#include "engine/base/guid.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdio>

namespace timestore {
namespace {

constexpr std::string_view kText = "0190b6a8-5a4e-7c3d-9f12-3456789abcde";

std::string printed(const Guid& guid) {
  std::string text;
  for (size_t byte = 0; byte < 16; ++byte) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", guid.bytes[byte]);
    text += digits;
  }
  for (const size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

TEST(Guid, text_is_read_in_either_case_and_written_in_lower_case) {
  const auto guid = Guid::parse("0190B6A8-5a4e-7C3D-9f12-3456789ABCde");
  ASSERT_TRUE(guid);
  EXPECT_EQ(guid->bytes[0], 0x01);
  EXPECT_EQ(guid->bytes[15], 0xde);
  EXPECT_EQ(guid->text(), kText);
}

TEST(Guid, other_forms_than_the_hyphenated_one_are_refused) {
  for (const std::string_view text : {
           "",
           "0190b6a85a4e7c3d9f123456789abcde",
           "{0190b6a8-5a4e-7c3d-9f12-3456789abcde}",
           "0190b6a8-5a4e-7c3d-9f12-3456789abcd",
           "0190b6a8-5a4e-7c3d-9f12-3456789abcdef",
           " 190b6a8-5a4e-7c3d-9f12-3456789abcde",
           "0190b6a8-5a4e-7c3d-9f12-3456789abcdg",
           "0190b6a8+5a4e-7c3d-9f12-3456789abcde",
           "0190b6a85-a4e-7c3d-9f12-3456789abcde",
           "0190b6a8-5a4e-7c3d-9f12--456789abcde",
       }) {
    EXPECT_FALSE(Guid::parse(text)) << text;
  }
}

TEST(Guid, only_the_zero_guid_is_nil) {
  EXPECT_TRUE(Guid{}.is_nil());
  EXPECT_TRUE(Guid::parse("00000000-0000-0000-0000-000000000000")->is_nil());
  EXPECT_FALSE(Guid::parse("00000000-0000-0000-0000-000000000001")->is_nil());
}

RC_GTEST_PROP(Guid, text_reads_back, (const std::array<uint8_t, 16>& bytes)) {
  const Guid guid{bytes};
  RC_ASSERT(guid.text() == printed(guid));
  RC_ASSERT(Guid::parse(guid.text()) == guid);
}

RC_GTEST_PROP(Guid, order_is_the_order_of_the_texts, (std::array<uint8_t, 16> left, std::array<uint8_t, 16> right)) {
  if (*rc::gen::arbitrary<bool>()) right[0] = left[0];
  RC_ASSERT((Guid{left} < Guid{right}) == (Guid{left}.text() < Guid{right}.text()));
}

RC_GTEST_PROP(Guid, a_wrong_character_anywhere_is_refused, ()) {
  std::string text(kText);
  const auto at = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<size_t>(0, text.size()));
  const auto wrong = *rc::gen::suchThat(rc::gen::arbitrary<char>(), [&](char c) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return text[at] == '-' ? c != '-' : !hex;
  });
  text[at] = wrong;
  RC_ASSERT(!Guid::parse(text));
}

}  // namespace
}  // namespace timestore
