// A request's statements, one after the other: parsed, planned, run, and written. The first error ends it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/influxql/answer_writer.h"
#include "engine/query/influxql/catalog.h"
#include "engine/query/influxql/statement.h"
#include "engine/query/limits.h"
#include "engine/query/query_error.h"

namespace timestore::query::influxql {

// Values of $name in a statement.
using Parameters = std::map<std::string, Value>;

// A JSON object of texts, numbers, true and false.
Answer<Parameters> parse_bound_parameters(std::string_view json);

// Parsed, and with its parameters filled in. An error is one of the whole request.
Answer<std::vector<Statement>> prepare(std::string_view text, const Parameters& parameters);

struct Request {
  std::string database = {};  // of names without one; empty: the first that there is
  std::string policy = {};    // empty: the default
  int64_t now_ns = 0;
  bool may_write = true;  // else writes are answered with a warning, as GET is by 1.x
  Limits limits = {};
};

// Each statement's error stands in its result. An error here: nobody reads the answer any more, or the query was ended,
// or this node cannot answer; what was written then is of no use.
Answer<void> answer(const std::vector<Statement>& statements, const Request& request, Catalog& catalog,
                    AnswerWriter& writer);

// --- Parts ----------------------------------------------------------------------------------------------------------

struct ShowSetting {
  Catalog& catalog;
  Source* source;  // of the database; null: SHOW DATABASES and POLICIES need none
  std::string database;
  const Limits& limits;
};
Answer<void> run_show(const Show& show, const ShowSetting& setting, AnswerWriter& writer);

}  // namespace timestore::query::influxql
