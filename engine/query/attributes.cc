#include "engine/query/attributes.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace timestore::query {
namespace {

// Reads minified JSON that was valid when it was stored. Of anything else it finds something or nothing, and never
// leaves the text.
class Attributes {
 public:
  explicit Attributes(std::string_view text) : text_(text) {}

  // The value at the path, as it is written; empty: there is none.
  std::string_view find(const std::vector<std::string>& path) {
    for (const std::string& name : path) {
      if (!enter(name)) return {};
    }
    const size_t begin = at_;
    skip_value();
    return text_.substr(begin, at_ - begin);
  }

 private:
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool enter(std::string_view name) {
    if (here() == '{') return enter_member(name);
    return here() == '[' && enter_element(name);
  }

  bool enter_member(std::string_view name) {
    ++at_;
    while (here() == '"') {
      const size_t begin = at_;
      skip_string();
      const auto found = unescaped(text_.substr(begin, at_ - begin));
      if (here() != ':') return false;
      ++at_;
      if (found && *found == name) return true;
      skip_value();
      if (here() != ',') return false;
      ++at_;
    }
    return false;
  }

  bool enter_element(std::string_view name) {
    uint32_t position = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), position);
    const bool is_position = error == std::errc() && end == name.data() + name.size();
    if (!is_position || (name.size() > 1 && name.front() == '0')) return false;
    ++at_;
    for (; position > 0; --position) {
      const size_t begin = at_;
      skip_value();
      if (at_ == begin || here() != ',') return false;
      ++at_;
    }
    return here() != ']';
  }

  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  void skip_value() {
    size_t depth = 0;
    do {
      const char c = here();
      if (c == '"') {
        skip_string();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return;
        --depth;
        ++at_;
      } else if (c == ',' && depth == 0) {
        return;
      } else {
        ++at_;
      }
    } while (at_ < text_.size() && (depth > 0 || (here() != ',' && here() != '}' && here() != ']')));
  }

 public:
  // What a JSON string with its quotes stands for. Nothing: it is none.
  static std::optional<std::string> unescaped(std::string_view quoted);

 private:
  std::string_view text_;
  size_t at_ = 0;
};

std::optional<uint32_t> four_digits(std::string_view text) {
  uint32_t number = 0;
  if (text.size() < 4) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 4, number, 16);
  if (error != std::errc() || end != text.data() + 4) return std::nullopt;
  return number;
}

void append_character(std::string& out, uint32_t code) {
  const auto trailing = [&](unsigned shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    trailing(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    trailing(6);
    trailing(0);
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    trailing(12);
    trailing(6);
    trailing(0);
  }
}

// The characters of \uXXXX, of a pair of them where they are surrogates, from `text`, which begins behind the first
// backslash and u.
bool take_escaped_code(std::string_view& text, std::string& out) {
  auto code = four_digits(text);
  if (!code) return false;
  text.remove_prefix(4);
  if (*code >= 0xdc00 && *code < 0xe000) return false;
  if (*code >= 0xd800 && *code < 0xdc00) {
    if (!text.starts_with("\\u")) return false;
    const auto low = four_digits(text.substr(2));
    if (!low || *low < 0xdc00 || *low >= 0xe000) return false;
    text.remove_prefix(6);
    code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
  }
  append_character(out, *code);
  return true;
}

std::optional<std::string> Attributes::unescaped(std::string_view quoted) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return std::nullopt;
  std::string_view text = quoted.substr(1, quoted.size() - 2);
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"' || static_cast<unsigned char>(c) < 0x20) return std::nullopt;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (text.empty()) return std::nullopt;
    const char escape = text.front();
    text.remove_prefix(1);
    if (const size_t known = kEscapes.find(escape); known != std::string_view::npos) {
      out += kMeanings[known];
    } else if (escape != 'u' || !take_escaped_code(text, out)) {
      return std::nullopt;
    }
  }
  return out;
}

bool equals(const AttributeValue& wanted, std::string_view found) {
  if (found.empty() || found.front() == '{' || found.front() == '[') return false;
  if (found.front() == '"') return Attributes::unescaped(found) == wanted.text;
  if (wanted.is_quoted) return false;
  if (found == wanted.text) return true;
  if (!wanted.number) return false;
  const auto number = parse_number(found);
  return number && number->compared(*wanted.number) == 0;
}

}  // namespace

Answer<std::vector<std::string>> parse_attribute_path(std::string_view path) {
  const std::string parameter = "attr." + std::string(path);
  if (path.empty()) return refuse(parameter, "behind attr. stands the path of an attribute, such as attr.room");
  std::vector<std::string> names(1);
  for (size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '.') {
      names.emplace_back();
    } else if (path[at] != '~') {
      names.back() += path[at];
    } else {
      const char code = at + 1 < path.size() ? path[++at] : '\0';
      if (code != '0' && code != '1')
        return refuse(parameter, "in the path of an attribute, ~1 is a dot and ~0 a tilde");
      names.back() += code == '1' ? '.' : '~';
    }
  }
  return names;
}

Answer<AttributeValue> parse_attribute_value(std::string_view path, std::string_view text) {
  if (!text.starts_with('"')) {
    return AttributeValue{.text = std::string(text), .is_quoted = false, .number = parse_number(text)};
  }
  auto meaning = Attributes::unescaped(text);
  if (!meaning) {
    return refuse("attr." + std::string(path), "what begins with a double quote is a JSON string, and ends with one");
  }
  return AttributeValue{.text = std::move(*meaning), .is_quoted = true};
}

bool matches(const AttributeTest& test, std::string_view attributes) {
  const std::string_view found = Attributes(attributes).find(test.path);
  return std::any_of(test.any_of.begin(), test.any_of.end(),
                     [&](const AttributeValue& wanted) { return equals(wanted, found); });
}

}  // namespace timestore::query
