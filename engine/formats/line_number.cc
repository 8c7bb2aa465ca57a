#include "engine/formats/line_number.h"

#include <charconv>
#include <optional>

#include "engine/base/decimal.h"

namespace timestore {
namespace {

constexpr std::string_view kInvalid = "invalid number";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

template <typename Integer>
tl::expected<LineValue, std::string> read_integer(std::string_view digits, std::string_view kind,
                                                  std::string_view function) {
  Integer number{};
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc{}) return number;
  const std::string text(digits);
  return tl::unexpected("unable to parse " + std::string(kind) + ' ' + text + ": strconv." + std::string(function) +
                        ": parsing \"" + text + "\": value out of range");
}

// Whether 1.x takes the text for a float at first sight, and complains of it as such.
bool seems_a_float(std::string_view text) {
  size_t digits_and_letters = 0;
  bool has_point = false;
  for (size_t i = text.starts_with('-') ? 1 : 0; i < text.size(); ++i) {
    const bool is_exponent = i > 0 && (text[i] == 'e' || text[i] == 'E');
    const bool is_sign = i > 0 && (text[i] == '+' || text[i] == '-') && (text[i - 1] == 'e' || text[i - 1] == 'E');
    if (text[i] == '.' && !has_point) {
      has_point = true;
      continue;
    }
    if (!is_exponent && !is_sign && !is_digit(text[i])) return false;
    ++digits_and_letters;
  }
  return digits_and_letters > 0;
}

}  // namespace

tl::expected<LineValue, std::string> read_line_number(std::string_view text, bool has_unsigned) {
  const std::string_view digits = text.substr(0, text.size() - 1);
  switch (text.back()) {
    case 'i':
      if (!all_digits(digits.substr(digits.starts_with('-') ? 1 : 0))) break;
      return read_integer<int64_t>(digits, "integer", "ParseInt");
    case 'u':
      if (!has_unsigned || !all_digits(digits)) break;
      return read_integer<uint64_t>(digits, "unsigned", "ParseUint");
    default:
      if (const std::optional<double> number = parse_decimal(text)) return *number;
      if (seems_a_float(text)) return tl::unexpected<std::string>("invalid float");
  }
  return tl::unexpected(std::string(kInvalid));
}

}  // namespace timestore
