// Tokens one by one, for the parts of the parser.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "engine/query/influxql/statement.h"
#include "engine/query/influxql/token.h"

namespace timestore::query::influxql {

class Reader {
 public:
  // The text must outlive the reader.
  static Answer<Reader> open(std::string_view text);

  const Token& token() const { return token_; }
  Answer<void> advance();

  // The present token once more, as a regular expression if it is a slash.
  Answer<void> expect_operand();

  // Passes over the token if it is this one.
  Answer<bool> take_keyword(std::string_view word);
  Answer<bool> take_operator(std::string_view op);
  Answer<void> expect_keyword(std::string_view word);
  Answer<void> expect_operator(std::string_view op);
  Answer<std::string> expect_identifier();
  Answer<uint64_t> expect_natural(std::string_view keyword);

  // found ..., expected ...
  tl::unexpected<QueryError> unexpected(std::string_view expected) const;
  tl::unexpected<QueryError> refuse_here(const std::string& sentence) const {
    return lexer_.refuse_at(token_.offset, sentence);
  }

  size_t nesting = 0;
  size_t operators = 0;
  size_t subqueries = 0;

 private:
  explicit Reader(std::string_view text) : lexer_(text) {}

  Lexer lexer_;
  Token token_;
};

// --- Parts of statements --------------------------------------------------------------------------------------------

Answer<Expression> parse_expression(Reader& reader);
Answer<Select> parse_select(Reader& reader);  // behind SELECT
Answer<Show> parse_show(Reader& reader);      // behind SHOW
Answer<std::vector<From>> parse_from(Reader& reader, bool with_subqueries);
Answer<std::optional<Expression>> parse_where(Reader& reader);
Answer<std::vector<Expression>> parse_group_by(Reader& reader);
Answer<bool> parse_order_by(Reader& reader);  // true: descending
Answer<Page> parse_page(Reader& reader);

}  // namespace timestore::query::influxql
