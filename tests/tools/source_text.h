// C++ source as text: what a rule about lines and functions needs to know of it. It parses no C++; it knows comments,
// strings, preprocessor lines and braces, and takes what stands before a brace for what it looks like.
#pragma once

#include <string>
#include <vector>

namespace timestore::house {

// Whether the character belongs to a word: a letter, a digit or an underscore.
bool is_word(char c);

// source with comments, strings and character literals blanked out; line breaks stay.
std::string without_comments_and_strings(const std::string& source);

// From the first to the last line, counted from 1.
struct Extent {
  int first_line = 0;
  int last_line = 0;
};

// The functions that are defined in a source without comments and strings, in their order. What is defined inside a
// function (a lambda, a local class) is a part of it; a lambda in a table outside every function is one of its own.
std::vector<Extent> functions_of(const std::string& bare);

}  // namespace timestore::house
