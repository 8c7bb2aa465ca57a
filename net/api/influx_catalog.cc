#include "net/api/influx_catalog.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace timestore::net {

namespace influxql = query::influxql;
using query::Answer;

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
  return std::vector{influxql::only_policy()};
}

Answer<query::Source*> InfluxCatalog::open(const std::string& database, const std::string&) {
  auto& source = sources_[database];
  if (!source) source = std::make_unique<OneDatabase>(reader_.source(), query::database_named(database));
  return source.get();
}

Answer<void> InfluxCatalog::change(const influxql::Statement& statement) {
  if (auto refused = influxql::refuse_unsupported(statement); !refused) return refused;
  const auto* create = std::get_if<influxql::CreateDatabase>(&statement);
  if (create == nullptr || std::find(databases_.begin(), databases_.end(), create->name) != databases_.end()) return {};
  return query::refuse("", "CREATE DATABASE must stand before all other statements of a request");
}

std::vector<std::string> created_first(const std::vector<influxql::Statement>& statements) {
  std::vector<std::string> names;
  for (const influxql::Statement& statement : statements) {
    const auto* create = std::get_if<influxql::CreateDatabase>(&statement);
    if (create == nullptr || !influxql::refuse_unsupported(statement)) break;
    if (create->name != query::kOwnDatabase) names.push_back(create->name);
  }
  return names;
}

}  // namespace timestore::net
