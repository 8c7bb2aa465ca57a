#include "net/api/submit_api.h"

#include <algorithm>

#include "engine/series/command.h"
#include "net/http/problem.h"
#include "net/peers/peer_link.h"

namespace timestore::net {

using http::Problem;
using http::ProblemKind;

namespace {
// A batch of the largest body, with the ids that this made longer.
constexpr std::size_t kMaxCommandBytes = std::size_t{32} << 20;
}  // namespace

void SubmitApi::add_routes(http::Router& router) {
  router.add({.method = "POST",
              .pattern = client::kSubmitPath,
              .handler = [this](const auto& request, auto& response) { post_command(request, response); },
              .body = http::BodyRules{.max_bytes = kMaxCommandBytes}});
}

void SubmitApi::post_command(const http::Request& request, httplib::Response& response) {
  if (request.http.get_header_value(kAddresseeHeader) != self_) {
    return Problem{.kind = ProblemKind::kMisdirected,
                   .detail = "This is node " + self_ + ", not the one that is meant."}
        .write_to(response);
  }
  auto command = decode_command(request.http.body);
  const auto lacks_id = [](const TimeEntry& entry) { return entry.id.is_nil(); };
  if (!command || command->entries.empty() ||
      std::any_of(command->entries.begin(), command->entries.end(), lacks_id)) {
    return Problem{.kind = ProblemKind::kBadRequest, .detail = "A write is handed on as a command with all its ids."}
        .write_to(response);
  }
  response.set_content(client::encode_submit_answer(cluster_.take(std::move(command->entries))), "text/plain");
}

}  // namespace timestore::net
