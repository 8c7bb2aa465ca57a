// A place in a text, for sentences.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace timestore {

// Both from 1. Columns count characters of UTF-8, and a line feed ends a line.
struct TextPosition {
  size_t line = 1;
  size_t column = 1;

  bool operator==(const TextPosition&) const = default;

  void pass(std::string_view text) {
    for (const char c : text) {
      const bool begins_character = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      column = c == '\n' ? 1 : column + (begins_character ? 1 : 0);
      line += c == '\n' ? 1 : 0;
    }
  }

  // "line 2, column 5".
  std::string words() const { return "line " + std::to_string(line) + ", column " + std::to_string(column); }
};

}  // namespace timestore
