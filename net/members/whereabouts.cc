#include "net/members/whereabouts.h"

#include <httplib.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "engine/base/json_text.h"
#include "engine/client/pause.h"
#include "net/base/clock.h"
#include "net/base/log.h"
#include "net/members/members.h"
#include "net/members/wish.h"
#include "net/peers/peer_errors.h"

namespace timestore::net {

namespace {

constexpr const char* kMovesPath = "/cluster/members";
constexpr std::chrono::milliseconds kOwnStatusTime{1000};
constexpr std::chrono::seconds kMoveTime{15};  // the leader may have to be found, and asks two addresses
constexpr int kNotFound = 404;
constexpr int kBadRequest = 400;
constexpr int kConflict = 409;

bool is_same_place(const std::string& left, const std::string& right) {
  const auto one = parse_http_url(left);
  const auto other = parse_http_url(right);
  return one && other && one->port == other->port && canonical_host(one->host) == canonical_host(other->host);
}

std::string detail_in(const httplib::Response& answer) {
  simdjson::dom::parser parser;
  std::string_view detail;
  if (parser.parse(answer.body)["detail"].get(detail) == simdjson::SUCCESS) return std::string(detail);
  return "status " + std::to_string(answer.status);
}

}  // namespace

std::vector<HostPort> unknown_peers(const std::vector<Peer>& peers, const std::vector<raft::Member>& members) {
  std::vector<HostPort> unknown;
  if (members.size() < 2) return unknown;  // past.h tells of that
  for (const Peer& peer : peers) {
    const std::string url = "http://" + peer.address.text();
    const auto is_there = [&](const raft::Member& member) { return is_same_place(member.url, url); };
    if (!peer.id && std::none_of(members.begin(), members.end(), is_there)) unknown.push_back(peer.address);
  }
  return unknown;
}

Whereabouts::Whereabouts(Options options, Node& node, Forwarder& forwarder)
    : options_(std::move(options)), node_(node), forwarder_(forwarder), unknown_(options_.unknown), thread_([this] {
        run();
      }) {}

Whereabouts::~Whereabouts() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (client_ != nullptr) client_->stop();
  }
  stopped_.notify_one();
  thread_.join();
}

bool Whereabouts::pause(std::chrono::microseconds time) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, time, [&] { return stopping_; });
}

void Whereabouts::log_once(const std::string& about, const std::string& reason) {
  if (std::exchange(told_[about], reason) != reason) log_warning(about + reason);
}

void Whereabouts::run() {
  client::Pause pauses(client::kFirstAdmissionPause, client::kLongestAdmissionPause);
  bool is_told = false;
  do {
    meet_unknown();
    is_told = is_told || tell_own_url();
    if (is_told && unknown_.empty()) return;
  } while (pause(std::chrono::microseconds(pauses.take())));
}

void Whereabouts::meet_unknown() {
  std::erase_if(unknown_, [&](const HostPort& address) {
    const std::string url = "http://" + address.text();
    const auto id = ask_node_id(address);
    if (!id) {
      log_once("The node at " + url + " is not known: ", id.error().message + ".");
      return false;
    }
    const auto status = node_.status(Clock::now() + kOwnStatusTime);
    if (!status) return false;
    if (find_member(*status, *id) == nullptr || *id == node_.id()) {
      log_warning("The node at " + url + " is " + *id + ", " +
                  (*id == node_.id() ? "as this one is called itself" : "no member of this cluster") +
                  "; the setting is ignored.");
      return true;
    }
    log_info("The node at " + url + " is " + *id + ".");
    node_.find_at(*id, address);
    return true;
  });
}

bool Whereabouts::tell_own_url() {
  const auto status = node_.status(Clock::now() + kOwnStatusTime);
  if (!status) return false;
  const auto* self = find_member(*status, node_.id());
  if (self == nullptr || is_same_place(self->url, options_.own_url)) return true;
  const auto asked = whom_to_ask(*status);
  return !asked.empty() && ask_to_move(asked[asked_++ % asked.size()], *self);
}

// This node knows who leads, if it is reached; if it is not, some other member does.
std::vector<HostPort> Whereabouts::whom_to_ask(const replica::Status& status) const {
  if (!status.leader.empty()) return {options_.self};
  std::vector<HostPort> others;
  for (const auto& peer : status.peers) {
    const auto url = peer.id == node_.id() ? std::nullopt : forwarder_.url_of(peer.id);
    if (const auto address = url ? parse_http_url(*url) : fail("")) others.push_back(*address);
  }
  return others;
}

bool Whereabouts::ask_to_move(const HostPort& asked, const replica::Status::Peer& self) {
  std::string body = R"({"id":)";
  append_json_string(body, node_.id());
  body += R"(,"url":)";
  append_json_string(body, options_.own_url);
  body += self.role == replica::Status::Peer::Role::kLearner ? R"(,"role":"learner")" : R"(,"role":"voter")";
  body += options_.is_advertised ? R"(,"ifUnreachable":false})" : R"(,"ifUnreachable":true})";

  httplib::Client client(asked.host, asked.port);
  client.set_connection_timeout(lasting(client::kConnectTime));
  client.set_read_timeout(kMoveTime);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    client_ = &client;
  }
  const auto answer = client.Post(kMovesPath, body, "application/json");
  {
    const std::lock_guard lock(mutex_);
    client_ = nullptr;
  }
  if (!answer) return false;  // whoever is asked next may answer
  const std::string about = "The members know this node at " + self.url + ", and it is at " + options_.own_url;
  if (answer->status == 200 || answer->status == 202) {
    if (answer->body.find(options_.own_url) != std::string::npos) log_info(about + ": they have been told.");
    return true;
  }
  if (answer->status == kNotFound) return true;  // an original, which cannot be told
  if (answer->status == kConflict || answer->status == kBadRequest) log_once(about + ": ", detail_in(*answer));
  return answer->status == kBadRequest;
}

}  // namespace timestore::net
