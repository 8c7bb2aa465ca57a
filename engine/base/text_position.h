// A place in a text, for sentences.
#pragma once

#include <algorithm>
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
    for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      text.remove_prefix(end + 1);
      ++line;
      column = 1;
    }
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    column += static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_character));
  }

  // "line 2, column 5".
  std::string words() const { return "line " + std::to_string(line) + ", column " + std::to_string(column); }
};

}  // namespace timestore
