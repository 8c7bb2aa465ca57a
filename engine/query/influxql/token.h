// InfluxQL's words, as InfluxDB 1.x reads them.
//
// A slash begins a regular expression only where an operand is expected, and a parser knows where that is. So the lexer
// reads a slash as an operator, and reads again from there when it is asked to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/query/query_error.h"

namespace timestore::query::influxql {

struct Token {
  enum class Kind : uint8_t {
    kEnd,
    kWord,        // an identifier without quotes, or a keyword
    kQuotedWord,  // an identifier in double quotes
    kString,      // in single quotes
    kInteger,
    kNumber,  // with a decimal point
    kDuration,
    kRegex,
    kParameter,  // $name
    kOperator,   // or punctuation
  } kind = Kind::kEnd;
  std::string text = {};  // without quotes and escapes; of numbers as written
  int64_t integer = 0;    // of an integer; of a duration, nanoseconds
  size_t offset = 0;      // of its first byte
  size_t end = 0;         // behind its last byte

  bool is(std::string_view op) const { return kind == Kind::kOperator && text == op; }
  bool is_keyword(std::string_view word) const;  // in capitals
};

class Lexer {
 public:
  // The text must outlive the lexer.
  explicit Lexer(std::string_view text) : text_(text) {}

  // The first token at or behind this place.
  Answer<Token> at(size_t offset) const;

  // The regular expression whose first slash stands here.
  Answer<Token> regex_at(size_t offset) const;

  // "at line 1, char 8", and the error that says so.
  tl::unexpected<QueryError> refuse_at(size_t offset, const std::string& sentence) const;

 private:
  size_t skip_blanks(size_t offset) const;
  Answer<Token> quoted(size_t offset) const;
  Answer<Token> number(size_t offset) const;
  Answer<Token> duration(size_t offset, size_t end_of_digits) const;
  Answer<Token> operator_at(size_t offset) const;

  std::string_view text_;
};

// Whether an identifier of this text needs quotes.
bool is_reserved(std::string_view word);

}  // namespace timestore::query::influxql
