#include "engine/query/influxql/catalog.h"

namespace timestore::query::influxql {
namespace {

constexpr int64_t kWeekNs = int64_t{7} * 24 * 3600 * 1'000'000'000;

struct Refusal {
  const std::string& database;

  Answer<void> operator()(const CreateDatabase& create) const {
    if (create.name == database && create.policy.empty() && !create.options.duration_ns) return {};
    if (create.name != database)
      return refuse("", "CREATE DATABASE is not supported yet, but for \"" + database + "\"");
    return refuse("", "CREATE DATABASE with a retention policy is not supported yet");
  }
  Answer<void> operator()(const DropDatabase&) const { return refuse("", "DROP DATABASE is not supported yet"); }
  Answer<void> operator()(const CreatePolicy& policy) const {
    return refuse("", std::string(policy.alters ? "ALTER" : "CREATE") + " RETENTION POLICY is not supported yet");
  }
  Answer<void> operator()(const DropPolicy&) const { return refuse("", "DROP RETENTION POLICY is not supported yet"); }
  Answer<void> operator()(const DropMeasurement&) const { return refuse("", "DROP MEASUREMENT is not supported yet"); }
  Answer<void> operator()(const Delete& statement) const {
    return refuse("", std::string(statement.drops_series ? "DROP SERIES" : "DELETE") + " is not supported yet");
  }
  Answer<void> operator()(const Select&) const { return {}; }
  Answer<void> operator()(const Show&) const { return {}; }
};

}  // namespace

std::optional<std::vector<Policy>> SingleCatalog::policies(const std::string& database) {
  if (database != database_) return std::nullopt;
  return std::vector{Policy{.name = kPolicy, .shard_duration_ns = kWeekNs, .is_default = true}};
}

Answer<void> SingleCatalog::change(const Statement& statement) { return std::visit(Refusal{database_}, statement); }

}  // namespace timestore::query::influxql
