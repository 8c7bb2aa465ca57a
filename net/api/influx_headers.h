// What clients of InfluxDB find in the head of every answer.
#pragma once

#include <string>
#include <string_view>

#include "net/http/message.h"

namespace timestore::net {

// The release of InfluxDB whose answers these are: some clients choose by it what they send.
inline constexpr std::string_view kInfluxVersion = "1.8.10-timestore";

// X-Influxdb-Version, X-Influxdb-Build, and the request's id: the client's own, or a new one.
void add_influx_headers(const http::Request& request, http::Response& response);

// X-Influxdb-Error or X-Platform-Error-Code: `text` on one line, and not too long for a header.
void add_influx_error(std::string_view header, std::string_view text, http::Response& response);

}  // namespace timestore::net
