// Errors as the clients of InfluxDB know them: {"error":"..."} of 1.x, {"code":"...","message":"..."} of 2.x.
//
// Clients decide by them what becomes of the data they hold. Telegraf throws a batch away at any 4xx but 413 (2.x), and
// at a 5xx with certain words. So what may succeed later is 503, with none of these words, and never 429.
#pragma once

#include <string>
#include <string_view>

#include "engine/client/write.h"
#include "net/http/message.h"
#include "net/http/problem.h"

namespace timestore::net {

enum class InfluxApi : unsigned char { kOne, kTwo };

struct InfluxError {
  int status = 500;
  std::string message;
};

// With the headers of add_influx_headers().
void answer_influx_error(InfluxApi api, const InfluxError& error, const http::Request& request,
                         http::Response& response);

// What the server found wrong before it asked a handler.
InfluxError influx_error_of(const http::Problem& problem);

// Why a write was not applied, or whether it was is not known. Requires that it did not end as applied.
InfluxError influx_error_of(client::WriteEnd::Kind kind);

}  // namespace timestore::net
