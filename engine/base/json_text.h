// Writing JSON (RFC 8259) by appending to a string: the pieces that are easy to get wrong.
//
// Nothing here reads JSON or keeps track of commas; objects are short and their writers spell them out.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace timestore {

// Writes the quotes too. Escapes what JSON demands and passes all else through, so `text` must be valid UTF-8 for the
// result to be.
void append_json_string(std::string& out, std::string_view text);

// Writes the shortest form that reads back as the same double (-0.0 keeps its sign). JSON has no NaN and no infinity:
// they become null.
void append_json_number(std::string& out, double number);

template <std::integral Integer>
requires(!std::same_as<Integer, bool>) void append_json_integer(std::string& out, Integer number) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

// The same behind a label, which is written as it is, such as `,"term":`.
template <std::integral Integer>
void append_json_integer(std::string& out, std::string_view label, Integer number) {
  out += label;
  append_json_integer(out, number);
}

}  // namespace timestore
