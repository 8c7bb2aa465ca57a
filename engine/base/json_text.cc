#include "engine/base/json_text.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace timestore {
namespace {

constexpr bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

constexpr std::uint64_t kEveryByte = 0x0101010101010101;

// False when none of eight bytes needs_escape(): a word less one in every byte borrows exactly where a byte was zero,
// and less 0x20 where one was below it (Warren, Hacker's Delight, 6-1).
constexpr bool may_need_escape(std::uint64_t eight) {
  const auto zero_bytes = [](std::uint64_t word) { return (word - kEveryByte) & ~word; };
  const std::uint64_t below_space = (eight - kEveryByte * 0x20) & ~eight;
  const std::uint64_t quotes = zero_bytes(eight ^ kEveryByte * '"');
  const std::uint64_t backslashes = zero_bytes(eight ^ kEveryByte * '\\');
  return ((below_space | quotes | backslashes) & kEveryByte * 0x80) != 0;
}

// The first byte from `at` on that needs_escape(); the size of the text when none does.
std::size_t find_escape(std::string_view text, std::size_t at) {
  for (; text.size() - at >= 8; at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if (!may_need_escape(eight)) continue;
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(at + 8);
    const auto found = std::find_if(end - 8, end, needs_escape);
    if (found != end) return static_cast<std::size_t>(found - text.begin());
  }
  const auto rest = text.begin() + static_cast<std::ptrdiff_t>(at);
  return static_cast<std::size_t>(std::find_if(rest, text.end(), needs_escape) - text.begin());
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
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
      out += kDigits[static_cast<unsigned char>(c) & 15];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  size_t written = 0;
  for (size_t at = find_escape(text, 0); at < text.size(); at = find_escape(text, written)) {
    out.append(text, written, at - written);
    append_escape(out, text[at]);
    written = at + 1;
  }
  out.append(text, written);
  out += '"';
}

void append_json_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

}  // namespace timestore
