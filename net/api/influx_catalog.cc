#include "net/api/influx_catalog.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace timestore::net {

namespace influxql = query::influxql;
using query::Answer;

namespace {

constexpr const char* kPolicy = "autogen";
constexpr std::int64_t kWeekNs = std::int64_t{7} * 24 * 3600 * 1'000'000'000;

Answer<void> refuse(std::string sentence) {
  return tl::unexpected(query::QueryError{.kind = query::QueryError::Kind::kBadRequest, .sentence = std::move(sentence)});
}

// A statement can only say of the policy what it is anyway.
bool is_plain(const influxql::CreateDatabase& create) {
  const bool keeps_for_ever = create.options.duration_ns.value_or(0) == 0;
  return keeps_for_ever && (create.policy.empty() || create.policy == kPolicy);
}

struct Change {
  const std::vector<std::string>& databases;

  Answer<void> operator()(const influxql::CreateDatabase& create) const {
    if (!is_plain(create)) return refuse("a database with a retention policy of its own is not supported yet");
    if (std::find(databases.begin(), databases.end(), create.name) != databases.end()) return {};
    return refuse("CREATE DATABASE must stand before all other statements of a request");
  }
  Answer<void> operator()(const influxql::DropDatabase&) const { return refuse("DROP DATABASE is not supported yet"); }
  Answer<void> operator()(const influxql::CreatePolicy& policy) const {
    return refuse(std::string(policy.alters ? "ALTER" : "CREATE") + " RETENTION POLICY is not supported yet");
  }
  Answer<void> operator()(const influxql::DropPolicy&) const {
    return refuse("DROP RETENTION POLICY is not supported yet");
  }
  Answer<void> operator()(const influxql::DropMeasurement&) const {
    return refuse("DROP MEASUREMENT is not supported yet");
  }
  Answer<void> operator()(const influxql::Delete& statement) const {
    return refuse(std::string(statement.drops_series ? "DROP SERIES" : "DELETE") + " is not supported yet");
  }
  Answer<void> operator()(const influxql::Select&) const { return {}; }
  Answer<void> operator()(const influxql::Show&) const { return {}; }
};

}  // namespace

// What a query sees of the file when it asks for one database: nothing but that, as if it were the only one.
class InfluxCatalog::OneDatabase final : public query::Source {
 public:
  OneDatabase(query::Source& all, std::string database) : all_(all), database_(std::move(database)) {}

  Result<void> list(const query::SeriesWanted& wanted, const std::function<void(query::Series&&)>& tell) override {
    query::SeriesWanted here = wanted;
    here.database = database_;
    return all_.list(here, [&](query::Series&& series) {
      if (series.database != database_) return;
      series.database.clear();
      tell(std::move(series));
    });
  }
  Result<std::unique_ptr<query::BatchCursor>> read(const query::Reading& reading) override {
    return all_.read(reading);
  }
  Result<std::unique_ptr<points::PointCursor>> read_log(const query::Reading& reading, query::Seq after) override {
    return all_.read_log(reading, after);
  }

 private:
  query::Source& all_;
  const std::string database_;
};

InfluxCatalog::InfluxCatalog(store::SeriesReader& reader) : reader_(reader) {
  auto found = reader.databases();
  if (!found) failure_ = std::move(found.error());
  databases_.emplace_back(query::kOwnDatabase);  // first: the one that is meant where none is named
  if (found) databases_.insert(databases_.end(), found->begin(), found->end());
}

InfluxCatalog::~InfluxCatalog() = default;

std::optional<std::vector<influxql::Policy>> InfluxCatalog::policies(const std::string& database) {
  if (std::find(databases_.begin(), databases_.end(), database) == databases_.end()) return std::nullopt;
  return std::vector{influxql::Policy{.name = kPolicy, .shard_duration_ns = kWeekNs, .is_default = true}};
}

Answer<query::Source*> InfluxCatalog::open(const std::string& database, const std::string&) {
  auto& source = sources_[database];
  if (!source) source = std::make_unique<OneDatabase>(reader_.source(), query::database_named(database));
  return source.get();
}

Answer<void> InfluxCatalog::change(const influxql::Statement& statement) {
  return std::visit(Change{databases_}, statement);
}

std::vector<std::string> created_first(const std::vector<influxql::Statement>& statements) {
  std::vector<std::string> names;
  for (const influxql::Statement& statement : statements) {
    const auto* create = std::get_if<influxql::CreateDatabase>(&statement);
    if (create == nullptr || !is_plain(*create)) break;
    if (create->name != query::kOwnDatabase) names.push_back(create->name);
  }
  return names;
}

}  // namespace timestore::net
