// The rules of the house that a compiler does not check, read from the sources of a tree.
//
// Which room may include which is a table, and it is the drawing of the README in another form. The engine and the
// simulator must do the same thing on every run, so they may not name clocks, threads, random devices, unordered
// containers or the standard distributions. A constant must not hide another.
// A test that is not built proves nothing, and an assertion must mean what it
// says. The rest keeps files readable. What stands in a comment or in a string breaks no rule, but for unfinished work,
// which is looked for everywhere.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace timestore::house {

inline constexpr int kMaxFileLines = 400;
inline constexpr int kMaxFunctionLines = 70;  // from its first word to its closing brace

struct Violation {
  std::string file;  // relative to the tree's root
  int line = 0;      // from 1; 0 when the whole file is meant
  std::string sentence;
};

// Every violation in the .h and .cc files under the rooms of the tree at root, in the order of the files' names.
std::vector<Violation> violations(const std::filesystem::path& root);

}  // namespace timestore::house
