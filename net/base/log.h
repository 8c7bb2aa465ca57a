// The process' log: lines for people, or JSON objects for machines, on standard error.
//
// Sentences, rarely: what an operator should know, never a line per request. The library behind it is known to log.cc
// alone, because its headers take longer to compile than anything here.
#pragma once

#include <string>
#include <string_view>

namespace timestore::net {

// `level` and `format` ("text" or "json") as Settings knows them; `node_id` stands in every JSON line.
void start_log(const std::string& level, const std::string& format, const std::string& node_id);

void set_log_level(const std::string& level);  // of the log that was started; any thread

void log_debug(std::string_view sentence);  // what the consensus core decides
bool is_debug_logged();                     // so that nobody makes sentences in vain
void log_info(std::string_view sentence);
void log_warning(std::string_view sentence);
void log_error(std::string_view sentence);
void log_critical(std::string_view sentence);  // the process is about to end

}  // namespace timestore::net
