#include "engine/formats/line.h"

#include <algorithm>

#include "engine/base/utf8.h"

namespace timestore {

void append_series_name(std::string& out, const Line& line, std::string_view field_key) {
  out += line.key;
  out += ' ';
  for (const char c : field_key) {
    if (c == ',' || c == '=' || c == ' ') out += '\\';
    out += c;
  }
}

void append_message(std::string& out, const BadLine& line) {
  out += "unable to parse '";
  for (std::string_view rest = line.text; !rest.empty();) {
    const size_t valid = valid_utf8_prefix(rest);
    out += rest.substr(0, valid);
    if (valid < rest.size()) out += "\ufffd";
    rest.remove_prefix(std::min(valid + 1, rest.size()));
  }
  out += "': ";
  out += line.reason;
}

std::optional<LinePrecision> line_precision_named(std::string_view name) {
  if (name == "n" || name == "ns") return LinePrecision::kNanoseconds;
  if (name == "u" || name == "us") return LinePrecision::kMicroseconds;
  if (name == "ms") return LinePrecision::kMilliseconds;
  if (name == "s") return LinePrecision::kSeconds;
  if (name == "m") return LinePrecision::kMinutes;
  if (name == "h") return LinePrecision::kHours;
  return std::nullopt;
}

}  // namespace timestore
