#include "net/api/influx_ping_api.h"

#include <utility>

#include "engine/base/json_text.h"
#include "net/access/answer.h"
#include "net/api/influx_headers.h"

namespace timestore::net {

InfluxPingApi::InfluxPingApi(const Node& node, std::string version) : node_(node), version_(std::move(version)) {}

// Neither needs a worker: they are asked when all workers are busy.
void InfluxPingApi::add_routes(http::Router& router) {
  const auto add = [&](const char* pattern, auto get) {
    router.add({.method = "GET",
                .pattern = pattern,
                .handler = {},
                .audience = http::Audience::kOpen,
                .later = [this, get](const auto&, const auto& reply) {
                  reply.finish([this, get](const auto& request, auto& response) { (this->*get)(request, response); });
                }});
  };
  add("/ping", &InfluxPingApi::get_ping);
  add("/health", &InfluxPingApi::get_health);
}

// 1.x: whoever asks for more than 204 gets the release that is spoken.
void InfluxPingApi::get_ping(const http::Request& request, http::Response& response) const {
  add_influx_headers(request, response);
  const std::string& verbose = request.param("verbose");
  if (verbose.empty() || verbose == "0" || verbose == "false") {
    response.status = 204;
    return;
  }
  std::string body = "{\"version\":";
  append_json_string(body, kInfluxVersion);
  response.set_content(body + "}\n", "application/json");
}

void InfluxPingApi::get_health(const http::Request& request, http::Response& response) const {
  add_influx_headers(request, response);
  const Leadership known = node_.leadership();
  const bool is_led = known.is_leader || !known.leader.empty();
  std::string body = R"({"name":"timestore","status":)";
  body += is_led ? R"("pass","message":"ready for queries and writes")" : R"("fail","message":"no leader")";
  body += ",\"version\":";
  append_json_string(body, version_);
  if (!is_led) {
    response.status = 503;
    response.set_header("Retry-After", std::to_string(kRetryAfterSeconds));
  }
  response.set_content(body + "}\n", "application/json");
}

}  // namespace timestore::net
