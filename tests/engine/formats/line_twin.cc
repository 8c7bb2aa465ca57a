#include "tests/engine/formats/line_twin.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ostream>

namespace timestore {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string hex_float(double number) {
  char text[64];
  std::snprintf(text, sizeof text, "float %a", number);
  return text;
}

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

std::string without_backslashes_before(std::string text, std::string_view set) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && is_one_of(text[i + 1], set)) text.erase(i, 1);
  }
  return text;
}

// A string's own escapes come in pairs, so what a backslash frees is not looked at again.
std::string string_value(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && is_one_of(text[i + 1], "\"\\")) ++i;
    out += text[i];
  }
  return out;
}

bool are_digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

std::string_view without_minus(std::string_view text) { return text.substr(text.starts_with('-') ? 1 : 0); }

// A number without its minus is its mantissa and what stands behind each e, of which a number has one at most.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts = {""};
  for (const char c : without_minus(text)) {
    if (is_one_of(c, "eE")) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

bool is_number(const std::string& text) {
  std::vector<std::string> parts = parts_of(text);
  const size_t point = std::min(parts[0].find('.'), parts[0].size());
  const std::string digits = parts[0].substr(0, point) + parts[0].substr(std::min(point + 1, parts[0].size()));
  if (digits.empty() || !are_digits(digits) || parts.size() > 2) return false;
  if (parts.size() == 1) return true;
  if (is_one_of(parts[1][0], "+-")) parts[1].erase(0, 1);
  return !parts[1].empty() && are_digits(parts[1]);
}

// What 1.x takes for a float at first sight: digits, one point, any number of e's, and a sign behind each.
bool is_nearly_a_number(const std::string& text) {
  std::string rest;
  const std::vector<std::string> parts = parts_of(text);
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool has_sign = i > 0 && !parts[i].empty() && is_one_of(parts[i][0], "+-");
    rest += parts[i].substr(has_sign ? 1 : 0);
  }
  if (const size_t point = rest.find('.'); point != std::string::npos) rest.erase(point, 1);
  return are_digits(rest) && (parts.size() > 1 || !rest.empty());
}

std::string with_backslashes_before(const std::string& text, std::string_view set) {
  std::string out;
  for (const char c : text) out += is_one_of(c, set) ? std::string("\\") + c : std::string(1, c);
  return out;
}

bool is_utf8(const std::string& text) {
  size_t i = 0;
  const auto at = [&](size_t place) { return place < text.size() ? static_cast<unsigned char>(text[place]) : 0U; };
  const auto follows = [&](size_t place, unsigned low, unsigned high) { return at(place) >= low && at(place) <= high; };
  while (i < text.size()) {
    const unsigned first = at(i);
    if (first < 0x80) {
      i += 1;
    } else if (first >= 0xc2 && first <= 0xdf && follows(i + 1, 0x80, 0xbf)) {
      i += 2;
    } else if (first >= 0xe0 && first <= 0xef &&
               follows(i + 1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && follows(i + 2, 0x80, 0xbf)) {
      i += 3;
    } else if (first >= 0xf0 && first <= 0xf4 &&
               follows(i + 1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && follows(i + 2, 0x80, 0xbf) &&
               follows(i + 3, 0x80, 0xbf)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

// One line, read by automata: one character, one transition.
class NaiveLine {
 public:
  NaiveLine(std::string text, const LineReading& reading) : text_(std::move(text)), reading_(reading) {}

  // Empty when the line is good; its outcome is then set.
  std::string read() {
    if (!is_utf8(text_)) return "invalid UTF-8";
    for (const auto part : {&NaiveLine::read_key, &NaiveLine::read_fields, &NaiveLine::read_time}) {
      if (std::string reason = (this->*part)(); !reason.empty()) return reason;
    }
    return "";
  }

  LineOutcome outcome;

 private:
  int here() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1; }
  bool is_here(std::string_view set) const { return here() >= 0 && is_one_of(text_[at_], set); }

  enum class Part { kMeasurement, kTagKey, kTagValue };

  std::string read_key() {
    Part part = Part::kMeasurement;
    std::string word;
    size_t key_bytes = 0;
    for (;; ++at_) {
      const bool is_first = word.empty();
      const bool is_escaped = !is_first && word.back() == '\\';
      const bool ends = here() < 0 || (!is_escaped && is_here(part == Part::kMeasurement ? ", " : ", ="));
      if (part == Part::kMeasurement && is_first && is_here(",")) return "missing measurement";
      if (part == Part::kTagKey && is_first && ends) return "missing tag key";
      if (part == Part::kTagKey && ends && !is_here("=")) return "missing tag value";
      if (part == Part::kTagValue && is_first && (here() < 0 || is_here(", "))) return "missing tag value";
      if (here() < 0) return "missing fields";
      if (is_first || !ends) {
        word += text_[at_];
        continue;
      }
      if (part == Part::kTagValue && is_here("=")) return "invalid tag format";
      const std::string plain = without_backslashes_before(word, part == Part::kMeasurement ? ", " : ", =");
      word.clear();
      if (part == Part::kMeasurement) outcome.measurement = plain;
      if (part == Part::kTagKey) outcome.tags.emplace_back(plain, "");
      if (part == Part::kTagValue) outcome.tags.back().second = plain;
      if (is_here(" ")) break;
      part = is_here("=") ? Part::kTagValue : Part::kTagKey;
    }
    std::sort(outcome.tags.begin(), outcome.tags.end());
    for (size_t i = 1; i < outcome.tags.size(); ++i) {
      if (outcome.tags[i - 1].first == outcome.tags[i].first) return "duplicate tags";
    }
    outcome.key = with_backslashes_before(outcome.measurement, ", ");
    for (const auto& [key, value] : outcome.tags) {
      outcome.key += "," + with_backslashes_before(key, ", =") + "=" + with_backslashes_before(value, ", =");
    }
    key_bytes = outcome.key.size();
    return key_bytes > 65535 ? "max key length exceeded: " + std::to_string(key_bytes) + " > 65535" : "";
  }

  std::string read_fields() {
    while (is_here(std::string_view(" \t\0", 3))) ++at_;
    size_t longest = 0;
    do {
      if (!outcome.fields.empty()) ++at_;  // the comma
      std::string key;
      while (here() >= 0 && !is_here(",= ")) {
        if (is_here("\\") && at_ + 1 < text_.size()) key += text_[at_++];
        key += text_[at_++];
      }
      if (!is_here("=")) return "invalid field format";
      if (key.empty()) return "missing field key";
      ++at_;
      if (here() < 0 || is_here(", ")) return "missing field value";
      if (key.back() == '\\') return "invalid field format";
      longest = std::max(longest, key.size());
      std::string value;
      if (std::string reason = is_here("\"") ? read_string(value) : read_plain(value); !reason.empty()) return reason;
      outcome.fields.emplace_back(without_backslashes_before(key, ", ="), value);
      if (here() >= 0 && !is_here(", ")) return "invalid field format";
    } while (is_here(","));
    const size_t size = outcome.key.size() + 4 + longest;
    return size > 65535 ? "max key length exceeded: " + std::to_string(size) + " > 65535" : "";
  }

  std::string read_string(std::string& value) {
    ++at_;
    std::string text;
    while (here() >= 0 && !is_here("\"")) {
      if (is_here("\\") && at_ + 1 < text_.size()) text += text_[at_++];
      text += text_[at_++];
    }
    if (here() < 0) return "unbalanced quotes";
    ++at_;
    value = "string " + string_value(text);
    return "";
  }

  std::string read_plain(std::string& value) {
    std::string text;
    while (here() >= 0 && !is_here(", ")) text += text_[at_++];
    if (!is_one_of(text[0], "0123456789-.Nn")) {
      const bool is_true = text == "t" || text == "T" || text == "true" || text == "True" || text == "TRUE";
      const bool is_false = text == "f" || text == "F" || text == "false" || text == "False" || text == "FALSE";
      if (!is_true && !is_false) return "invalid boolean";
      value = is_true ? "boolean true" : "boolean false";
      return "";
    }
    const std::string before = text.substr(0, text.size() - 1);
    const bool is_whole = !without_minus(before).empty() && are_digits(without_minus(before));
    if (text.back() == 'i' && is_whole) return read_integer(before, value);
    if (text.back() == 'u' && is_whole && before[0] != '-' && reading_.has_unsigned) {
      return read_unsigned(before, value);
    }
    const double parsed = std::strtod(text.c_str(), nullptr);
    if (is_number(text) && std::isfinite(parsed)) {
      value = hex_float(parsed);
      return "";
    }
    return is_nearly_a_number(text) ? "invalid float" : "invalid number";
  }

  static std::string read_integer(const std::string& text, std::string& value) {
    errno = 0;
    const long long number = std::strtoll(text.c_str(), nullptr, 10);
    if (errno == ERANGE) {
      return "unable to parse integer " + text + ": strconv.ParseInt: parsing \"" + text + "\": value out of range";
    }
    value = "integer " + std::to_string(number);
    return "";
  }

  static std::string read_unsigned(const std::string& text, std::string& value) {
    errno = 0;
    const unsigned long long number = std::strtoull(text.c_str(), nullptr, 10);
    if (errno == ERANGE) {
      return "unable to parse unsigned " + text + ": strconv.ParseUint: parsing \"" + text + "\": value out of range";
    }
    value = "unsigned " + std::to_string(number);
    return "";
  }

  std::string read_time() {
    while (is_here(std::string_view(" \t\0", 3))) ++at_;
    const auto unit = static_cast<int64_t>(reading_.precision);
    if (here() < 0) {
      const auto whole = static_cast<int64_t>(
          std::floor(static_cast<long double>(reading_.default_time_ns) / static_cast<long double>(unit)));
      outcome.time_ns = whole * unit;
      return "";
    }
    std::string text;
    while (here() >= 0 && !is_here(" ")) text += text_[at_++];
    if (!are_digits(without_minus(text))) return "bad timestamp";
    errno = 0;
    const long double units = static_cast<long double>(std::strtoll(text.c_str(), nullptr, 10));
    const std::string parsing = "strconv.ParseInt: parsing \"" + text + "\": ";
    if (text == "-") return parsing + "invalid syntax";
    if (errno == ERANGE) return parsing + "value out of range";
    const long double time = units * static_cast<long double>(unit);
    const auto limit = static_cast<long double>(INT64_MAX - 1);
    if (time > limit || time < -limit) return "time outside range -9223372036854775806 - 9223372036854775806";
    outcome.time_ns = static_cast<int64_t>(time);
    while (is_here(" ")) ++at_;
    return here() < 0 ? "" : "point is invalid";
  }

  const std::string text_;
  const LineReading& reading_;
  size_t at_ = 0;
};

std::string shown(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t size = 1;
    while (size <= 4 && !is_utf8(text.substr(i, size))) ++size;
    const bool is_good = size <= 4 && i + size <= text.size();
    out += is_good ? text.substr(i, size) : "\ufffd";
    i += is_good ? size : 1;
  }
  return out;
}

}  // namespace

LineOutcomes naive_lines(std::string_view body, const LineReading& reading) {
  LineOutcomes outcomes;
  uint64_t next_number = 1;
  size_t at = 0;
  while (at < body.size()) {
    const uint64_t number = next_number;
    std::string line;
    bool quoted = false;
    bool has_space = false;
    int ahead = 0;  // equals signs more than commas
    for (bool ended = false; at < body.size() && !ended; ++at) {
      line += body[at];
      if (body[at] == '\n') ++next_number;
      if (body[at] == '\\' && at + 1 < body.size()) {
        line += body[++at];
        if (body[at] == '\n') ++next_number;
        continue;
      }
      ended = body[at] == '\n' && !quoted;
      if (body[at] == ' ') has_space = true;
      if (body[at] == '"' && has_space && ahead > 0) quoted = !quoted;
      if (body[at] == '=' && has_space && !quoted) ++ahead;
      if (body[at] == ',' && has_space && !quoted) --ahead;
    }
    if (line.ends_with('\n')) line.pop_back();
    if (line.ends_with('\r')) line.pop_back();
    while (!line.empty() && is_one_of(line[0], std::string_view(" \t\0", 3))) line.erase(0, 1);
    if (line.empty() || line[0] == '#') continue;
    NaiveLine naive(line, reading);
    const std::string reason = naive.read();
    LineOutcome outcome = reason.empty() ? naive.outcome : LineOutcome{};
    if (!reason.empty()) outcome.refusal = "unable to parse '" + shown(line) + "': " + reason;
    outcome.number = number;
    outcomes.push_back(outcome);
  }
  return outcomes;
}

void LineKeeper::take(const Line& line) {
  LineOutcome outcome{.number = line.number, .refusal = ""};
  outcome.measurement = line.measurement;
  for (const LineTag& tag : line.tags) outcome.tags.emplace_back(tag.key, tag.value);
  for (const LineField& field : line.fields) {
    struct Shown {
      std::string operator()(double value) const { return hex_float(value); }
      std::string operator()(int64_t value) const { return "integer " + std::to_string(value); }
      std::string operator()(uint64_t value) const { return "unsigned " + std::to_string(value); }
      std::string operator()(bool value) const { return value ? "boolean true" : "boolean false"; }
      std::string operator()(std::string_view value) const { return "string " + std::string(value); }
    };
    outcome.fields.emplace_back(field.key, std::visit(Shown{}, field.value));
  }
  outcome.key = line.key;
  outcome.time_ns = line.time_ns;
  outcomes.push_back(outcome);
}

void LineKeeper::refuse(const BadLine& line) {
  LineOutcome outcome{.number = line.number, .refusal = ""};
  append_message(outcome.refusal, line);
  outcomes.push_back(outcome);
}

void PrintTo(const LineOutcome& outcome, std::ostream* out) {
  *out << "line " << outcome.number << ": " << outcome.refusal << outcome.key << " of " << outcome.measurement;
  for (const auto& [key, value] : outcome.tags) *out << ", tag " << key << " = " << value;
  for (const auto& [key, value] : outcome.fields) *out << ", field " << key << " = " << value;
  *out << " at " << outcome.time_ns;
}

}  // namespace timestore
