#include <array>
#include <utility>

#include "engine/base/decimal.h"
#include "engine/base/json_text.h"
#include "engine/query/influxql/parser.h"
#include "engine/query/influxql/reader.h"

namespace timestore::query::influxql {
namespace {

using Kind = Expression::Kind;

struct Operator {
  std::string_view text;
  int precedence;
};
constexpr std::array<Operator, 18> kBinaryOperators = {{{"OR", 1},
                                                        {"AND", 2},
                                                        {"=", 3},
                                                        {"!=", 3},
                                                        {"=~", 3},
                                                        {"!~", 3},
                                                        {"<", 3},
                                                        {"<=", 3},
                                                        {">", 3},
                                                        {">=", 3},
                                                        {"+", 4},
                                                        {"-", 4},
                                                        {"|", 4},
                                                        {"^", 4},
                                                        {"*", 5},
                                                        {"/", 5},
                                                        {"%", 5},
                                                        {"&", 5}}};

const Operator* binary_operator(const Token& token) {
  for (const Operator& known : kBinaryOperators) {
    if (token.is(known.text) || token.is_keyword(known.text)) return &known;
  }
  return nullptr;
}

Answer<Expression> parse_binary(Reader& reader, int least_precedence);

std::string in_small_letters(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// Behind `::`.
Answer<std::string> parse_type(Reader& reader) {
  const auto is_there = reader.take_operator("::");
  if (!is_there) return tl::unexpected(is_there.error());
  if (!*is_there) return std::string();
  constexpr std::array<std::string_view, 7> kTypes = {"float",   "integer", "unsigned", "string",
                                                      "boolean", "field",   "tag"};
  const std::string name = in_small_letters(reader.token().text);
  for (const std::string_view known : kTypes) {
    if (reader.token().kind == Token::Kind::kWord && name == known) return reader.advance().map([&] { return name; });
  }
  return reader.unexpected("float, integer, unsigned, string, boolean, field or tag");
}

Answer<Expression> parse_call(Reader& reader, Expression call) {
  call.kind = Kind::kCall;
  call.text = in_small_letters(std::move(call.text));
  if (auto opened = reader.advance(); !opened) return tl::unexpected(opened.error());
  if (reader.token().is(")")) return reader.advance().map([&] { return std::move(call); });
  while (true) {
    auto operand = parse_expression(reader);
    if (!operand) return operand;
    call.operands.push_back(std::move(*operand));
    const auto goes_on = reader.take_operator(",");
    if (!goes_on) return tl::unexpected(goes_on.error());
    if (*goes_on) continue;
    return reader.expect_operator(")").map([&] { return std::move(call); });
  }
}

// A field or a tag, whose parts are joined by dots; or a call.
Answer<Expression> parse_name(Reader& reader) {
  Expression name{.kind = Kind::kVariable, .offset = reader.token().offset};
  const bool may_be_call = reader.token().kind == Token::Kind::kWord;
  const bool is_distinct = reader.token().is_keyword("DISTINCT");
  if (is_distinct) {
    name.text = "distinct";
    if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
    if (reader.token().is("(")) return parse_call(reader, std::move(name));
    if (++reader.nesting > kMaxNesting) return reader.refuse_here("an expression is nested too deeply");
    auto operand = parse_name(reader);  // SELECT DISTINCT "x"
    --reader.nesting;
    if (!operand) return operand;
    name.kind = Kind::kCall;
    name.operands.push_back(std::move(*operand));
    return name;
  }
  auto text = reader.expect_identifier();
  if (!text) return tl::unexpected(text.error());
  name.text = std::move(*text);
  if (may_be_call && reader.token().is("(")) return parse_call(reader, std::move(name));
  while (reader.token().is(".")) {
    if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
    auto part = reader.expect_identifier();
    if (!part) return tl::unexpected(part.error());
    name.text += "." + *part;
  }
  auto type = parse_type(reader);
  if (!type) return tl::unexpected(type.error());
  name.type = std::move(*type);
  return name;
}

Answer<Expression> parse_literal(Reader& reader) {
  const Token& token = reader.token();
  Expression literal{.text = token.text, .integer = token.integer, .offset = token.offset};
  switch (token.kind) {
    case Token::Kind::kInteger:
      literal.kind = Kind::kInteger;
      break;
    case Token::Kind::kNumber: {
      const auto number = parse_decimal(token.text);
      if (!number) return reader.refuse_here("a number is too large");
      literal.kind = Kind::kNumber;
      literal.number = *number;
      break;
    }
    case Token::Kind::kDuration:
      literal.kind = Kind::kDuration;
      break;
    case Token::Kind::kString:
      literal.kind = Kind::kString;
      break;
    case Token::Kind::kRegex:
      literal.kind = Kind::kRegex;
      break;
    case Token::Kind::kParameter:
      literal.kind = Kind::kParameter;
      break;
    case Token::Kind::kWord:
    case Token::Kind::kQuotedWord:
    case Token::Kind::kOperator:
    case Token::Kind::kEnd:
      return reader.unexpected("identifier, string, number, bool");
  }
  return reader.advance().map([&] { return std::move(literal); });
}

// Of what is no literal: -1 times it, as in 1.x.
Answer<Expression> parse_negative(Reader& reader) {
  const size_t offset = reader.token().offset;
  if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  auto operand = parse_binary(reader, 6);
  if (!operand) return operand;
  if (operand->kind == Kind::kInteger || operand->kind == Kind::kDuration) {
    operand->integer = -operand->integer;
    return operand;
  }
  if (operand->kind == Kind::kNumber) {
    operand->number = -operand->number;
    return operand;
  }
  Expression product{.kind = Kind::kBinary, .text = "*", .offset = offset};
  product.operands.push_back({.kind = Kind::kInteger, .integer = -1, .offset = offset});
  product.operands.push_back(std::move(*operand));
  return product;
}

Answer<Expression> parse_operand(Reader& reader) {
  if (auto found = reader.expect_operand(); !found) return tl::unexpected(found.error());
  const Token& token = reader.token();
  Expression here{.offset = token.offset};
  if (token.is("-")) return parse_negative(reader);
  if (token.is("(")) {
    if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
    auto inner = parse_expression(reader);
    if (!inner) return inner;
    return reader.expect_operator(")").map([&] { return std::move(*inner); });
  }
  if (token.is("*")) {
    if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
    here.kind = Kind::kWildcard;
    return parse_type(reader).map([&](std::string type) {
      here.type = std::move(type);
      return std::move(here);
    });
  }
  if (token.is_keyword("TRUE") || token.is_keyword("FALSE")) {
    here.kind = Kind::kBoolean;
    here.integer = token.is_keyword("TRUE") ? 1 : 0;
    return reader.advance().map([&] { return std::move(here); });
  }
  const bool is_name = token.kind == Token::Kind::kWord || token.kind == Token::Kind::kQuotedWord;
  return is_name ? parse_name(reader) : parse_literal(reader);
}

Answer<Expression> parse_binary(Reader& reader, int least_precedence) {
  if (++reader.nesting > kMaxNesting) return reader.refuse_here("an expression is nested too deeply");
  auto left = parse_operand(reader);
  while (left) {
    const Operator* known = binary_operator(reader.token());
    if (known == nullptr || known->precedence < least_precedence) break;
    if (++reader.operators > kMaxOperators) return reader.refuse_here("there are too many operators");
    Expression whole{.kind = Kind::kBinary, .text = std::string(known->text), .offset = reader.token().offset};
    if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
    auto right = parse_binary(reader, known->precedence + 1);
    if (!right) return right;
    const bool takes_regex = known->text == "=~" || known->text == "!~";
    if (takes_regex != (right->kind == Kind::kRegex)) {
      return reader.refuse_here(takes_regex ? "a regular expression stands behind =~ and !~"
                                            : "a regular expression stands only behind =~ and !~");
    }
    whole.operands.push_back(std::move(*left));
    whole.operands.push_back(std::move(*right));
    left = std::move(whole);
  }
  --reader.nesting;
  return left;
}

}  // namespace

Answer<Expression> parse_expression(Reader& reader) { return parse_binary(reader, 1); }

std::string text_of(const Expression& expression) {
  const std::string type = expression.type.empty() ? "" : "::" + expression.type;
  std::string text;
  switch (expression.kind) {
    case Kind::kInteger:
    case Kind::kDuration:
      append_json_integer(text, expression.integer);
      return expression.kind == Kind::kDuration ? text + "ns" : text;
    case Kind::kNumber:
      append_json_number(text, expression.number);
      return text;
    case Kind::kString:
      return "'" + expression.text + "'";
    case Kind::kBoolean:
      return expression.integer != 0 ? "true" : "false";
    case Kind::kRegex:
      return "/" + expression.text + "/";
    case Kind::kVariable:
      return "\"" + expression.text + "\"" + type;
    case Kind::kWildcard:
      return "*" + type;
    case Kind::kParameter:
      return "$" + expression.text;
    case Kind::kCall:
      for (const Expression& operand : expression.operands) text += (text.empty() ? "" : ", ") + text_of(operand);
      return expression.text + "(" + text + ")";
    case Kind::kBinary:
      return "(" + text_of(expression.operands[0]) + " " + expression.text + " " + text_of(expression.operands[1]) +
             ")";
  }
  return text;
}

}  // namespace timestore::query::influxql
