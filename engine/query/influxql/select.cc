#include <utility>

#include "engine/base/decimal.h"
#include "engine/query/influxql/parser.h"
#include "engine/query/influxql/reader.h"

namespace timestore::query::influxql {
namespace {

Answer<std::vector<Field>> parse_fields(Reader& reader) {
  std::vector<Field> fields;
  while (true) {
    auto value = parse_expression(reader);
    if (!value) return tl::unexpected(value.error());
    Field field{.value = std::move(*value)};
    const auto has_alias = reader.take_keyword("AS");
    if (!has_alias) return tl::unexpected(has_alias.error());
    if (*has_alias) {
      auto alias = reader.expect_identifier();
      if (!alias) return tl::unexpected(alias.error());
      field.alias = std::move(*alias);
    }
    fields.push_back(std::move(field));
    const auto goes_on = reader.take_operator(",");
    if (!goes_on) return tl::unexpected(goes_on.error());
    if (!*goes_on) return fields;
  }
}

// `name`, `policy.name`, `database.policy.name`, `database..name`; the last part may be a regular expression.
Answer<Measurement> parse_measurement(Reader& reader) {
  std::vector<std::string> parts;
  Measurement measurement;
  while (true) {
    if (auto found = reader.expect_operand(); !found) return tl::unexpected(found.error());
    if (reader.token().kind == Token::Kind::kRegex) {
      measurement.regex = reader.token().text;
      parts.emplace_back();
      if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
      break;
    }
    if (parts.size() == 1 && reader.token().is(".")) {
      parts.emplace_back();
    } else {
      auto part = reader.expect_identifier();
      if (!part) return tl::unexpected(part.error());
      parts.push_back(std::move(*part));
    }
    if (parts.size() == 3 || !reader.token().is(".")) break;
    if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  }
  measurement.name = parts.back();
  if (parts.size() > 1) measurement.policy = parts[parts.size() - 2];
  if (parts.size() > 2) measurement.database = parts[0];
  return measurement;
}

Answer<From> parse_source(Reader& reader, bool with_subqueries) {
  if (!with_subqueries || !reader.token().is("(")) {
    return parse_measurement(reader).map([](Measurement measurement) { return From{std::move(measurement), nullptr}; });
  }
  if (++reader.subqueries > kMaxSubqueries) return reader.refuse_here("subqueries are nested too deeply");
  if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  if (auto select = reader.expect_keyword("SELECT"); !select) return tl::unexpected(select.error());
  auto inner = parse_select(reader);
  if (!inner) return tl::unexpected(inner.error());
  --reader.subqueries;
  return reader.expect_operator(")").map(
      [&] { return From{.measurement = {}, .subquery = std::make_shared<const Select>(std::move(*inner))}; });
}

// Behind FILL and its parenthesis.
Answer<QueryFill> parse_fill_kind(Reader& reader) {
  const Token token = reader.token();
  QueryFill fill;
  if (token.is_keyword("NULL")) {
    fill.kind = QueryFill::Kind::kNull;
  } else if (token.is_keyword("NONE")) {
    fill.kind = QueryFill::Kind::kNone;
  } else if (token.is_keyword("PREVIOUS")) {
    fill.kind = QueryFill::Kind::kPrevious;
  } else if (token.is_keyword("LINEAR")) {
    fill.kind = QueryFill::Kind::kLinear;
  } else {
    auto value = parse_expression(reader);
    if (!value) return tl::unexpected(value.error());
    const bool is_integer = value->kind == Expression::Kind::kInteger;
    if (!is_integer && value->kind != Expression::Kind::kNumber) {
      return reader.refuse_here("fill is null, none, previous, linear or a number");
    }
    return QueryFill{.kind = QueryFill::Kind::kNumber,
                     .number = is_integer ? static_cast<double>(value->integer) : value->number};
  }
  return reader.advance().map([&] { return fill; });
}

Answer<QueryFill> parse_fill(Reader& reader) {
  const auto is_there = reader.take_keyword("FILL");
  if (!is_there) return tl::unexpected(is_there.error());
  if (!*is_there) return QueryFill();
  if (auto opened = reader.expect_operator("("); !opened) return tl::unexpected(opened.error());
  const auto fill = parse_fill_kind(reader);
  if (!fill) return fill;
  return reader.expect_operator(")").map([&] { return *fill; });
}

Answer<std::string> parse_zone(Reader& reader) {
  const auto is_there = reader.take_keyword("TZ");
  if (!is_there) return tl::unexpected(is_there.error());
  if (!*is_there) return std::string();
  if (auto opened = reader.expect_operator("("); !opened) return tl::unexpected(opened.error());
  if (reader.token().kind != Token::Kind::kString) return reader.unexpected("the name of a time zone in single quotes");
  std::string zone = reader.token().text;
  if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  return reader.expect_operator(")").map([&] { return std::move(zone); });
}

// Sets the answer, or gives back its error.
template <typename Target, typename Parsed>
Answer<void> take(Target& target, Parsed&& parsed) {
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  target = std::move(*parsed);
  return {};
}

}  // namespace

Answer<std::vector<From>> parse_from(Reader& reader, bool with_subqueries) {
  std::vector<From> from;
  while (true) {
    auto source = parse_source(reader, with_subqueries);
    if (!source) return tl::unexpected(source.error());
    from.push_back(std::move(*source));
    const auto goes_on = reader.take_operator(",");
    if (!goes_on) return tl::unexpected(goes_on.error());
    if (!*goes_on) return from;
  }
}

Answer<std::optional<Expression>> parse_where(Reader& reader) {
  const auto is_there = reader.take_keyword("WHERE");
  if (!is_there) return tl::unexpected(is_there.error());
  if (!*is_there) return std::nullopt;
  return parse_expression(reader).map([](Expression where) { return std::optional(std::move(where)); });
}

Answer<std::vector<Expression>> parse_group_by(Reader& reader) {
  std::vector<Expression> keys;
  const auto is_there = reader.take_keyword("GROUP");
  if (!is_there) return tl::unexpected(is_there.error());
  if (!*is_there) return keys;
  if (auto by = reader.expect_keyword("BY"); !by) return tl::unexpected(by.error());
  while (true) {
    const size_t offset = reader.token().offset;
    auto key = parse_expression(reader);
    if (!key) return tl::unexpected(key.error());
    const bool is_time = key->kind == Expression::Kind::kCall && key->text == "time";
    const bool is_tag = key->kind == Expression::Kind::kVariable || key->kind == Expression::Kind::kWildcard ||
                        key->kind == Expression::Kind::kRegex;
    key->offset = offset;
    if (!is_time && !is_tag) return reader.refuse_here("GROUP BY takes tags and time(...)");
    keys.push_back(std::move(*key));
    const auto goes_on = reader.take_operator(",");
    if (!goes_on) return tl::unexpected(goes_on.error());
    if (!*goes_on) return keys;
  }
}

Answer<bool> parse_order_by(Reader& reader) {
  const auto is_there = reader.take_keyword("ORDER");
  if (!is_there) return tl::unexpected(is_there.error());
  if (!*is_there) return false;
  if (auto by = reader.expect_keyword("BY"); !by) return tl::unexpected(by.error());
  if (!reader.token().is_keyword("ASC") && !reader.token().is_keyword("DESC")) {
    const auto field = reader.expect_identifier();
    if (!field) return tl::unexpected(field.error());
    if (*field != "time") return reader.refuse_here("only ORDER BY time is supported");
  }
  const auto is_descending = reader.take_keyword("DESC");
  if (!is_descending || *is_descending) return is_descending;
  return reader.take_keyword("ASC").map([](bool) { return false; });
}

Answer<Page> parse_page(Reader& reader) {
  Page page;
  for (const auto& [word, target] : {std::pair("LIMIT", &page.limit),
                                     {"OFFSET", &page.offset},
                                     {"SLIMIT", &page.series_limit},
                                     {"SOFFSET", &page.series_offset}}) {
    const auto is_there = reader.take_keyword(word);
    if (!is_there) return tl::unexpected(is_there.error());
    if (!*is_there) continue;
    const auto number = reader.expect_natural(word);
    if (!number) return tl::unexpected(number.error());
    *target = *number;
  }
  return page;
}

Answer<Select> parse_select(Reader& reader) {
  Select select;
  if (auto done = take(select.fields, parse_fields(reader)); !done) return tl::unexpected(done.error());
  if (reader.token().is_keyword("INTO")) return reader.refuse_here("SELECT INTO is not supported");
  if (auto from = reader.expect_keyword("FROM"); !from) return tl::unexpected(from.error());
  if (auto done = take(select.from, parse_from(reader, true)); !done) return tl::unexpected(done.error());
  if (auto done = take(select.where, parse_where(reader)); !done) return tl::unexpected(done.error());
  if (auto done = take(select.group_by, parse_group_by(reader)); !done) return tl::unexpected(done.error());
  if (auto done = take(select.fill, parse_fill(reader)); !done) return tl::unexpected(done.error());
  if (auto done = take(select.is_descending, parse_order_by(reader)); !done) return tl::unexpected(done.error());
  if (auto done = take(select.page, parse_page(reader)); !done) return tl::unexpected(done.error());
  if (auto done = take(select.zone, parse_zone(reader)); !done) return tl::unexpected(done.error());
  return select;
}

}  // namespace timestore::query::influxql
