// The databases of a series file, as InfluxQL knows them: ours is `timestore`, and each has one policy, `autogen`.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/query/influxql/catalog.h"
#include "engine/query/query.h"
#include "engine/store/series/series_reader.h"

namespace timestore::net {

class InfluxCatalog final : public query::influxql::Catalog {
 public:
  // The reader has begun, and must outlive the catalog.
  explicit InfluxCatalog(store::SeriesReader& reader);
  ~InfluxCatalog() override;

  // What is wrong with the file, if its databases cannot be read.
  const std::optional<Error>& failure() const { return failure_; }

  std::vector<std::string> databases() override { return databases_; }
  std::optional<std::vector<query::influxql::Policy>> policies(const std::string& database) override;
  query::Answer<query::Source*> open(const std::string& database, const std::string& policy) override;
  query::Answer<void> change(const query::influxql::Statement& statement) override;

 private:
  class OneDatabase;

  store::SeriesReader& reader_;
  std::vector<std::string> databases_;
  std::map<std::string, std::unique_ptr<OneDatabase>> sources_;
  std::optional<Error> failure_;
};

// The databases that statements create before all others do something: they must be there before the rest is answered.
std::vector<std::string> created_first(const std::vector<query::influxql::Statement>& statements);

}  // namespace timestore::net
