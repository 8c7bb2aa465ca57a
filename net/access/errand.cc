#include "net/access/errand.h"

#include <utility>

#include "net/access/answer.h"

namespace timestore::net {

void Errands::run(const Errand& errand, const http::Request& request, Deadline deadline, http::Response& response) {
  using Verdict = client::Attempts::Verdict;
  if (cluster_.is_of_another_cluster(request)) return cluster_.of_another_cluster().write_to(response);
  const bool is_forwarded = request.has_header(kForwardedHeader);
  raft::NodeId asked;
  client::Attempts attempts({.self = node_.id(),
                             .effect = client::Effect::kAnyNew,
                             .is_forwarded = is_forwarded,
                             .deadline = to_time(deadline)});
  cluster_.carry_out(attempts, [&](const client::Attempts::Step& step) {
    asked = step.to;
    const auto outcome =
        step.to == node_.id() ? do_here(errand, deadline, response) : ask_leader(errand, request.body, step, response);
    attempts.ended(step.attempt, outcome, time_now());
  });
  switch (attempts.verdict()) {
    case Verdict::kDone:
    case Verdict::kRefused:
      return;  // answered
    case Verdict::kUnknown:
      return answer_unavailable(response, "Node " + asked + " was asked and did not answer: " + errand.unknown);
    case Verdict::kNotTaken:
      if (!is_forwarded) return answer_unavailable(response, errand.nobody);
      response.set_header(kNotLeaderHeader, "1");
      return answer_unavailable(response, "This node does not lead.");
  }
}

client::Outcome Errands::do_here(const Errand& errand, Deadline deadline, http::Response& response) {
  const auto status = node_.status(deadline);
  if (!status) {
    answer_unavailable(response, "This node does not answer in time.");
    return client::Outcome::kRefused;
  }
  const bool leads = status->role == replica::Status::Role::kLeader;
  return leads && errand.here(*status, deadline, response) ? client::Outcome::kDone : client::Outcome::kNotTaken;
}

client::Outcome Errands::ask_leader(const Errand& errand, const std::string& body, const client::Attempts::Step& step,
                                    http::Response& response) {
  http::Response answer;
  const auto ask = [&] {
    if (errand.method == "DELETE") return forwarder_.remove(step.to, errand.target, time_for(step), answer);
    if (errand.method == "PUT") return forwarder_.put(step.to, errand.target, body, time_for(step), answer);
    return forwarder_.post(step.to, errand.target, body, time_for(step), answer);
  };
  const auto outcome = ask();
  switch (outcome) {
    case Forwarder::Outcome::kAnswered:
      relay(answer, response);
      return client::Outcome::kDone;
    case Forwarder::Outcome::kUnknown:
      return client::Outcome::kUnknown;
    case Forwarder::Outcome::kNotTaken:
      return client::Outcome::kNotTaken;
  }
  return client::Outcome::kUnknown;
}

}  // namespace timestore::net
