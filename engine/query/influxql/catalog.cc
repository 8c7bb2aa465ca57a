#include "engine/query/influxql/catalog.h"

namespace timestore::query::influxql {
namespace {

constexpr const char* kPolicy = "autogen";
constexpr int64_t kWeekNs = int64_t{7} * 24 * 3600 * 1'000'000'000;

Answer<void> unsupported(const std::string& what) { return refuse("", what + " is not supported yet"); }

struct Refusal {
  Answer<void> operator()(const CreateDatabase& create) const {
    const bool keeps_for_ever = create.options.duration_ns.value_or(0) == 0;
    if (keeps_for_ever && (create.policy.empty() || create.policy == kPolicy)) return {};
    return unsupported("CREATE DATABASE with a retention policy");
  }
  Answer<void> operator()(const DropDatabase&) const { return unsupported("DROP DATABASE"); }
  Answer<void> operator()(const CreatePolicy& policy) const {
    return unsupported(std::string(policy.alters ? "ALTER" : "CREATE") + " RETENTION POLICY");
  }
  Answer<void> operator()(const DropPolicy&) const { return unsupported("DROP RETENTION POLICY"); }
  Answer<void> operator()(const DropMeasurement&) const { return unsupported("DROP MEASUREMENT"); }
  Answer<void> operator()(const Delete& statement) const {
    return unsupported(statement.drops_series ? "DROP SERIES" : "DELETE");
  }
  Answer<void> operator()(const Select&) const { return {}; }
  Answer<void> operator()(const Show&) const { return {}; }
};

}  // namespace

Policy only_policy() { return {.name = kPolicy, .shard_duration_ns = kWeekNs, .is_default = true}; }

Answer<void> refuse_unsupported(const Statement& statement) { return std::visit(Refusal(), statement); }

std::optional<std::vector<Policy>> SingleCatalog::policies(const std::string& database) {
  if (database != database_) return std::nullopt;
  return std::vector{only_policy()};
}

Answer<void> SingleCatalog::change(const Statement& statement) {
  const auto* create = std::get_if<CreateDatabase>(&statement);
  if (create != nullptr && create->name != database_) {
    return refuse("", "CREATE DATABASE is not supported here: there is only \"" + database_ + "\"");
  }
  return refuse_unsupported(statement);
}

}  // namespace timestore::query::influxql
