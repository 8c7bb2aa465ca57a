// The shape of a scenario's text: prose, commands and what they print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace timestore::sim::script {

// A command with the prose above it and the output below it.
struct Part {
  std::vector<std::string> prose;
  std::string command;              // without "> "; empty: the prose at the end of the file
  std::size_t line = 0;             // of the command, from 1
  std::vector<std::string> output;  // without "| "
};

// The error names its line.
struct DocumentError {
  std::size_t line = 0;
  std::string message;
};

[[nodiscard]] tl::expected<std::vector<Part>, DocumentError> parse_document(std::string_view text);
[[nodiscard]] std::string to_text(const std::vector<Part>& parts);

// The lines of both, in order: "  " before a common line, "- " before one that only `expected` has, "+ " before one
// that only `observed` has.
[[nodiscard]] std::string difference(const std::vector<std::string>& expected,
                                     const std::vector<std::string>& observed);

}  // namespace timestore::sim::script
