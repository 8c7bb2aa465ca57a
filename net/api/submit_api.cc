#include "net/api/submit_api.h"

#include <algorithm>

#include "engine/series/command.h"
#include "net/access/answer.h"
#include "net/http/problem.h"
#include "net/peers/peer_link.h"

namespace timestore::net {

using http::ProblemKind;

namespace {
// A batch of the largest body, with the ids that this made longer.
constexpr std::size_t kMaxCommandBytes = std::size_t{32} << 20;
}  // namespace

void SubmitApi::add_routes(http::Router& router) {
  router.add({.method = "POST",
              .pattern = client::kSubmitPath,
              .handler = {},
              .body = http::BodyRules{.max_bytes = kMaxCommandBytes},
              .audience = http::Audience::kPeers,
              .pool = http::Pool::kClients,  // it waits for the cluster, and must not take what keeps that together
              .later = [this](const auto& request, const auto& reply) { post_command(request, reply); }});
}

void SubmitApi::post_command(const http::Request& request, const http::Reply& reply) {
  if (request.header(kAddresseeHeader) != self_) {
    return answer_problem(
        reply, {.kind = ProblemKind::kMisdirected, .detail = "This is node " + self_ + ", not the one that is meant."});
  }
  if (cluster_.is_of_another_cluster(request)) return answer_problem(reply, cluster_.of_another_cluster());
  auto command = decode_command(request.body);
  const auto lacks_id = [](const TimeEntry& entry) { return entry.id.is_nil(); };
  const bool is_write = command && (command->lines || !command->entries.empty());
  if (!is_write || std::any_of(command->entries.begin(), command->entries.end(), lacks_id)) {
    return answer_problem(
        reply, {.kind = ProblemKind::kBadRequest, .detail = "A write is handed on as a command with all its ids."});
  }
  client::Content content = std::move(command->entries);
  if (command->lines) content = std::make_shared<const std::string>(request.body);
  reply.when_gone(cluster_.take(std::move(content), [reply](const client::SubmitAnswer& answer) {
    reply.finish([text = client::encode_submit_answer(answer)](const auto&, http::Response& response) {
      response.set_content(text, "text/plain");
    });
  }));
}

}  // namespace timestore::net
