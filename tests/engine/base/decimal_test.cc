#include "engine/base/decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace timestore {
namespace {

uint64_t bits(double number) { return std::bit_cast<uint64_t>(number); }

bool as_strtod_says(const std::string& text) {
  const double expected = std::strtod(text.c_str(), nullptr);
  const std::optional<double> number = parse_decimal(text);
  return number.has_value() == std::isfinite(expected) && (!number || bits(*number) == bits(expected));
}

TEST(ParseDecimal, numbers_at_the_borders_are_those_of_strtod) {
  for (const std::string text : {"0",
                                 "-0",
                                 "5.",
                                 ".5",
                                 "-.5",
                                 "0.1",
                                 "1e5",
                                 "1E+5",
                                 "1e-5",
                                 "9007199254740993",
                                 "1e23",
                                 "8.5e-1",
                                 "2.2250738585072011e-308",
                                 "2.2250738585072014e-308",
                                 "4.9e-324",
                                 "2.5e-324",
                                 "2.4e-324",
                                 "3e-324",
                                 "-2e-324",
                                 "1.7976931348623157e308",
                                 "1.7976931348623158e308",
                                 "1.7976931348623159e308",
                                 "-1e309",
                                 "1e400",
                                 "1e-400",
                                 "-1e-400",
                                 "1e99999999999999999999",
                                 "1e-99999999999999999999",
                                 "0e99999999999999999999",
                                 "-0e-400",
                                 "00012.50",
                                 "1e9223372036854775807",
                                 "1e-9223372036854775808"}) {
    EXPECT_TRUE(as_strtod_says(text)) << text;
  }
  const std::string zeros(400, '0');
  EXPECT_TRUE(as_strtod_says("0." + zeros + "1"));
  EXPECT_TRUE(as_strtod_says("0." + zeros + "1e400"));
  EXPECT_TRUE(as_strtod_says("0." + zeros + "1e60"));
  EXPECT_TRUE(as_strtod_says("1" + zeros));
  EXPECT_TRUE(as_strtod_says("1" + zeros + "e-400"));
  EXPECT_TRUE(as_strtod_says("-1" + zeros + "e-9999"));
}

TEST(ParseDecimal, what_is_no_decimal_number_is_refused) {
  for (const std::string text :
       {"",     "-",   ".",    "-.",  "+1",   " 1",    "1 ",  "1e",  "1e+",   "e5",    ".e5",     "1.2.3",
        "0x10", "inf", "-inf", "nan", "-nan", "1_000", "1,5", "--1", "1e5.5", "1e5e5", "infinity"}) {
    EXPECT_EQ(parse_decimal(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_decimal(std::string_view("1\0", 2)), std::nullopt);
}

RC_GTEST_PROP(ParseDecimal, any_number_is_that_of_strtod, (uint64_t whole, uint64_t fraction)) {
  const int exponent = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(-350, 350));
  const int form = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 8));
  std::string text = (form & 1) != 0 ? "-" : "";
  text += std::to_string(whole);
  if ((form & 2) != 0) text += '.' + std::to_string(fraction);
  if ((form & 4) != 0) text += 'e' + std::to_string(exponent);
  RC_ASSERT(as_strtod_says(text));
}

}  // namespace
}  // namespace timestore
