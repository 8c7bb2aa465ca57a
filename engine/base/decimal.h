// Decimal text to the nearest double, the same on every machine and in every locale.
#pragma once

#include <optional>
#include <string_view>

namespace timestore {

// Reads all of `text`: an optional minus, digits with at most one point before, among or behind them, and optionally an
// exponent. The double is the nearest one, ties to even, as strtod gives it. What is too small is a zero of its sign;
// nothing for what is too large, and for any other text (a plus in front, hexadecimal digits, inf, nan).
std::optional<double> parse_decimal(std::string_view text);

}  // namespace timestore
