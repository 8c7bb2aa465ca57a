#include "net/members/wish.h"

#include <simdjson.h>

#include <algorithm>
#include <set>

#include "net/base/address.h"
#include "net/base/settings.h"
#include "net/http/head.h"

namespace timestore::net {

namespace {

using Role = replica::Status::Peer::Role;

Result<std::string> parse_url(std::string_view text) {
  const auto address = parse_http_url(text);
  if (!address) return fail("`url`: " + address.error().message);
  for (const char* host : {"+", "*", "0.0.0.0", "::"}) {
    if (address->host == host) return fail("`url` must name one host, by which the other nodes reach this one.");
  }
  std::string url = "http://" + address->text();
  if (url.size() > raft::kMaxUrlBytes) return fail("`url` is too long.");
  return url;
}

Result<void> take(Wish& wish, std::string_view name, std::string_view value) {
  if (name == "id" || name == "replaces") {
    auto id = check_node_id(std::string(value), "`" + std::string(name) + "`");
    if (!id) return tl::unexpected(id.error());
    (name == "id" ? wish.member.id : wish.replaces) = *id;
  } else if (name == "url") {
    auto url = parse_url(value);
    if (!url) return tl::unexpected(url.error());
    wish.member.url = *url;
  } else {
    if (value != "voter" && value != "learner") return fail("`role` is \"voter\" or \"learner\".");
    wish.votes = value == "voter";
  }
  return {};
}

Step conflict(std::string reason) { return {.kind = Step::Kind::kConflict, .change = {}, .reason = std::move(reason)}; }

Step step_for_member(const Wish& wish, const replica::Status& status, const replica::Status::Peer& known) {
  const std::string name = "Node " + known.id;
  if (known.url != wish.member.url && wish.has_moved) {
    return {.kind = Step::Kind::kChange,
            .change = {.kind = raft::Change::Kind::kMove, .member = wish.member, .replaced = {}},
            .reason = {}};
  }
  if (known.url != wish.member.url) {
    return conflict(name + " is a member already, at " + known.url + ". Remove it before it comes back elsewhere.");
  }
  switch (known.role) {
    case Role::kOutgoing:
      return {.kind = Step::Kind::kLater, .change = {}, .reason = name + " is being removed right now."};
    case Role::kVoter:
      if (!wish.votes) return conflict(name + " is a voter already. Remove it before it comes back as a learner.");
      if (find_member(status, wish.replaces) == nullptr) return {};
      return conflict(name + " is a voter already, so it takes nobody's place. Remove " + wish.replaces +
                      " by itself.");
    case Role::kJoining:
      if (wish.votes) return {};
      return conflict(name + " is about to become a voter. Remove it before it comes back as a learner.");
    case Role::kLearner:
      break;
  }
  if (!wish.votes) return {};
  const auto kind = wish.replaces.empty() ? raft::Change::Kind::kAdd : raft::Change::Kind::kReplace;
  return {.kind = Step::Kind::kChange,
          .change = {.kind = kind, .member = wish.member, .replaced = wish.replaces},
          .reason = {}};
}

}  // namespace

const replica::Status::Peer* find_member(const replica::Status& status, const raft::NodeId& id) {
  const auto is_it = [&](const replica::Status::Peer& peer) { return peer.id == id; };
  const auto found = std::find_if(status.peers.begin(), status.peers.end(), is_it);
  return found == status.peers.end() ? nullptr : &*found;
}

bool Wish::is_fulfilled(const replica::Status& status) const {
  const auto* known = find_member(status, member.id);
  return known != nullptr && known->role == (votes ? Role::kVoter : Role::kLearner) && !status.is_joint;
}

Result<Wish> parse_wish(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) {
    return fail("The body is not a JSON object such as {\"id\":\"node4\",\"url\":\"http://host:5004\"}.");
  }
  Wish wish;
  std::set<std::string_view> seen;
  for (const auto& [given, value] : object) {
    const std::string_view names[] = {"id", "url", "role", "replaces", "ifUnreachable"};
    const auto* name = std::find_if(std::begin(names), std::end(names), [&name = given](std::string_view known) {
      return http::equal_ignoring_case(name, known);
    });
    if (name == std::end(names))
      return fail("The properties of a member are `id`, `url`, `role`, `replaces` and `ifUnreachable`.");
    const std::string quoted = "`" + std::string(*name) + "`";
    if (!seen.insert(*name).second) return fail(quoted + " is given twice.");
    const bool is_optional = *name == "role" || *name == "replaces";
    if (is_optional && value.is_null()) continue;
    if (*name == "ifUnreachable") {
      if (value.get(wish.only_if_lost) != simdjson::SUCCESS) return fail(quoted + " must be true or false.");
      continue;
    }
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS || text.empty()) return fail(quoted + " must be a text.");
    if (auto taken = take(wish, *name, text); !taken) return tl::unexpected(taken.error());
  }
  if (wish.member.id.empty()) return fail("`id` is missing: the id of the node that shall be let in.");
  if (wish.member.url.empty()) return fail("`url` is missing: where the other nodes reach it, http://host:port.");
  if (!wish.replaces.empty() && !wish.votes) return fail("Only a voter takes another one's place, not a learner.");
  if (wish.replaces == wish.member.id) return fail("A node does not replace itself: `replaces` is another id.");
  return wish;
}

Step next_step(const Wish& wish, const replica::Status& status) {
  if (const auto* known = find_member(status, wish.member.id)) return step_for_member(wish, status, *known);
  for (const replica::Status::Peer& peer : status.peers) {
    if (peer.url == wish.member.url && peer.id != wish.replaces) {
      return conflict("The URL " + peer.url + " belongs to node " + peer.id + ", which is a member.");
    }
  }
  auto kind = wish.votes ? raft::Change::Kind::kAdd : raft::Change::Kind::kAddLearner;
  if (!wish.replaces.empty()) kind = raft::Change::Kind::kReplace;
  return {.kind = Step::Kind::kChange,
          .change = {.kind = kind, .member = wish.member, .replaced = wish.replaces, .level = wish.level},
          .reason = {}};
}

}  // namespace timestore::net
