#include "net/access/errand.h"

#include <algorithm>
#include <utility>

#include "net/access/answer.h"

namespace timestore::net {

namespace {

// Before a leader is asked again that leads no more, or a new one: it may not be known here yet.
constexpr std::chrono::milliseconds kErrandPause{20};

}  // namespace

void Errands::run(const Errand& errand, const http::Request& request, Deadline deadline, httplib::Response& response) {
  do {
    const auto status = node_.status(deadline);
    if (!status) return answer_unavailable(response, "This node does not answer in time.");
    if (status->role == replica::Status::Role::kLeader) {
      if (errand.here(*status, deadline, response)) return;
      continue;
    }
    if (request.http.has_header(kForwardedHeader)) {
      response.set_header(kNotLeaderHeader, "1");
      return answer_unavailable(response, "This node does not lead.");
    }
    if (ask_leader(errand, request.http.body, deadline, response)) return;
  } while (Clock::now() < deadline);
  answer_unavailable(response, errand.nobody);
}

// False: certainly nothing has happened, because the node that was thought to lead does not, or this one does.
bool Errands::ask_leader(const Errand& errand, const std::string& body, Deadline deadline,
                         httplib::Response& response) {
  const Leadership known = node_.leadership();
  const auto leader = cluster_.leader_elsewhere(deadline);
  if (!leader) {
    if (node_.leadership().is_leader) return false;
    answer_unavailable(response, errand.nobody);
    return true;
  }
  const auto left = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()),
                             std::chrono::milliseconds(1));
  httplib::Response answer;
  const auto outcome = errand.method == "DELETE" ? forwarder_.remove(leader->id, errand.target, left, answer)
                                                 : forwarder_.post(leader->id, errand.target, body, left, answer);
  switch (outcome) {
    case Forwarder::Outcome::kAnswered:
      relay(answer, response);
      return true;
    case Forwarder::Outcome::kUnknown:
      answer_unavailable(response, "Node " + leader->id + " was asked and did not answer: " + errand.unknown);
      return true;
    case Forwarder::Outcome::kNotTaken:
      node_.await_change(known, std::min(deadline, Clock::now() + kErrandPause));
      return false;
  }
  return false;
}

}  // namespace timestore::net
