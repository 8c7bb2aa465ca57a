// Line protocol as a store in memory, as the real one would keep it.
#pragma once

#include <string_view>

#include "tests/engine/query/memory_source.h"

namespace timestore::query::influxql {

// Lines that are no line protocol end the process.
MemoryStore store_of_lines(std::string_view text);

}  // namespace timestore::query::influxql
