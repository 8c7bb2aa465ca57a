#include <utility>

#include "engine/query/influxql/reader.h"

namespace timestore::query::influxql {
namespace {

using What = Show::What;

// The words behind SHOW, without those of a cardinality.
Answer<What> parse_what(Reader& reader) {
  const auto then = [&](std::string_view word, What what) {
    return reader.expect_keyword(word).map([&] { return what; });
  };
  const Token token = reader.token();
  for (const std::string_view unsupported :
       {"CONTINUOUS", "DIAGNOSTICS", "GRANTS", "QUERIES", "SHARD", "SHARDS", "STATS", "SUBSCRIPTIONS", "USERS"}) {
    if (token.is_keyword(unsupported))
      return reader.refuse_here("SHOW " + std::string(unsupported) + " is not supported");
  }
  const bool has_second = token.is_keyword("RETENTION") || token.is_keyword("TAG") || token.is_keyword("FIELD");
  if (!has_second) {
    if (token.is_keyword("DATABASES")) return then("DATABASES", What::kDatabases);
    if (token.is_keyword("MEASUREMENTS")) return then("MEASUREMENTS", What::kMeasurements);
    if (token.is_keyword("MEASUREMENT")) return then("MEASUREMENT", What::kMeasurements);
    if (token.is_keyword("SERIES")) return then("SERIES", What::kSeries);
    return reader.unexpected("DATABASES, FIELD, MEASUREMENT, MEASUREMENTS, RETENTION, SERIES, TAG");
  }
  if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  if (token.is_keyword("RETENTION")) return then("POLICIES", What::kRetentionPolicies);
  const bool is_field = token.is_keyword("FIELD");
  if (!is_field && reader.token().is_keyword("VALUES")) return then("VALUES", What::kTagValues);
  const std::string_view keys = reader.token().is_keyword("KEY") ? "KEY" : "KEYS";  // KEY CARDINALITY
  return then(keys, is_field ? What::kFieldKeys : What::kTagKeys);
}

Answer<Show::With> parse_with_test(Reader& reader) {
  Show::With with;
  if (reader.token().is_keyword("IN")) {
    with.op = "IN";
    if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
    if (auto opened = reader.expect_operator("("); !opened) return tl::unexpected(opened.error());
    while (true) {
      auto name = reader.expect_identifier();
      if (!name) return tl::unexpected(name.error());
      with.names.push_back(std::move(*name));
      const auto goes_on = reader.take_operator(",");
      if (!goes_on) return tl::unexpected(goes_on.error());
      if (!*goes_on) return reader.expect_operator(")").map([&] { return std::move(with); });
    }
  }
  for (const std::string_view op : {"=", "!=", "=~", "!~"}) {
    if (reader.token().is(op)) with.op = op;
  }
  if (with.op.empty()) return reader.unexpected("IN, =, !=, =~, or !~");
  if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  if (with.op == "=" || with.op == "!=") {
    return reader.expect_identifier().map([&](std::string name) {
      with.names.push_back(std::move(name));
      return std::move(with);
    });
  }
  if (auto found = reader.expect_operand(); !found) return tl::unexpected(found.error());
  if (reader.token().kind != Token::Kind::kRegex) return reader.unexpected("regex");
  with.regex = reader.token().text;
  return reader.advance().map([&] { return std::move(with); });
}

Answer<void> parse_with(Reader& reader, Show& show) {
  const bool is_needed = show.what == What::kTagValues;
  const bool is_possible = is_needed || show.what == What::kMeasurements;
  if (!reader.token().is_keyword("WITH") || !is_possible)
    return is_needed ? reader.expect_keyword("WITH") : Answer<void>();
  if (auto done = reader.advance(); !done) return done;
  if (auto done = reader.expect_keyword(is_needed ? "KEY" : "MEASUREMENT"); !done) return done;
  auto with = parse_with_test(reader);
  if (!with) return tl::unexpected(with.error());
  show.with = std::move(*with);
  return {};
}

Answer<void> parse_names(Reader& reader, Show& show) {
  const auto has_database = reader.take_keyword("ON");
  if (!has_database) return tl::unexpected(has_database.error());
  if (*has_database) {
    auto name = reader.expect_identifier();
    if (!name) return tl::unexpected(name.error());
    show.database = std::move(*name);
  }
  const auto has_from = reader.take_keyword("FROM");
  if (!has_from) return tl::unexpected(has_from.error());
  if (!*has_from) return {};
  auto from = parse_from(reader, false);
  if (!from) return tl::unexpected(from.error());
  show.from = std::move(*from);
  return {};
}

}  // namespace

Answer<Show> parse_show(Reader& reader) {
  Show show;
  const auto what = parse_what(reader);
  if (!what) return tl::unexpected(what.error());
  show.what = *what;
  const auto is_exact = reader.take_keyword("EXACT");
  if (!is_exact) return tl::unexpected(is_exact.error());
  show.is_exact = *is_exact;
  if (show.is_exact) {
    if (auto done = reader.expect_keyword("CARDINALITY"); !done) return tl::unexpected(done.error());
    show.counts = true;
  } else {
    const auto counts = reader.take_keyword("CARDINALITY");
    if (!counts) return tl::unexpected(counts.error());
    show.counts = *counts;
  }
  if (show.what == What::kDatabases) return show;
  if (auto done = parse_names(reader, show); !done) return tl::unexpected(done.error());
  if (show.what == What::kRetentionPolicies) return show;
  if (auto done = parse_with(reader, show); !done) return tl::unexpected(done.error());
  auto where = parse_where(reader);
  if (!where) return tl::unexpected(where.error());
  show.where = std::move(*where);
  auto group_by = parse_group_by(reader);
  if (!group_by) return tl::unexpected(group_by.error());
  show.group_by = std::move(*group_by);
  const auto is_descending = parse_order_by(reader);
  if (!is_descending) return tl::unexpected(is_descending.error());
  show.is_descending = *is_descending;
  const auto page = parse_page(reader);
  if (!page) return tl::unexpected(page.error());
  show.page = *page;
  return show;
}

}  // namespace timestore::query::influxql
