// A question in InfluxQL and its answer as text, as the door /query would give it.
#pragma once

#include <string>
#include <string_view>

#include "engine/query/influxql/session.h"
#include "engine/query/limits.h"
#include "engine/query/source.h"

namespace timestore::query::influxql {

struct Asking {
  Source& source;
  std::string database = "corpus";
  int64_t now_ns = 1'795'000'000'000'000'000;
  Limits limits = {};
};

// `with`: further parameters of the request, `epoch=ms&chunked=true`; not encoded. An answer with a status of its own
// begins with it: `400 {...}`.
std::string asked(const Asking& asking, std::string_view query, std::string_view with = {});

}  // namespace timestore::query::influxql
