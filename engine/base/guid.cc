#include "engine/base/guid.h"

#include <cstddef>

namespace timestore {
namespace {

constexpr size_t kTextLength = 36;

constexpr bool hyphen_precedes(size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

constexpr int kNotHex = -1;

constexpr int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return kNotHex;
}

}  // namespace

std::optional<Guid> Guid::parse(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  Guid guid;
  size_t at = 0;
  for (size_t byte = 0; byte < guid.bytes.size(); ++byte) {
    if (hyphen_precedes(byte) && text[at++] != '-') return std::nullopt;
    const int high = hex_value(text[at++]);
    const int low = hex_value(text[at++]);
    if (high == kNotHex || low == kNotHex) return std::nullopt;
    guid.bytes[byte] = static_cast<uint8_t>(high * 16 + low);
  }
  return guid;
}

void Guid::append_to(std::string& out) const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, kTextLength> text;
  size_t at = 0;
  for (size_t byte = 0; byte < bytes.size(); ++byte) {
    if (hyphen_precedes(byte)) text[at++] = '-';
    text[at++] = kDigits[bytes[byte] >> 4];
    text[at++] = kDigits[bytes[byte] & 15];
  }
  out.append(text.data(), text.size());
}

std::string Guid::text() const {
  std::string out;
  append_to(out);
  return out;
}

}  // namespace timestore
