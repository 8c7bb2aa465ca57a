// The databases there are, and what is in them: a port of whoever keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/query/influxql/statement.h"
#include "engine/query/query_error.h"
#include "engine/query/source.h"

namespace timestore::query::influxql {

struct Policy {
  std::string name;
  int64_t duration_ns = 0;  // 0: for ever
  int64_t shard_duration_ns = 0;
  int64_t replicas = 1;
  bool is_default = false;
};

class Catalog {
 public:
  Catalog() = default;
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;
  virtual ~Catalog() = default;

  virtual std::vector<std::string> databases() = 0;

  // Nothing: there is no such database.
  virtual std::optional<std::vector<Policy>> policies(const std::string& database) = 0;

  // The points of a policy that is known.
  virtual Answer<Source*> open(const std::string& database, const std::string& policy) = 0;

  // Statements that are neither SELECT nor SHOW.
  virtual Answer<void> change(const Statement& statement) = 0;
};

// What every database has.
Policy only_policy();

// Says of a statement which changes something that it is not supported yet, unless it creates a database, and leaves the
// policy as it is anyway.
Answer<void> refuse_unsupported(const Statement& statement);

// One database. Nothing in it can be changed.
class SingleCatalog final : public Catalog {
 public:
  static constexpr const char* kDatabase = "timestore";

  explicit SingleCatalog(Source& source, std::string database = kDatabase)
      : source_(source), database_(std::move(database)) {}

  std::vector<std::string> databases() override { return {database_}; }
  std::optional<std::vector<Policy>> policies(const std::string& database) override;
  Answer<Source*> open(const std::string&, const std::string&) override { return &source_; }
  Answer<void> change(const Statement& statement) override;

 private:
  Source& source_;
  std::string database_;
};

}  // namespace timestore::query::influxql
