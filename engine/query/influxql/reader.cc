#include "engine/query/influxql/reader.h"

#include <utility>

namespace timestore::query::influxql {

Answer<Reader> Reader::open(std::string_view text) {
  Reader reader(text);
  auto first = reader.lexer_.at(0);
  if (!first) return tl::unexpected(std::move(first.error()));
  reader.token_ = std::move(*first);
  return reader;
}

Answer<void> Reader::advance() {
  auto next = lexer_.at(token_.end);
  if (!next) return tl::unexpected(std::move(next.error()));
  token_ = std::move(*next);
  return {};
}

Answer<void> Reader::expect_operand() {
  if (!token_.is("/")) return {};
  auto regex = lexer_.regex_at(token_.offset);
  if (!regex) return tl::unexpected(std::move(regex.error()));
  token_ = std::move(*regex);
  return {};
}

Answer<bool> Reader::take_keyword(std::string_view word) {
  if (!token_.is_keyword(word)) return false;
  return advance().map([] { return true; });
}

Answer<bool> Reader::take_operator(std::string_view op) {
  if (!token_.is(op)) return false;
  return advance().map([] { return true; });
}

Answer<void> Reader::expect_keyword(std::string_view word) {
  const auto taken = take_keyword(word);
  if (!taken) return tl::unexpected(taken.error());
  if (!*taken) return unexpected(word);
  return {};
}

Answer<void> Reader::expect_operator(std::string_view op) {
  const auto taken = take_operator(op);
  if (!taken) return tl::unexpected(taken.error());
  if (!*taken) return unexpected(op);
  return {};
}

Answer<std::string> Reader::expect_identifier() {
  const bool is_word = token_.kind == Token::Kind::kWord && !is_reserved(token_.text);
  if (!is_word && token_.kind != Token::Kind::kQuotedWord) return unexpected("identifier");
  std::string name = token_.text;
  return advance().map([&] { return std::move(name); });
}

Answer<uint64_t> Reader::expect_natural(std::string_view keyword) {
  if (token_.kind != Token::Kind::kInteger) return unexpected("an integer behind " + std::string(keyword));
  const auto number = static_cast<uint64_t>(token_.integer);
  return advance().map([&] { return number; });
}

tl::unexpected<QueryError> Reader::unexpected(std::string_view expected) const {
  const std::string found = token_.kind == Token::Kind::kEnd ? "EOF" : token_.text;
  return refuse_here("found " + found + ", expected " + std::string(expected));
}

}  // namespace timestore::query::influxql
