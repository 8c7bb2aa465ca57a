#include "engine/base/json_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace timestore {
namespace {

std::string string_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string number_json(double number) {
  std::string out;
  append_json_number(out, number);
  return out;
}

// Text of characters from every length of UTF-8, with many that need an escape.
rc::Gen<std::string> utf8_text() {
  const auto character = rc::gen::weightedOneOf<std::string>({
      {3, rc::gen::map(rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 0x80)),
                       [](int c) { return std::string(1, static_cast<char>(c)); })},
      {2, rc::gen::map(rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 0x20)),
                       [](int c) { return std::string(1, static_cast<char>(c)); })},
      {2, rc::gen::element<std::string>("\"", "\\", "/", "é", "€", "\u2028", "😀", "\x7f")},
  });
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(character), [](const auto& characters) {
    std::string text;
    for (const std::string& c : characters) text += c;
    return text;
  });
}

TEST(JsonString, what_json_demands_is_escaped_and_nothing_else) {
  EXPECT_EQ(string_json(""), R"("")");
  EXPECT_EQ(string_json("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(string_json("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(string_json(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(string_json("é€😀"), "\"é€😀\"");
}

// Bytes are looked at eight at a time, and none may hide behind another.
TEST(JsonString, every_byte_is_escaped_wherever_it_stands) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string alone = string_json(std::string(1, static_cast<char>(byte)));
    const std::string escaped = alone.substr(1, alone.size() - 2);
    EXPECT_EQ(escaped.size() > 1, byte < 0x20 || byte == '"' || byte == '\\') << byte;
    for (const char beside : {'x', '!', '\x7f', '\xff'}) {
      for (std::size_t at = 0; at < 20; ++at) {
        std::string text(20, beside);
        text[at] = static_cast<char>(byte);
        EXPECT_EQ(string_json(text), '"' + std::string(at, beside) + escaped + std::string(19 - at, beside) + '"');
      }
    }
  }
}

RC_GTEST_PROP(JsonString, reads_back_with_simdjson, ()) {
  const std::string text = *utf8_text();
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  const std::string array = '[' + string_json(text) + ']';
  RC_ASSERT(parser.parse(array).get(element) == simdjson::SUCCESS);
  RC_ASSERT(element.at(0).get_string().value_unsafe() == text);
}

TEST(JsonNumber, is_the_shortest_form) {
  EXPECT_EQ(number_json(21.5), "21.5");
  EXPECT_EQ(number_json(21), "21");
  EXPECT_EQ(number_json(0.1), "0.1");
  EXPECT_EQ(number_json(-0.0), "-0");
  EXPECT_EQ(number_json(1e22), "1e+22");
  EXPECT_EQ(number_json(5e-324), "5e-324");
  EXPECT_EQ(number_json(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
}

TEST(JsonNumber, what_json_cannot_say_is_null) {
  EXPECT_EQ(number_json(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(number_json(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number_json(-std::numeric_limits<double>::infinity()), "null");
}

RC_GTEST_PROP(JsonNumber, every_bit_pattern_reads_back, ()) {
  const double number = std::bit_cast<double>(*rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<uint64_t>()));
  RC_PRE(std::isfinite(number));
  RC_ASSERT(std::bit_cast<uint64_t>(std::strtod(number_json(number).c_str(), nullptr)) ==
            std::bit_cast<uint64_t>(number));
}

TEST(JsonInteger, every_width_keeps_its_extremes) {
  std::string out;
  append_json_integer(out, std::numeric_limits<int64_t>::min());
  out += ' ';
  append_json_integer(out, std::numeric_limits<uint64_t>::max());
  out += ' ';
  append_json_integer(out, 7);
  EXPECT_EQ(out, "-9223372036854775808 18446744073709551615 7");
}

}  // namespace
}  // namespace timestore
