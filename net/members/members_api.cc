#include "net/members/members_api.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <thread>
#include <utility>

#include "engine/base/json_text.h"
#include "net/access/answer.h"
#include "net/api/query.h"
#include "net/api/raft_api.h"
#include "net/base/clock.h"
#include "net/base/settings.h"
#include "net/http/problem.h"
#include "net/members/members.h"
#include "net/members/residence.h"
#include "net/members/wish.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

constexpr const char* kPath = "/cluster/members";
constexpr const char* kUnknownFate = "GET /cluster/members shows whether the members have changed.";
constexpr std::size_t kMaxWishBytes = 8192;
constexpr std::chrono::milliseconds kTimeToAnswer{2000};
constexpr std::chrono::seconds kWaitForVoter{60};     // with ?wait=true
constexpr std::chrono::milliseconds kGivesWay{2000};  // another change: it is over in a few round trips
constexpr std::chrono::milliseconds kTryAgainAfter{20};

void answer(http::Response& response, ProblemKind kind, std::string detail, bool passes = false) {
  Problem{.kind = kind,
          .detail = std::move(detail),
          .retry_after_seconds = passes ? std::optional(kRetryAfterSeconds) : std::nullopt}
      .write_to(response);
}

// Says why nothing was changed. `id` is who should be let in, or go.
void answer_refusal(raft::Refusal refusal, const raft::NodeId& id, http::Response& response) {
  switch (refusal) {
    case raft::Refusal::kNone:
    case raft::Refusal::kNotLeader:
    case raft::Refusal::kNotReady:
      return answer_unavailable(response, "The leader is new and cannot change the members yet; try again.");
    case raft::Refusal::kBusy:
      return answer(response, ProblemKind::kConflict, "Another change of the members is in progress.", true);
    case raft::Refusal::kUnknownMember:
      return answer(response, ProblemKind::kConflict, "Only a voter can be replaced, and no voter has that id.");
    case raft::Refusal::kAlreadyMember:
      return answer(response, ProblemKind::kConflict, "Node " + id + " is a member already.");
    case raft::Refusal::kLosesQuorum:
      return answer(response, ProblemKind::kConflict,
                    "Without node " + id +
                        ", the voters that answer would be no majority, and nothing could be written any more. "
                        "Bring others back first. With ?force=true the removal begins and waits for them; if they are "
                        "lost for good, use `timestored recover --force-single` on a survivor.");
    case raft::Refusal::kLastVoter:
      return answer(response, ProblemKind::kConflict, "Node " + id + " is the last voter.");
    case raft::Refusal::kMalformed:
      return answer(response, ProblemKind::kBadRequest, "A member cannot have that id or URL.");
    case raft::Refusal::kTooMany:
      return answer(response, ProblemKind::kConflict,
                    "A cluster has at most " + std::to_string(raft::kMaxMembers) + " members.");
    case raft::Refusal::kTooOld:
      return answer(response, ProblemKind::kConflict,
                    "Node " + id +
                        " runs a release that does not know this cluster's feature level. Start the release that the "
                        "members run there (featureLevel and highestLevel in GET /raft/status), and ask again.");
  }
}

// What is left for a request to do when the change that it began has ended.
enum class Rest : unsigned char {
  kTellMembers,  // done: the members as they are now are the answer
  kNothing,      // it is answered
  kAskOthers,    // nothing has happened, because this node leads no more
};

Rest answer_end(const replica::ChangeEnd& end, const raft::NodeId& id, http::Response& response) {
  switch (end.kind) {
    case replica::ChangeEnd::Kind::kDone:
      return Rest::kTellMembers;
    case replica::ChangeEnd::Kind::kNotLeader:
      return Rest::kAskOthers;
    case replica::ChangeEnd::Kind::kRefused:
      answer_refusal(end.refusal, id, response);
      return Rest::kNothing;
    case replica::ChangeEnd::Kind::kUnknown:
      answer_unavailable(response, std::string("No majority answered in time: ") + kUnknownFate);
      return Rest::kNothing;
  }
  return Rest::kNothing;
}

void answer_json(http::Response& response, int status, const std::string& body) {
  response.status = status;
  response.set_content(body, "application/json");
}

// Whoever is let in follows no other cluster, so it is told of none that could yet be forgotten.
std::string cluster_json(const replica::Status& status) {
  return status.is_settled ? "\"" + raft::to_text(status.cluster) + "\"" : "null";
}

void answer_not_found(http::Response& response) {
  answer(response, ProblemKind::kNotFound, "No member of this cluster has that id.");
}

}  // namespace

void MembersApi::add_routes(http::Router& router) {
  router.add({.method = "GET",
              .pattern = kPath,
              .handler = [this](const auto&, auto& response) { get_members(response); },
              .audience = http::Audience::kAdmins});
  router.add({.method = "POST",
              .pattern = kPath,
              .handler = [this](const auto& request, auto& response) { post_member(request, response); },
              .body = http::BodyRules{.media_types = {"application/json"}, .max_bytes = kMaxWishBytes},
              .audience = http::Audience::kAdmins});
  const std::string one = std::string(kPath) + "/{id}";
  router.add({.method = "GET",
              .pattern = one,
              .handler = [this](const auto& request, auto& response) { get_member(request, response); },
              .audience = http::Audience::kAdmins});
  router.add({.method = "DELETE",
              .pattern = one,
              .handler = [this](const auto& request, auto& response) { delete_member(request, response); },
              .audience = http::Audience::kAdmins});
}

std::string MembersApi::body_of(const replica::Status& status) const {
  std::string body = R"({"members":)" + members_json(status, RoleNames::kFour, node_.tick(), node_.unreachable_ticks());
  body += R"(,"clusterId":)" + cluster_json(status);
  body += status.is_joint ? R"(,"isJoint":true,"leaderId":)" : R"(,"isJoint":false,"leaderId":)";
  if (status.leader.empty()) return body + "null}";
  append_json_string(body, status.leader);
  return body + "}";
}

void MembersApi::get_members(http::Response& response) {
  const auto status = node_.status(Clock::now() + kTimeToAnswer);
  if (!status) return answer_unavailable(response, "This node does not answer in time.");
  answer_json(response, 200, body_of(*status));
}

void MembersApi::get_member(const http::Request& request, http::Response& response) {
  const auto status = node_.status(Clock::now() + kTimeToAnswer);
  if (!status) return answer_unavailable(response, "This node does not answer in time.");
  const auto* member = find_member(*status, request.path_parameter("id"));
  if (member == nullptr) return answer_not_found(response);
  answer_json(response, 200, member_json(*status, *member, RoleNames::kFour, node_.tick(), node_.unreachable_ticks()));
}

void MembersApi::post_member(const http::Request& request, http::Response& response) {
  const auto waits = parse_flag(request, "wait");
  if (!waits || !has_only(request, {"wait"}))
    return answer(response, ProblemKind::kBadRequest, "The only query parameter is wait, true or false.");
  const auto wish = parse_wish(request.body);
  if (!wish) return answer(response, ProblemKind::kBadRequest, wish.error().message);
  const Errand errand{.method = "POST",
                      .target = kPath,
                      .nobody = "No leader could be asked, so nothing has changed.",
                      .unknown = kUnknownFate,
                      .here = [&](const replica::Status& status, Deadline deadline, auto& end) {
                        Wish known = *wish;
                        if (!find(known, status, end)) return true;
                        known.level = ask_level(known.member.url).value_or(known.level);
                        return let_in(std::move(known), deadline, end);
                      }};
  errands_.run(errand, request, Clock::now() + lasting(client::kErrandTime), response);
  catch_up_with(response);
  if (*waits && response.status == 202) wait_for(*wish, response);
}

void MembersApi::delete_member(const http::Request& request, http::Response& response) {
  const auto is_forced = parse_flag(request, "force");
  if (!is_forced || !has_only(request, {"force"}))
    return answer(response, ProblemKind::kBadRequest, "The only query parameter is force, true or false.");
  const std::string& id = request.path_parameter("id");
  if (!check_node_id(id, "")) return answer_not_found(response);
  const Errand errand{.method = "DELETE",
                      .target = std::string(kPath) + "/" + id + (*is_forced ? "?force=true" : ""),
                      .nobody = "No leader could be asked, so nothing has changed.",
                      .unknown = kUnknownFate,
                      .here = [&](const replica::Status&, Deadline deadline, auto& end) {
                        return let_go(id, *is_forced, deadline, end);
                      }};
  errands_.run(errand, request, Clock::now() + lasting(client::kErrandTime), response);
  catch_up_with(response);
}

// What the leader has said is to be seen here too from now on.
void MembersApi::catch_up_with(const http::Response& answer) {
  const std::string text(answer.header(kAppliedIndexHeader));
  raft::Index index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error == std::errc{} && index <= raft::kMaxIndex) node_.await_applied(index, Clock::now() + kTimeToAnswer);
}

std::optional<replica::ChangeEnd> MembersApi::change(const Node::Plan& plan, Deadline deadline) {
  const Deadline gives_way = std::min(deadline, Clock::now() + kGivesWay);
  for (;;) {
    auto end = node_.change_members(plan, deadline);
    const bool is_in_the_way =
        end && (end->refusal == raft::Refusal::kBusy || end->refusal == raft::Refusal::kNotReady);
    if (!is_in_the_way || Clock::now() + kTryAgainAfter >= gives_way) return end;
    std::this_thread::sleep_for(kTryAgainAfter);
  }
}

bool MembersApi::find(Wish& wish, const replica::Status& status, http::Response& response) const {
  const auto* known = find_member(status, wish.member.id);
  if (known == nullptr || known->url == wish.member.url) return true;
  const Residence found = find_residence({.node = wish.member.id,
                                          .from = known->url,
                                          .to = wish.member.url,
                                          .only_if_lost = wish.only_if_lost,
                                          .cluster = status.is_settled ? status.cluster : raft::ClusterId{}});
  switch (found.kind) {
    case Residence::Kind::kMoved:
      wish.has_moved = true;
      return true;
    case Residence::Kind::kStays:
      wish.member.url = known->url;
      return true;
    case Residence::Kind::kRefuted:
      answer(response, ProblemKind::kConflict, found.reason);
      return false;
  }
  return true;
}

bool MembersApi::let_in(Wish wish, Deadline deadline, http::Response& response) {
  auto step = std::make_shared<Step>();
  const auto end = change(
      [wish, step](const replica::Status& status) {
        *step = next_step(wish, status);
        return step->kind == Step::Kind::kChange ? std::optional(step->change) : std::nullopt;
      },
      deadline);
  if (!end && (step->kind == Step::Kind::kConflict || step->kind == Step::Kind::kLater)) {
    answer(response, ProblemKind::kConflict, step->reason, step->kind == Step::Kind::kLater);
    return true;
  }
  const Rest rest = end ? answer_end(*end, wish.member.id, response) : Rest::kTellMembers;
  if (rest != Rest::kTellMembers) return rest == Rest::kNothing;
  if (std::exchange(wish.has_moved, false)) return let_in(std::move(wish), deadline, response);
  const auto status = node_.status(deadline);
  if (!status) {
    answer_unavailable(response, "This node does not answer in time.");
    return true;
  }
  answer_wish(wish, *status, response);
  response.set_header(kAppliedIndexHeader, std::to_string(end ? end->index : status->commit));
  return true;
}

void MembersApi::answer_wish(const Wish& wish, const replica::Status& status, http::Response& response) const {
  const auto* member = find_member(status, wish.member.id);
  if (member == nullptr) return answer_unavailable(response, "Meanwhile the node was removed.");
  response.remove_header("Location");
  const bool is_fulfilled = wish.is_fulfilled(status);
  if (!is_fulfilled) response.set_header("Location", std::string(kPath) + "/" + wish.member.id);
  std::string body = member_json(status, *member, RoleNames::kFour, node_.tick(), node_.unreachable_ticks());
  body.pop_back();  // the closing brace
  answer_json(response, is_fulfilled ? 200 : 202, body + R"(,"clusterId":)" + cluster_json(status) + "}");
}

void MembersApi::wait_for(const Wish& wish, http::Response& response) {
  const auto is_over = [&](const replica::Status& status) {
    return wish.is_fulfilled(status) || find_member(status, wish.member.id) == nullptr;
  };
  const auto status = node_.await_status(is_over, Clock::now() + kWaitForVoter);
  if (status) answer_wish(wish, *status, response);
}

bool MembersApi::let_go(const raft::NodeId& id, bool is_forced, Deadline deadline, http::Response& response) {
  auto is_known = std::make_shared<bool>(false);
  const auto end = change(
      [id, is_forced, is_known](const replica::Status& status) -> std::optional<raft::Change> {
        const auto* member = find_member(status, id);
        *is_known = member != nullptr;
        if (member == nullptr || member->role == replica::Status::Peer::Role::kOutgoing) return std::nullopt;
        return raft::Change{
            .kind = raft::Change::Kind::kRemove, .member = {id, ""}, .replaced = {}, .is_forced = is_forced};
      },
      deadline);
  if (!end && !*is_known) {
    answer_not_found(response);
    return true;
  }
  const Rest rest = end ? answer_end(*end, id, response) : Rest::kTellMembers;
  if (rest != Rest::kTellMembers) return rest == Rest::kNothing;
  const auto has_gone = [&](const replica::Status& status) { return find_member(status, id) == nullptr; };
  const auto status = node_.await_status(has_gone, std::min(deadline, Clock::now() + kGivesWay));
  if (!status) {
    answer_unavailable(response, "This node does not answer in time.");
    return true;
  }
  if (!has_gone(*status)) response.set_header("Location", std::string(kPath) + "/" + id);
  answer_json(response, has_gone(*status) ? 200 : 202, body_of(*status));
  response.set_header(kAppliedIndexHeader, std::to_string(status->commit));
  return true;
}

}  // namespace timestore::net
