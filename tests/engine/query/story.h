// Stores and questions as short texts, so that a test is a table.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/query/aggregate.h"
#include "engine/query/parameters.h"
#include "tests/engine/query/memory_source.h"

namespace timestore::query {

// "a=1&b=2", of values that need no escapes.
inline std::vector<Parameter> parameters(const std::string& text) {
  std::vector<Parameter> parameters;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, '&');) {
    const size_t equals = part.find('=');
    parameters.push_back({part.substr(0, equals), part.substr(equals + 1)});
  }
  return parameters;
}

inline int64_t time_at(const std::string& text) { return parse_timestamp(text).value(); }

inline std::string time_text(int64_t time_ns) {
  std::string text;
  append_timestamp(text, time_ns);
  return text;
}

// Aggregates of one store: rows as "group time value value".
struct Story {
  MemoryStore store;
  Limits limits;

  Series& series(const std::string& name, points::Type type = points::Type::kFloat) {
    return store.add_series(name, type);
  }

  std::vector<std::string> rows(const std::string& question) {
    std::vector<std::string> rows;
    const auto done = asked(question, rows);
    if (!done) ADD_FAILURE() << question << ": " << done.error().sentence;
    return rows;
  }

  QueryError error(const std::string& question) {
    std::vector<std::string> rows;
    const auto done = asked(question, rows);
    EXPECT_FALSE(done) << question;
    EXPECT_TRUE(rows.empty()) << "told something before an error";
    return done ? QueryError() : done.error();
  }

  Answer<void> asked(const std::string& question, std::vector<std::string>& rows) {
    const auto query = parse_aggregate_query(parameters(question));
    if (!query) return tl::unexpected(query.error());
    MemorySource source(store);
    return aggregate(*query, source, limits, [&](const AggregateRow& row) {
      std::string text;
      for (const auto& part : row.group) text += (part ? *part : "-") + std::string(" ");
      text += time_text(row.timestamp_ns);
      for (const Value& value : row.values) {
        text += ' ';
        append_value(text, value);
      }
      rows.push_back(std::move(text));
    });
  }
};

}  // namespace timestore::query
