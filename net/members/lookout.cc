#include "net/members/lookout.h"

#include <httplib.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "net/base/log.h"
#include "net/base/settings.h"
#include "net/peers/peer_errors.h"

namespace timestore::net {

namespace {

constexpr std::chrono::milliseconds kPeerAnswerTime{500};

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : separator) + part;
  return out;
}

// The ids in an answer to GET /cluster/members; none where it is another one.
std::vector<std::string> ids_in(const std::string& body) {
  std::vector<std::string> ids;
  simdjson::dom::parser parser;
  simdjson::dom::array members;
  if (parser.parse(body)["members"].get(members) != simdjson::SUCCESS) return ids;
  for (const simdjson::dom::element member : members) {
    std::string_view id;
    if (member["id"].get(id) == simdjson::SUCCESS && check_node_id(std::string(id), "")) ids.emplace_back(id);
  }
  return ids;
}

struct Heard {
  bool answers = false;
  bool knows_us = true;
  std::string clause;  // "node2 answers"
};

Heard ask(const raft::NodeId& peer, const HostPort& address, const raft::NodeId& self) {
  httplib::Client client(address.host, address.port);
  client.set_connection_timeout(kPeerAnswerTime);
  client.set_read_timeout(kPeerAnswerTime);
  const auto answer = client.Get("/cluster/members");
  if (!answer)
    return {
        .answers = false, .knows_us = true, .clause = peer + " does not answer: " + reason_of(answer.error(), address)};
  const auto ids = ids_in(answer->body);
  const bool knows_us = ids.empty() || std::count(ids.begin(), ids.end(), self) > 0;
  if (knows_us) return {.answers = true, .knows_us = true, .clause = peer + " answers"};
  return {
      .answers = true,
      .knows_us = false,
      .clause = "the node at " + address.text() + " is in a cluster of " + joined(ids, ", ") + ", without this node"};
}

// Whoever founds must know that there is nothing yet that could be forgotten.
std::string why_it_waits(const replica::Status& status) {
  if (!status.holders.empty()) {
    const std::string holders = joined(status.holders, ", ");
    return " This node's disk is empty, and " + holders +
           " holds data: no new cluster is founded beside it. If no majority of the old one can be started, run "
           "\"timestored recover --force-single\" on " +
           holders + ", start it, and let the others in with empty disks and --join.";
  }
  return " This node's disk is empty, and it founds no cluster before all of --peers have said that they hold nothing: "
         "it waits for " +
         joined(status.waits_for, ", ") +
         ". Start it; or, if it is lost for good, start this node with "
         "--found-without " +
         joined(status.waits_for, ",") + ".";
}

}  // namespace

std::string Lookout::why_nobody_leads(Node& node, Forwarder& forwarder) {
  const auto status = node.status(Clock::now() + kPeerAnswerTime);
  if (!status) return "";
  std::vector<std::string> clauses;
  std::size_t voters = 0;
  std::size_t answering = 0;
  bool is_member = false;
  bool is_unknown = false;
  for (const auto& peer : status->peers) {
    const bool votes = peer.role == replica::Status::Peer::Role::kVoter;
    voters += votes ? 1 : 0;
    is_member = is_member || peer.id == node.id();
    if (peer.id == node.id()) answering += votes ? 1 : 0;
    const auto url = peer.id == node.id() ? std::nullopt : forwarder.url_of(peer.id);
    const auto address = url ? parse_http_url(*url) : fail("");
    if (!address) continue;
    Heard heard = ask(peer.id, *address, node.id());
    answering += votes && heard.answers ? 1 : 0;
    is_unknown = is_unknown || !heard.knows_us;
    clauses.push_back(std::move(heard.clause));
  }
  if (!is_member || clauses.empty()) return "";
  std::string sentence = "Nobody leads, as far as node " + node.id() + " knows: " + joined(clauses, "; ") + ".";
  if (is_unknown) {
    sentence +=
        " If this node was renamed, start it under its old --node-id; if it is new, empty its directory and let it in "
        "with --join.";
  } else if (!status->waits_for.empty()) {
    sentence += why_it_waits(*status);
  } else if (2 * answering <= voters) {
    sentence += " That is no majority of " + std::to_string(voters) + " voters: start more of them.";
  } else if (status->is_novice) {
    sentence +=
        " This node started with an empty disk: it does not vote until a leader has brought it up to date, or all "
        "founding nodes are running.";
  }
  return sentence;
}

void Lookout::run() {
  std::string told;
  auto since = Clock::now();
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, patience_ / 5, [&] { return stopping_; })) {
    if (!node_.leadership().leader.empty()) {
      since = Clock::now();
      told.clear();
    } else if (Clock::now() - since >= patience_) {
      since = Clock::now();
      lock.unlock();
      const std::string reason = why_nobody_leads(node_, forwarder_);
      // Meanwhile somebody may lead.
      if (!reason.empty() && node_.leadership().leader.empty() && std::exchange(told, reason) != reason)
        log_warning(reason);
      lock.lock();
    }
  }
}

Lookout::~Lookout() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

}  // namespace timestore::net
