// A run's report for people and for programs.
#pragma once

#include <string>

#include "bench/ingest/ingest.h"

namespace timestore::bench {

std::string as_text(const IngestReport& report);  // a few lines
std::string as_json(const IngestReport& report);  // one object on one line; latencies in milliseconds

}  // namespace timestore::bench
