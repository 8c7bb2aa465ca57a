// The words of one command line, taken one after the other, and errors that say what was expected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace timestore::sim::script {

// The parts of `text` between separators; blanks in a row are one.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

class Words {
 public:
  explicit Words(std::string_view line) : words_(split(line, ' ')) {}

  bool empty() const { return next_ == words_.size(); }
  const std::string& peek() const { return words_[next_]; }  // requires a word
  std::string take() { return words_[next_++]; }             // requires a word

  // Takes the next word if it is this one.
  bool take_if(std::string_view word);

  // `what` names the word that should be there, as it stands in the usage: "NODE".
  [[nodiscard]] Result<std::string> take(std::string_view what);
  [[nodiscard]] Result<std::uint64_t> take_number(std::string_view what);
  [[nodiscard]] Result<std::size_t> take_node(std::size_t cluster_size);
  [[nodiscard]] Result<void> end();  // nothing may be left

  // A word was missing or too many: the usage helps.
  bool is_misread() const { return is_misread_; }

 private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
  bool is_misread_ = false;
};

[[nodiscard]] Result<std::uint64_t> to_number(std::string_view word, std::string_view what);
[[nodiscard]] Result<std::int64_t> to_integer(std::string_view word, std::string_view what);
[[nodiscard]] Result<std::size_t> to_node(std::string_view word, std::size_t cluster_size);  // "n2" is 1

// "key=value", cut at the first "="; nothing without one.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> to_setting(std::string_view word);

// What to try instead of an unknown word: the nearest known one, or all of them.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace timestore::sim::script
