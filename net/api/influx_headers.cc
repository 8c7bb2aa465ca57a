#include "net/api/influx_headers.h"

#include <algorithm>

#include "engine/base/utf8.h"
#include "net/access/cluster_access.h"

namespace timestore::net {

namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::size_t kMaxErrorBytes = 1024;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

std::string id_of(const http::Request& request) {
  for (const char* header : {"X-Request-Id", "Request-Id"}) {
    const std::string_view given = request.header(header);
    const bool is_plain =
        std::all_of(given.begin(), given.end(), [](char c) { return static_cast<unsigned char>(c) < 0x7f && c > ' '; });
    if (!given.empty() && given.size() <= kMaxIdBytes && is_plain) return std::string(given);
  }
  return make_time_ordered_guid().text();
}

}  // namespace

void add_influx_headers(const http::Request& request, http::Response& response) {
  const std::string id = id_of(request);
  response.set_header("Request-Id", id);
  response.set_header("X-Request-Id", id);
  response.set_header("X-Influxdb-Build", "OSS");
  response.set_header("X-Influxdb-Version", std::string(kInfluxVersion));
}

void add_influx_error(std::string_view header, std::string_view text, http::Response& response) {
  const std::string_view start = text.substr(0, kMaxErrorBytes);
  std::string line(start.substr(0, valid_utf8_prefix(start)));
  std::replace_if(line.begin(), line.end(), is_control, ' ');
  response.set_header(header, std::move(line));
}

}  // namespace timestore::net
