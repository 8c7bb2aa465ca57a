#include "tests/tools/source_text.h"

#include <algorithm>
#include <string_view>

namespace timestore::house {
namespace {

// Where the raw string literal whose R stands at start ends: one past its closing quote.
std::size_t end_of_raw_string(const std::string& source, std::size_t start) {
  const std::size_t open = source.find('(', start);
  if (open == std::string::npos) return source.size();
  const std::string closing = ")" + source.substr(start + 2, open - start - 2) + "\"";
  const std::size_t close = source.find(closing, open);
  return close == std::string::npos ? source.size() : close + closing.size();
}

// Where the quoted literal that opens at start ends: one past its closing quote, or at the line's end.
std::size_t end_of_quoted(const std::string& source, std::size_t start) {
  for (std::size_t i = start + 1; i < source.size(); ++i) {
    if (source[i] == '\\') {
      ++i;
    } else if (source[i] == source[start] || source[i] == '\n') {
      return i + 1;
    }
  }
  return source.size();
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The first word of a declaration, behind `template <...>` where it begins so.
std::string_view first_word(std::string_view declaration) {
  const auto word_at_start = [&] {
    const auto end = std::find_if_not(declaration.begin(), declaration.end(), is_word);
    return declaration.substr(0, static_cast<std::size_t>(end - declaration.begin()));
  };
  while (word_at_start() == "template") {
    std::size_t at = declaration.find('<');
    for (int open = 0; at < declaration.size(); ++at) {
      if (declaration[at] == '<') ++open;
      if (declaration[at] == '>' && --open == 0) break;
    }
    declaration = trimmed(declaration.substr(std::min(at + 1, declaration.size())));
  }
  return word_at_start();
}

// Whether the braces behind these words hold a function's body: not the members of a namespace or class, nor values.
bool opens_function(std::string_view head) {
  const std::string_view word = first_word(head);
  for (const std::string_view scope : {"namespace", "class", "struct", "union", "enum", "extern"}) {
    if (word == scope) return false;
  }
  if (head.starts_with("inline namespace") || head.ends_with('=')) return false;
  return head.find('(') != std::string_view::npos || head.ends_with(']');
}

// Without preprocessor lines and the lines that go on with them.
std::string without_directives(std::string text) {
  bool goes_on = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    const bool is_directive = goes_on || trimmed(line).starts_with('#');
    goes_on = is_directive && line.ends_with('\\');
    if (is_directive)
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    at = end + 1;
  }
  return text;
}

// Reads a source from brace to brace.
class FunctionFinder {
 public:
  explicit FunctionFinder(const std::string& bare) : text_(without_directives(bare)) {}

  std::vector<Extent> find() {
    for (; at_ < text_.size(); ++at_) {
      switch (text_[at_]) {
        case '{':
          open();
          break;
        case '}':
          close();
          break;
        case ';':
          head_ = at_ + 1;
          break;
        case ':':
          end_label();
          break;
        case '\n':
          ++line_;
          break;
        default:
          break;
      }
    }
    return std::move(found_);
  }

 private:
  struct Block {
    bool is_function = false;
    int first_line = 0;
    std::size_t head = 0;
  };

  std::string_view head() const { return std::string_view(text_).substr(head_, at_ - head_); }

  void open() {
    const std::string_view words = head();
    const bool is_inside = !blocks_.empty() && blocks_.back().is_function;
    const auto behind = words.substr(static_cast<std::size_t>(trimmed(words).data() - words.data()));
    const int first_line = line_ - static_cast<int>(std::count(behind.begin(), behind.end(), '\n'));
    blocks_.push_back({is_inside || opens_function(trimmed(words)), first_line, head_});
    head_ = at_ + 1;
  }

  void close() {
    head_ = at_ + 1;
    if (blocks_.empty()) return;
    const Block block = blocks_.back();
    blocks_.pop_back();
    const bool is_inside = !blocks_.empty() && blocks_.back().is_function;
    const std::size_t next = text_.find_first_not_of(" \t\n", at_ + 1);
    // A value in braces among a constructor's members or a function's parameters: its head goes on behind it.
    if (next != std::string::npos && std::string_view(",){").find(text_[next]) != std::string_view::npos) {
      head_ = block.head;
    } else if (block.is_function && !is_inside) {
      found_.push_back({block.first_line, line_});
    }
  }

  // public: and the like begin nothing.
  void end_label() {
    const std::string_view words = trimmed(head());
    if (words == "public" || words == "protected" || words == "private") head_ = at_ + 1;
  }

  const std::string text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t head_ = 0;  // where the words before the next brace begin
  std::vector<Block> blocks_;
  std::vector<Extent> found_;
};

}  // namespace

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

std::string without_comments_and_strings(const std::string& source) {
  std::string bare = source;
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (bare[i] != '\n') bare[i] = ' ';
    }
    return to;
  };
  std::size_t i = 0;
  while (i < source.size()) {
    const bool after_word = i > 0 && is_word(source[i - 1]);  // 1'000 is a number, and FOR"x" no raw string
    if (source.compare(i, 2, "//") == 0) {
      i = blank(i, std::min(source.find('\n', i), source.size()));
    } else if (source.compare(i, 2, "/*") == 0) {
      const std::size_t close = source.find("*/", i + 2);
      i = blank(i, close == std::string::npos ? source.size() : close + 2);
    } else if (source.compare(i, 2, "R\"") == 0 && !after_word) {
      i = blank(i, end_of_raw_string(source, i));
    } else if (source[i] == '"' || (source[i] == '\'' && !after_word)) {
      i = blank(i, end_of_quoted(source, i));
    } else {
      ++i;
    }
  }
  return bare;
}

std::vector<Extent> functions_of(const std::string& bare) { return FunctionFinder(bare).find(); }

}  // namespace timestore::house
