#include "engine/query/influxql/go_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"
#include "engine/base/utf8.h"

namespace timestore::query::influxql {
namespace {

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 0xf];
  }
}

// The characters at the beginning that are no ASCII.
void append_beyond_ascii(std::string& out, std::string_view& rest) {
  size_t end = 0;
  while (end < rest.size() && static_cast<unsigned char>(rest[end]) >= 0x80) ++end;
  const size_t valid = valid_utf8_prefix(rest.substr(0, end));
  const std::string_view text = rest.substr(0, valid);
  for (size_t at = 0; at < text.size(); ++at) {  // U+2028 and U+2029 end lines in JavaScript
    const bool is_separator = text.substr(at, 2) == "\xe2\x80" && (text[at + 2] == '\xa8' || text[at + 2] == '\xa9');
    if (is_separator)
      out += text[at + 2] == '\xa8' ? "\\u2028" : "\\u2029";
    else
      out += text[at];
    at += is_separator ? 2 : 0;
  }
  if (valid < end) out += "\\ufffd";
  rest.remove_prefix(valid < end ? valid + 1 : end);
}

}  // namespace

void append_go_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text[0]) >= 0x80) {
      append_beyond_ascii(out, text);
    } else {
      append_escaped(out, text[0]);
      text.remove_prefix(1);
    }
  }
  out += '"';
}

// The shortest digits, and zeros up to the point.
void append_plain_number(std::string& out, double number) {
  std::array<char, 64> text;
  const auto written = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific);
  std::string_view all(text.data(), static_cast<size_t>(written.ptr - text.data()));
  const size_t at_exponent = all.find('e');
  if (at_exponent == std::string_view::npos) {  // infinite
    out += all;
    return;
  }
  int exponent = 0;
  const std::string_view written_exponent = all.substr(at_exponent + (all[at_exponent + 1] == '+' ? 2 : 1));
  std::from_chars(written_exponent.data(), written_exponent.data() + written_exponent.size(), exponent);
  std::string digits;
  for (const char c : all.substr(0, at_exponent)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  if (std::signbit(number)) out += '-';
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<size_t>(-exponent - 1), '0');
    out += digits;
    return;
  }
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  out.append(digits, 0, whole);
  if (digits.size() > whole) (out += '.').append(digits, whole);
}

void append_go_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  const double size = std::fabs(number);
  if (std::fpclassify(size) == FP_ZERO || (size >= 1e-6 && size < 1e21)) return append_plain_number(out, number);
  std::array<char, 64> text;
  const auto written = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific);
  std::string_view all(text.data(), static_cast<size_t>(written.ptr - text.data()));
  const size_t exponent = all.find('e');
  out += all.substr(0, exponent + 2);
  all.remove_prefix(exponent + 2);
  if (all.size() == 2 && all[0] == '0' && out.back() == '-') all.remove_prefix(1);
  out += all;
}

void append_go_value(std::string& out, const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return append_go_number(out, *number);
  if (const auto* number = std::get_if<int64_t>(&value)) return append_json_integer(out, *number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return append_json_integer(out, *number);
  if (const auto* flag = std::get_if<bool>(&value)) {
    out += *flag ? "true" : "false";
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    append_go_string(out, *text);
  } else {
    out += "null";
  }
}

void append_csv_cell(std::string& out, std::string_view text) {
  const bool needs_quotes = text.find_first_of(",\"\r\n") != std::string_view::npos || text == "\\." ||
                            (!text.empty() && (text[0] == ' ' || text[0] == '\t'));
  if (!needs_quotes) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_local_time(std::string& out, int64_t time_ns, int64_t offset_s) {
  constexpr int64_t kRoom = int64_t{48} * 3600 * 1'000'000'000;  // local times beyond all timestamps are told as UTC
  const bool is_at_an_end = time_ns < kMinTimestamp + kRoom || time_ns > kMaxTimestamp - kRoom;
  if (offset_s == 0 || is_at_an_end) return append_timestamp(out, time_ns);
  append_timestamp(out, time_ns + offset_s * 1'000'000'000);
  out.pop_back();  // Z
  const int64_t minutes = std::abs(offset_s) / 60;
  out += offset_s < 0 ? '-' : '+';
  for (const int64_t part : {minutes / 60, minutes % 60}) {
    out += static_cast<char>('0' + part / 10);
    out += static_cast<char>('0' + part % 10);
    out += ':';
  }
  out.pop_back();
}

void append_escaped_name(std::string& out, std::string_view name, bool is_measurement) {
  for (const char c : name) {
    if (c == ',' || c == ' ' || (c == '=' && !is_measurement)) out += '\\';
    out += c;
  }
}

}  // namespace timestore::query::influxql
