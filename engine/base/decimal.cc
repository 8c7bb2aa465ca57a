#include "engine/base/decimal.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace timestore {
namespace {

// Of a well-formed number that is not zero and that no double is near to: whether it is too small, not too large. Its
// power of ten tells, however roughly it is counted.
bool is_tiny(std::string_view text) {
  const size_t exponent_at = std::min(text.find_first_of("eE"), text.size());
  const std::string_view digits = text.substr(0, exponent_at);
  int64_t exponent = 0;
  if (exponent_at < text.size()) {
    std::string_view written = text.substr(exponent_at + 1);
    if (written.starts_with('+')) written.remove_prefix(1);
    const auto read = std::from_chars(written.data(), written.data() + written.size(), exponent);
    if (read.ec != std::errc{}) return written.starts_with('-');
  }
  const auto point = static_cast<int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<int64_t>(digits.find_first_of("123456789"));
  return exponent < first - point;
}

}  // namespace

std::optional<double> parse_decimal(std::string_view text) {
  const std::string_view unsigned_text = text.substr(text.starts_with('-') ? 1 : 0);
  if (unsigned_text.empty() ||
      (unsigned_text.front() != '.' && (unsigned_text.front() < '0' || unsigned_text.front() > '9'))) {
    return std::nullopt;
  }
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ptr != end || read.ec == std::errc::invalid_argument) return std::nullopt;
  if (read.ec == std::errc{}) return number;
  if (!is_tiny(text)) return std::nullopt;
  return text.starts_with('-') ? -0.0 : 0.0;
}

}  // namespace timestore
