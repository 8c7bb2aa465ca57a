#include "sim/script/words.h"

#include <algorithm>
#include <charconv>

namespace timestore::sim::script {

namespace {

template <typename Number>
std::optional<Number> parsed(std::string_view word) {
  Number number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

// Levenshtein's distance: insertions, removals and exchanges of one letter.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t exchanged = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, exchanged});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool Words::take_if(std::string_view word) {
  if (empty() || peek() != word) return false;
  ++next_;
  return true;
}

Result<std::string> Words::take(std::string_view what) {
  if (!empty()) return take();
  is_misread_ = true;
  return fail("The command ends where " + std::string(what) + " should stand.");
}

Result<std::uint64_t> Words::take_number(std::string_view what) {
  return take(what).and_then([&](const std::string& word) { return to_number(word, what); });
}

Result<std::size_t> Words::take_node(std::size_t cluster_size) {
  return take("NODE").and_then([&](const std::string& word) { return to_node(word, cluster_size); });
}

Result<void> Words::end() {
  if (empty()) return {};
  is_misread_ = true;
  return fail("Nothing may follow here, but there is \"" + peek() + "\".");
}

Result<std::uint64_t> to_number(std::string_view word, std::string_view what) {
  if (const auto number = parsed<std::uint64_t>(word)) return *number;
  return fail(std::string(what) + " is a number from 0, not \"" + std::string(word) + "\".");
}

Result<std::int64_t> to_integer(std::string_view word, std::string_view what) {
  if (const auto number = parsed<std::int64_t>(word)) return *number;
  return fail(std::string(what) + " is a whole number, not \"" + std::string(word) + "\".");
}

Result<std::size_t> to_node(std::string_view word, std::size_t cluster_size) {
  if (word.starts_with('n')) {
    const auto number = parsed<std::size_t>(word.substr(1));
    if (number && *number >= 1 && *number <= cluster_size) return *number - 1;
  }
  return fail("\"" + std::string(word) + "\" is no node of this cluster: they are n1 to n" +
              std::to_string(cluster_size) + ".");
}

std::optional<std::pair<std::string, std::string>> to_setting(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return std::pair(std::string(word.substr(0, equals)), std::string(word.substr(equals + 1)));
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const auto nearest = std::min_element(known.begin(), known.end(), [&](std::string_view left, std::string_view right) {
    return distance(word, left) < distance(word, right);
  });
  if (nearest != known.end()) {
    const std::size_t mistakes = distance(word, *nearest);
    if (mistakes <= 2 && mistakes < nearest->size()) return "Did you mean \"" + std::string(*nearest) + "\"?";
  }
  std::string list;
  for (const std::string_view each : known) list += (list.empty() ? "Known are " : ", ") + std::string(each);
  return list + ".";
}

}  // namespace timestore::sim::script
