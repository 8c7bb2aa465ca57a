#include "net/api/redirect.h"

#include <optional>
#include <string>
#include <utility>

#include "engine/base/json_text.h"
#include "net/access/answer.h"
#include "net/api/query.h"
#include "net/http/problem.h"

namespace timestore::net {

void redirect_or(ClusterAccess& cluster, std::chrono::milliseconds patience, const http::Request& request,
                 const http::Reply& reply, std::function<void()> goes_on) {
  const auto wanted = parse_flag(request, "redirect");
  if (!wanted) {
    return answer_problem(
        reply, {.kind = http::ProblemKind::kBadRequest, .detail = "redirect is true or false, and given once."});
  }
  if (!*wanted) return goes_on();
  const auto found = [reply, goes_on = std::move(goes_on)](const std::optional<ClusterAccess::Elsewhere>& leader) {
    if (!leader) return goes_on();
    reply.finish([leader = *leader](const http::Request& asked, http::Response& response) {
      response.status = 307;
      response.set_header("Location", leader.url + std::string(asked.target()));
      std::string body = "{\"leaderId\":";
      append_json_string(body, leader.id);
      response.set_content(body + "}", "application/json");
    });
  };
  reply.when_gone(cluster.leader_elsewhere(Clock::now() + patience, found));
}

}  // namespace timestore::net
