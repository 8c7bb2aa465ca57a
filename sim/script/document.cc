#include "sim/script/document.h"

#include <algorithm>

namespace timestore::sim::script {

namespace {

constexpr std::string_view kCommand = "> ";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string output_line(const std::string& line) { return line.empty() ? "|" : "| " + line; }

}  // namespace

tl::expected<std::vector<Part>, DocumentError> parse_document(std::string_view text) {
  std::vector<Part> parts(1);
  bool takes_output = false;
  std::size_t number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    const auto wrong = [&](std::string message) {
      return tl::unexpected<DocumentError>(DocumentError{number, std::move(message)});
    };
    if (line.starts_with('|')) {
      if (!takes_output) return wrong("An output (\"| ...\") stands directly below its command (\"> ...\").");
      parts.back().output.push_back(line.substr(std::min<std::size_t>(line.size(), line.starts_with("| ") ? 2 : 1)));
      continue;
    }
    if (takes_output) parts.emplace_back();
    takes_output = false;
    if (line.starts_with(kCommand)) {
      parts.back().command = line.substr(kCommand.size());
      parts.back().line = number;
      takes_output = true;
    } else if (line.find_first_not_of(' ') != std::string::npos && line[line.find_first_not_of(' ')] == '>') {
      return wrong("A command begins in the first column with \"> \": is this one, or prose?");
    } else {
      parts.back().prose.push_back(line);
    }
  }
  return parts;
}

std::string to_text(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts) {
    for (const std::string& line : part.prose) text += line + "\n";
    if (part.line == 0) continue;
    text += std::string(kCommand) + part.command + "\n";
    for (const std::string& line : part.output) text += output_line(line) + "\n";
  }
  return text;
}

// The longest common subsequence, by the table of all suffixes.
std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& observed) {
  const std::size_t width = observed.size() + 1;
  std::vector<std::size_t> common((expected.size() + 1) * width, 0);
  for (std::size_t i = expected.size(); i-- > 0;) {
    for (std::size_t j = observed.size(); j-- > 0;) {
      common[i * width + j] = expected[i] == observed[j]
                                  ? common[(i + 1) * width + j + 1] + 1
                                  : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  std::string text;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < expected.size() || j < observed.size()) {
    if (i < expected.size() && j < observed.size() && expected[i] == observed[j]) {
      text += "  " + expected[i++] + "\n";
      ++j;
    } else if (j == observed.size() ||
               (i < expected.size() && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      text += "- " + expected[i++] + "\n";
    } else {
      text += "+ " + observed[j++] + "\n";
    }
  }
  return text;
}

}  // namespace timestore::sim::script
