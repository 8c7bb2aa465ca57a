#include "engine/query/influxql/token.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/checked.h"
#include "engine/base/text_position.h"

namespace timestore::query::influxql {
namespace {

using TokenKind = Token::Kind;

// Sorted.
constexpr std::array<std::string_view, 74> kReserved = {"ALL",          "ALTER",        "ANALYZE",      "ANY",
                                                        "AS",           "ASC",          "BEGIN",        "BY",
                                                        "CARDINALITY",  "CREATE",       "CONTINUOUS",   "DATABASE",
                                                        "DATABASES",    "DEFAULT",      "DELETE",       "DESC",
                                                        "DESTINATIONS", "DIAGNOSTICS",  "DISTINCT",     "DROP",
                                                        "DURATION",     "END",          "EVERY",        "EXACT",
                                                        "EXPLAIN",      "FIELD",        "FOR",          "FROM",
                                                        "GRANT",        "GRANTS",       "GROUP",        "GROUPS",
                                                        "IN",           "INF",          "INSERT",       "INTO",
                                                        "KEY",          "KEYS",         "KILL",         "LIMIT",
                                                        "MEASUREMENT",  "MEASUREMENTS", "NAME",         "OFFSET",
                                                        "ON",           "ORDER",        "PASSWORD",     "POLICIES",
                                                        "POLICY",       "PRIVILEGES",   "QUERIES",      "QUERY",
                                                        "READ",         "REPLICATION",  "RESAMPLE",     "RETENTION",
                                                        "REVOKE",       "SELECT",       "SERIES",       "SET",
                                                        "SHARD",        "SHARDS",       "SHOW",         "SLIMIT",
                                                        "SOFFSET",      "STATS",        "SUBSCRIPTION", "SUBSCRIPTIONS",
                                                        "TAG",          "TO",           "USER",         "VALUES",
                                                        "WHERE",        "WITH"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool equals_in_capitals(std::string_view text, std::string_view capitals) {
  return text.size() == capitals.size() && std::equal(text.begin(), text.end(), capitals.begin(),
                                                      [](char c, char capital) { return upper(c) == capital; });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_in_word(char c) { return begins_word(c) || is_digit(c); }

struct DurationUnit {
  std::string_view name;
  int64_t nanoseconds;
};
constexpr std::array<DurationUnit, 10> kUnits = {{{"ns", 1},
                                                  {"u", 1'000},
                                                  {"\u00b5", 1'000},
                                                  {"ms", 1'000'000},
                                                  {"s", 1'000'000'000},
                                                  {"m", 60'000'000'000},
                                                  {"h", 3'600'000'000'000},
                                                  {"d", 86'400'000'000'000},
                                                  {"w", 604'800'000'000'000},
                                                  {"\u03bc", 1'000}}};

const DurationUnit* unit_at(std::string_view text) {
  const DurationUnit* best = nullptr;
  for (const DurationUnit& unit : kUnits) {
    if (text.starts_with(unit.name) && (best == nullptr || unit.name.size() > best->name.size())) best = &unit;
  }
  return best;
}

}  // namespace

bool is_reserved(std::string_view word) {
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](std::string_view known) { return equals_in_capitals(word, known); });
}

bool Token::is_keyword(std::string_view word) const {
  return kind == TokenKind::kWord && equals_in_capitals(text, word);
}

tl::unexpected<QueryError> Lexer::refuse_at(size_t offset, const std::string& sentence) const {
  TextPosition position;
  position.pass(text_.substr(0, offset));
  return refuse("q",
                sentence + " at line " + std::to_string(position.line) + ", char " + std::to_string(position.column),
                offset + 1);
}

// And comments.
size_t Lexer::skip_blanks(size_t offset) const {
  while (offset < text_.size()) {
    const std::string_view rest = text_.substr(offset);
    if (rest.front() == ' ' || rest.front() == '\t' || rest.front() == '\n' || rest.front() == '\r') {
      ++offset;
    } else if (rest.starts_with("--")) {
      offset = std::min(text_.find('\n', offset), text_.size());
    } else if (rest.starts_with("/*") && rest.find("*/", 2) != std::string_view::npos) {
      offset += rest.find("*/", 2) + 2;
    } else {
      break;
    }
  }
  return offset;
}

Answer<Token> Lexer::at(size_t offset) const {
  offset = skip_blanks(offset);
  if (offset == text_.size()) return Token{.kind = TokenKind::kEnd, .offset = offset, .end = offset};
  const char first = text_[offset];
  const char second = offset + 1 < text_.size() ? text_[offset + 1] : '\0';
  if (first == '"' || first == '\'') return quoted(offset);
  if (is_digit(first) || (first == '.' && is_digit(second))) return number(offset);
  const bool is_parameter = first == '$' && begins_word(second);
  if (!begins_word(first) && !is_parameter) return operator_at(offset);
  size_t end = offset + 1;
  while (end < text_.size() && is_in_word(text_[end])) ++end;
  const size_t begin = is_parameter ? offset + 1 : offset;
  return Token{.kind = is_parameter ? TokenKind::kParameter : TokenKind::kWord,
               .text = std::string(text_.substr(begin, end - begin)),
               .offset = offset,
               .end = end};
}

Answer<Token> Lexer::quoted(size_t offset) const {
  const char quote = text_[offset];
  Token token{.kind = quote == '"' ? TokenKind::kQuotedWord : TokenKind::kString, .offset = offset};
  for (size_t at = offset + 1; at < text_.size(); ++at) {
    char c = text_[at];
    if (c == quote) {
      token.end = at + 1;
      return token;
    }
    if (c == '\n') break;
    if (c == '\\') {
      const char escaped = at + 1 < text_.size() ? text_[++at] : '\0';
      if (escaped != 'n' && escaped != '\\' && escaped != '"' && escaped != '\'') {
        return refuse_at(at - 1, "a backslash stands before n, a backslash or a quote");
      }
      c = escaped == 'n' ? '\n' : escaped;
    }
    token.text += c;
  }
  return refuse_at(offset, std::string("a text has no closing ") + quote);
}

Answer<Token> Lexer::number(size_t offset) const {
  size_t end = offset;
  while (end < text_.size() && is_digit(text_[end])) ++end;
  const bool has_point = end + 1 <= text_.size() && end < text_.size() && text_[end] == '.';
  if (!has_point && end < text_.size() && unit_at(text_.substr(end)) != nullptr) return duration(offset, end);
  if (has_point) {
    ++end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
  }
  Token token{.kind = has_point ? TokenKind::kNumber : TokenKind::kInteger,
              .text = std::string(text_.substr(offset, end - offset)),
              .offset = offset,
              .end = end};
  if (has_point) return token;
  const auto [stop, error] = std::from_chars(text_.data() + offset, text_.data() + end, token.integer);
  // What needs more bits is a number like 1e30 that was written out.
  if (error != std::errc() || stop != text_.data() + end) token.kind = TokenKind::kNumber;
  return token;
}

// `1h30m`: parts add up.
Answer<Token> Lexer::duration(size_t offset, size_t end_of_digits) const {
  Token token{.kind = TokenKind::kDuration, .offset = offset};
  size_t begin = offset;
  size_t end = end_of_digits;
  while (true) {
    const DurationUnit* unit = unit_at(text_.substr(end));
    int64_t count = 0;
    const auto [stop, error] = std::from_chars(text_.data() + begin, text_.data() + end, count);
    if (unit == nullptr || stop != text_.data() + end) return refuse_at(begin, "a duration ends in a unit");
    const auto part = error == std::errc() ? checked_mul(count, unit->nanoseconds) : std::nullopt;
    const auto sum = part ? checked_add(token.integer, *part) : std::nullopt;
    if (!sum) return refuse_at(offset, "a duration is longer than 292 years");
    token.integer = *sum;
    end += unit->name.size();
    begin = end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    if (end == begin) break;
  }
  token.end = end;
  token.text = text_.substr(offset, end - offset);
  return token;
}

Answer<Token> Lexer::operator_at(size_t offset) const {
  constexpr std::array<std::string_view, 26> kOperators = {"!=", "!~", "<=", ">=", "<>", "=~", "::", "+", "-",
                                                           "*",  "/",  "%",  "&",  "|",  "^",  "=",  "<", ">",
                                                           "(",  ")",  ",",  ";",  ".",  ":",  "[",  "]"};
  const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                  [&](std::string_view known) { return text_.substr(offset).starts_with(known); });
  if (found == kOperators.end()) return refuse_at(offset, "there is a character that means nothing here");
  const std::string text = *found == "<>" ? "!=" : std::string(*found);
  return Token{.kind = TokenKind::kOperator, .text = text, .offset = offset, .end = offset + found->size()};
}

// Between slashes; a backslash keeps its meaning for the expression, but for that before a slash.
Answer<Token> Lexer::regex_at(size_t offset) const {
  Token token{.kind = TokenKind::kRegex, .offset = offset};
  for (size_t at = offset + 1; at < text_.size() && text_[at] != '\n'; ++at) {
    if (text_[at] == '/') {
      token.end = at + 1;
      return token;
    }
    const bool is_slash = text_[at] == '\\' && at + 1 < text_.size() && text_[at + 1] == '/';
    if (is_slash) ++at;
    token.text += text_[at];
    const bool keeps_next = text_[at] == '\\' && !is_slash && at + 1 < text_.size() && text_[at + 1] == '\\';
    if (keeps_next) token.text += text_[++at];
  }
  return refuse_at(offset, "a regular expression has no closing slash");
}

}  // namespace timestore::query::influxql
