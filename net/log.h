// The process' log: lines for people, or JSON objects for machines, on standard error.
#pragma once

#include <string>

namespace timestore::net {

// `level` and `format` ("text" or "json") as Settings knows them; `node_id` stands in every JSON line.
void start_log(const std::string& level, const std::string& format, const std::string& node_id);

}  // namespace timestore::net
