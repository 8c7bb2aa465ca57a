#include "engine/query/influxql/session.h"

#include <algorithm>
#include <utility>

#include "engine/query/influxql/parser.h"
#include "engine/query/influxql/plan.h"
#include "engine/query/influxql/run.h"

namespace timestore::query::influxql {
namespace {

// A statement that changes something, in short.
struct Title {
  std::string operator()(const CreateDatabase& create) const { return "CREATE DATABASE " + create.name; }
  std::string operator()(const DropDatabase& drop) const { return "DROP DATABASE " + drop.name; }
  std::string operator()(const CreatePolicy& policy) const {
    return (policy.alters ? "ALTER RETENTION POLICY " : "CREATE RETENTION POLICY ") + policy.name;
  }
  std::string operator()(const DropPolicy& drop) const { return "DROP RETENTION POLICY " + drop.name; }
  std::string operator()(const DropMeasurement& drop) const { return "DROP MEASUREMENT " + drop.name; }
  std::string operator()(const Delete& statement) const { return statement.drops_series ? "DROP SERIES" : "DELETE"; }
  std::string operator()(const Select&) const { return {}; }  // these change nothing
  std::string operator()(const Show&) const { return {}; }
};

// Empty: there is nothing to warn of.
std::string warning_of(const Statement& statement, const Request& request) {
  const std::string title = request.may_write ? "" : std::visit(Title(), statement);
  if (title.empty()) return {};
  return "deprecated use of '" + title + "' in a read only context, please use a POST request instead";
}

struct Place {
  std::string database;
  std::string policy;
};

class Session {
 public:
  Session(const Request& request, Catalog& catalog, AnswerWriter& writer)
      : request_(request), catalog_(catalog), writer_(writer) {}

  Answer<void> run(const Statement& statement) {
    if (const auto* select = std::get_if<Select>(&statement)) return run_select(*select);
    if (const auto* show = std::get_if<Show>(&statement)) return run(*show);
    return catalog_.change(statement);
  }

 private:
  std::string default_database() const {
    if (!request_.database.empty()) return request_.database;
    const auto all = catalog_.databases();
    return all.empty() ? "" : all[0];
  }

  Answer<Source*> open(const Place& place) {
    const auto policies = catalog_.policies(place.database);
    if (!policies) return refuse("", "database not found: " + place.database);
    for (const Policy& policy : *policies) {
      if (place.policy.empty() ? policy.is_default : policy.name == place.policy) {
        return catalog_.open(place.database, policy.name);
      }
    }
    return refuse("", "retention policy not found: " + place.policy);
  }

  // All measurements of a statement are in one policy.
  Answer<void> find_place(const Select& select, std::optional<Place>& place) const {
    for (const From& from : select.from) {
      if (from.subquery) {
        if (auto found = find_place(*from.subquery, place); !found) return found;
        continue;
      }
      const Measurement& measurement = from.measurement;
      Place here{measurement.database.empty() ? default_database() : measurement.database, measurement.policy};
      if (here.policy.empty() && here.database == default_database()) here.policy = request_.policy;
      if (place && (place->database != here.database || place->policy != here.policy)) {
        return refuse("", "a SELECT over several databases or retention policies is not supported");
      }
      place = std::move(here);
    }
    return {};
  }

  Answer<void> run_select(const Select& select) {
    std::optional<Place> place;
    if (auto found = find_place(select, place); !found) return found;
    const auto source = open(*place);
    if (!source) return tl::unexpected(source.error());
    const auto wants = measurements_of(select);
    if (!wants) return tl::unexpected(wants.error());
    const auto schema = read_schema(**source, request_.limits, series_wanted(select), *wants);
    if (!schema) return tl::unexpected(schema.error());
    auto plan = plan_select(select, {.schema = &*schema, .now_ns = request_.now_ns});
    if (!plan) return tl::unexpected(plan.error());
    auto run = Run::open(std::move(*plan), {.source = *source, .limits = request_.limits});
    if (!run) return tl::unexpected(run.error());
    for (const GroupKey& group : (*run)->groups()) {
      if (!request_.limits.goes_on()) return ended();
      if (auto told = tell(**run, group); !told) return told;
    }
    return {};
  }

  Answer<void> tell(Run& run, const GroupKey& group) {
    bool is_begun = false;
    bool is_read = true;
    const auto told = run.rows_of(group, [&](int64_t time_ns, std::span<const Value> values) {
      if (!is_begun) writer_.begin_series(heading(run.plan(), group));
      is_begun = true;
      is_read = writer_.add_row(time_ns, values);
      return is_read;
    });
    if (!told) return told;
    return is_read ? Answer<void>() : ended();
  }

  static AnswerSeries heading(const Plan& plan, const GroupKey& group) {
    AnswerSeries series{
        .name = group.measurement, .tags = {}, .columns = plan.columns, .zone = plan.windows.zone.get()};
    for (size_t at = 0; at < plan.dimensions.size(); ++at)
      series.tags.emplace_back(plan.dimensions[at], group.tags[at]);
    return series;
  }

  Answer<void> run(const Show& show) {
    ShowSetting setting{.catalog = catalog_,
                        .source = nullptr,
                        .database = show.database.empty() ? default_database() : show.database,
                        .limits = request_.limits};
    Place place{setting.database, {}};
    for (const From& from : show.from) {
      if (!from.measurement.database.empty()) place.database = from.measurement.database;
      if (!from.measurement.policy.empty()) place.policy = from.measurement.policy;
    }
    const bool needs_source = show.what != Show::What::kDatabases && show.what != Show::What::kRetentionPolicies;
    const bool is_lenient = show.what == Show::What::kMeasurements && !catalog_.policies(place.database);
    if (is_lenient) return {};  // 1.x lists the measurements of an unknown database: none
    if (needs_source) {
      const auto source = open(place);
      if (!source) return tl::unexpected(source.error());
      setting.source = *source;
    }
    return run_show(show, setting, writer_);
  }

  const Request& request_;
  Catalog& catalog_;
  AnswerWriter& writer_;
};

bool ends_everything(const QueryError& error) {
  return error.kind == QueryError::Kind::kEnded || error.kind == QueryError::Kind::kEnvironment;
}

}  // namespace

Answer<void> answer(const std::vector<Statement>& statements, const Request& request, Catalog& catalog,
                    AnswerWriter& writer) {
  Session session(request, catalog, writer);
  bool has_failed = false;
  for (size_t id = 0; id < statements.size(); ++id) {
    writer.begin_statement(id);
    if (has_failed) {
      writer.end_statement("not executed");
      continue;
    }
    const auto done = session.run(statements[id]);
    if (!done && ends_everything(done.error())) return done;
    has_failed = !done;
    writer.end_statement(done ? std::nullopt : std::optional(done.error().sentence),
                         warning_of(statements[id], request));
  }
  return writer.finish() ? Answer<void>() : ended();
}

}  // namespace timestore::query::influxql
