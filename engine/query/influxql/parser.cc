#include "engine/query/influxql/parser.h"

#include <utility>

#include "engine/query/influxql/reader.h"

namespace timestore::query::influxql {
namespace {

template <typename Made>
Answer<Statement> as_statement(Answer<Made> made) {
  return std::move(made).map([](Made statement) { return Statement(std::move(statement)); });
}

// Of a policy: DURATION, REPLICATION, SHARD DURATION in any order, and what ends them.
Answer<std::optional<int64_t>> parse_policy_duration(Reader& reader) {
  const Token token = reader.token();
  const bool is_infinite = token.is_keyword("INF");
  if (!is_infinite && token.kind != Token::Kind::kDuration) return reader.unexpected("duration");
  return reader.advance().map([&] { return std::optional<int64_t>(is_infinite ? 0 : token.integer); });
}

Answer<bool> take_policy_option(Reader& reader, PolicyOptions& options) {
  const bool is_shard = reader.token().is_keyword("SHARD");
  const bool is_replication = reader.token().is_keyword("REPLICATION");
  if (!is_shard && !is_replication && !reader.token().is_keyword("DURATION")) return false;
  if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  if (is_replication) {
    return reader.expect_natural("REPLICATION").map([&](uint64_t copies) {
      options.replication = static_cast<int64_t>(copies);
      return true;
    });
  }
  if (is_shard) {
    if (auto done = reader.expect_keyword("DURATION"); !done) return tl::unexpected(done.error());
  }
  return parse_policy_duration(reader).map([&](std::optional<int64_t> duration_ns) {
    (is_shard ? options.shard_duration_ns : options.duration_ns) = duration_ns;
    return true;
  });
}

Answer<PolicyOptions> parse_policy_options(Reader& reader) {
  PolicyOptions options;
  while (true) {
    const auto taken = take_policy_option(reader, options);
    if (!taken) return tl::unexpected(taken.error());
    if (!*taken) return options;
  }
}

Answer<CreateDatabase> parse_create_database(Reader& reader) {
  auto name = reader.expect_identifier();
  if (!name) return tl::unexpected(name.error());
  CreateDatabase create{.name = std::move(*name)};
  const auto has_options = reader.take_keyword("WITH");
  if (!has_options) return tl::unexpected(has_options.error());
  if (!*has_options) return create;
  auto options = parse_policy_options(reader);
  if (!options) return tl::unexpected(options.error());
  create.options = *options;
  const auto has_name = reader.take_keyword("NAME");
  if (!has_name) return tl::unexpected(has_name.error());
  if (!*has_name) return create;
  return reader.expect_identifier().map([&](std::string policy) {
    create.policy = std::move(policy);
    return std::move(create);
  });
}

// `name ON database`, behind RETENTION.
Answer<DropPolicy> parse_policy_name(Reader& reader) {
  if (auto done = reader.expect_keyword("POLICY"); !done) return tl::unexpected(done.error());
  auto name = reader.expect_identifier();
  if (!name) return tl::unexpected(name.error());
  if (auto done = reader.expect_keyword("ON"); !done) return tl::unexpected(done.error());
  return reader.expect_identifier().map(
      [&](std::string database) { return DropPolicy{.name = std::move(*name), .database = std::move(database)}; });
}

Answer<CreatePolicy> parse_policy(Reader& reader, bool alters) {
  auto name = parse_policy_name(reader);
  if (!name) return tl::unexpected(name.error());
  const auto options = parse_policy_options(reader);
  if (!options) return tl::unexpected(options.error());
  CreatePolicy policy{std::move(name->name), std::move(name->database), *options, alters};
  if (!alters && !policy.options.duration_ns) return reader.unexpected("DURATION");
  if (!alters && !policy.options.replication) return reader.unexpected("REPLICATION");
  const auto is_default = reader.take_keyword("DEFAULT");
  if (!is_default) return tl::unexpected(is_default.error());
  policy.options.is_default = *is_default;
  return policy;
}

// FROM, WHERE, or both.
Answer<Delete> parse_delete(Reader& reader, bool drops_series) {
  Delete statement{.drops_series = drops_series};
  const auto has_from = reader.take_keyword("FROM");
  if (!has_from) return tl::unexpected(has_from.error());
  if (*has_from) {
    auto from = parse_from(reader, false);
    if (!from) return tl::unexpected(from.error());
    statement.from = std::move(*from);
  }
  if (!*has_from && !reader.token().is_keyword("WHERE")) return reader.unexpected("FROM, WHERE");
  return parse_where(reader).map([&](std::optional<Expression> where) {
    statement.where = std::move(where);
    return std::move(statement);
  });
}

Answer<Statement> parse_create(Reader& reader) {
  const Token token = reader.token();
  if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  if (token.is_keyword("DATABASE")) return as_statement(parse_create_database(reader));
  return as_statement(parse_policy(reader, false));
}

Answer<Statement> parse_drop(Reader& reader) {
  const Token token = reader.token();
  if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  if (token.is_keyword("SERIES")) return as_statement(parse_delete(reader, true));
  if (token.is_keyword("RETENTION")) return as_statement(parse_policy_name(reader));
  auto name = reader.expect_identifier();
  if (!name) return tl::unexpected(name.error());
  if (token.is_keyword("DATABASE")) return DropDatabase{std::move(*name)};
  return DropMeasurement{std::move(*name)};
}

// Whether the words behind the verb are among these; else an error that lists them, or names what is not supported.
Answer<void> expect_one_of(Reader& reader, std::string_view verb, std::initializer_list<std::string_view> known) {
  std::string list;
  for (const std::string_view word : known) {
    if (reader.token().is_keyword(word)) return {};
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  for (const std::string_view word : {"CONTINUOUS", "USER", "SUBSCRIPTION", "SHARD"}) {
    if (!reader.token().is_keyword(word)) continue;
    return reader.refuse_here(std::string(verb) + " " + std::string(word) + " is not supported");
  }
  return reader.unexpected(list);
}

Answer<Statement> parse_statement(Reader& reader) {
  const Token verb = reader.token();
  for (const std::string_view word : {"EXPLAIN", "GRANT", "KILL", "REVOKE", "SET"}) {
    if (verb.is_keyword(word)) return reader.refuse_here(std::string(word) + " is not supported");
  }
  const bool is_known = verb.is_keyword("SELECT") || verb.is_keyword("SHOW") || verb.is_keyword("DELETE") ||
                        verb.is_keyword("CREATE") || verb.is_keyword("DROP") || verb.is_keyword("ALTER");
  if (!is_known) return reader.unexpected("SELECT, DELETE, SHOW, CREATE, DROP, ALTER");
  if (auto done = reader.advance(); !done) return tl::unexpected(done.error());
  if (verb.is_keyword("SELECT")) return as_statement(parse_select(reader));
  if (verb.is_keyword("SHOW")) return as_statement(parse_show(reader));
  if (verb.is_keyword("DELETE")) return as_statement(parse_delete(reader, false));
  if (verb.is_keyword("CREATE")) {
    if (auto known = expect_one_of(reader, "CREATE", {"DATABASE", "RETENTION"}); !known)
      return tl::unexpected(known.error());
    return parse_create(reader);
  }
  if (verb.is_keyword("DROP")) {
    const auto known = expect_one_of(reader, "DROP", {"DATABASE", "MEASUREMENT", "RETENTION", "SERIES"});
    if (!known) return tl::unexpected(known.error());
    return parse_drop(reader);
  }
  if (auto done = reader.expect_keyword("RETENTION"); !done) return tl::unexpected(done.error());
  return as_statement(parse_policy(reader, true));
}

}  // namespace

Answer<std::vector<Statement>> parse(std::string_view text) {
  auto reader = Reader::open(text);
  if (!reader) return tl::unexpected(reader.error());
  std::vector<Statement> statements;
  while (true) {
    while (reader->token().is(";")) {
      if (auto done = reader->advance(); !done) return tl::unexpected(done.error());
    }
    if (reader->token().kind == Token::Kind::kEnd && !statements.empty()) return statements;
    auto statement = parse_statement(*reader);
    if (!statement) return tl::unexpected(statement.error());
    statements.push_back(std::move(*statement));
    const bool is_over = reader->token().kind == Token::Kind::kEnd || reader->token().is(";");
    if (!is_over) return reader->unexpected("; or EOF");
  }
}

}  // namespace timestore::query::influxql
