// 128-bit identifiers (RFC 9562), kept in the order of their text: comparing the bytes compares the texts.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace timestore {

struct Guid {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const Guid&) const = default;

  bool is_nil() const { return *this == Guid{}; }

  // Reads the hyphenated form of 8-4-4-4-12 hexadecimal digits in either case, and no other: no braces, no blanks.
  static std::optional<Guid> parse(std::string_view text);

  // Writes the hyphenated form in lower case: 36 characters.
  void append_to(std::string& out) const;
  std::string text() const;
};

}  // namespace timestore
