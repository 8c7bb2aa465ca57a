#include "net/api/queries_api.h"

#include <charconv>
#include <string>

#include "engine/base/json_text.h"
#include "engine/base/utf8.h"
#include "net/http/problem.h"

namespace timestore::net {

void QueriesApi::add_routes(http::Router& router) {
  router.add({.method = "GET",
              .pattern = "/cluster/queries",
              .handler = [this](const auto& request, auto& response) { get_queries(request, response); },
              .audience = http::Audience::kAdmins});
  router.add({.method = "DELETE",
              .pattern = "/cluster/queries/{id}",
              .handler = [this](const auto& request, auto& response) { delete_query(request, response); },
              .audience = http::Audience::kAdmins});
}

// A target is as it was sent: any bytes that a request line may have.
void QueriesApi::get_queries(const http::Request&, http::Response& response) {
  std::string body = "[";
  for (const RunningQueries::Seen& query : queries_.list()) {
    if (body.size() > 1) body += ',';
    append_json_integer(body, "{\"id\":", query.id);
    append_json_string(body += ",\"target\":", is_valid_utf8(query.target) ? query.target : "(no text)");
    append_json_string(body += ",\"client\":", query.client);
    append_json_integer(body, ",\"elapsedMs\":", query.elapsed.count());
    body += '}';
  }
  response.set_content(body + "]", "application/json");
}

void QueriesApi::delete_query(const http::Request& request, http::Response& response) {
  const std::string& text = request.path_parameter("id");
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && queries_.end(id)) {
    response.status = 204;
    return;
  }
  http::Problem{.kind = http::ProblemKind::kNotFound, .detail = "No query with this id runs on this node."}.write_to(
      response);
}

}  // namespace timestore::net
