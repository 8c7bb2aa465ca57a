#include "net/members/admission.h"

#include <httplib.h>
#include <simdjson.h>

#include <map>
#include <optional>
#include <utility>

#include "engine/base/json_text.h"
#include "engine/client/pause.h"
#include "net/base/clock.h"
#include "net/base/log.h"
#include "net/peers/peer_errors.h"

namespace timestore::net {

namespace {

constexpr const char* kMembers = "/cluster/members";
constexpr std::chrono::seconds kAdmissionTime{15};  // the leader may have to be found first
constexpr std::chrono::milliseconds kStatusTime{1000};
constexpr std::chrono::milliseconds kLearnAgainAfter{250};

httplib::Client client_for(const HostPort& address) {
  httplib::Client client(address.host, address.port);
  client.set_connection_timeout(lasting(client::kConnectTime));
  client.set_read_timeout(kAdmissionTime);
  return client;
}

std::string reason_in(const httplib::Response& answer) {
  simdjson::dom::parser parser;
  std::string_view detail;
  if (parser.parse(answer.body)["detail"].get(detail) == simdjson::SUCCESS) return std::string(detail);
  return "status " + std::to_string(answer.status);
}

std::optional<raft::ClusterId> cluster_in(const std::string& body) {
  simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse(body)["clusterId"].get(text) != simdjson::SUCCESS) return std::nullopt;
  return raft::parse_cluster_id(text);
}

std::map<raft::NodeId, HostPort> addresses_in(const std::string& body) {
  std::map<raft::NodeId, HostPort> addresses;
  simdjson::dom::parser parser;
  simdjson::dom::array members;
  if (parser.parse(body)["members"].get(members) != simdjson::SUCCESS) return addresses;
  for (const simdjson::dom::element member : members) {
    std::string_view id;
    std::string_view url;
    if (member["id"].get(id) != simdjson::SUCCESS || member["url"].get(url) != simdjson::SUCCESS) continue;
    if (const auto address = parse_http_url(url)) addresses.emplace(id, *address);
  }
  return addresses;
}

}  // namespace

Admission::Admission(Options options, Node& node)
    : options_(std::move(options)), node_(node), thread_([this] { run(); }) {}

Admission::~Admission() { stop(); }

void Admission::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Admission::pause(std::chrono::microseconds time) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, time, [&] { return stopping_; });
}

void Admission::run() {
  log_info("This node asks http://" + options_.asked.text() + " to be let in as " + options_.self.url + ".");
  client::Pause pauses(client::kFirstAdmissionPause, client::kLongestAdmissionPause);
  while (!ask()) {
    if (!pause(std::chrono::microseconds(pauses.take()))) return;
  }
  log_info("This node is let in. It votes when it has caught up.");
  while (!is_known_here()) {
    learn_members();
    if (!pause(kLearnAgainAfter)) return;
  }
  node_.meet({});
}

bool Admission::ask() {
  std::string body = R"({"id":)";
  append_json_string(body, options_.self.id);
  body += R"(,"url":)";
  append_json_string(body, options_.self.url);
  body += '}';
  const auto answer = client_for(options_.asked).Post(kMembers, body, "application/json");
  if (answer && (answer->status == 200 || answer->status == 202)) {
    if (const auto cluster = cluster_in(answer->body)) node_.expect(*cluster);
    return true;
  }
  const std::string reason = answer ? reason_in(*answer) : reason_of(answer.error(), options_.asked) + ".";
  if (std::exchange(last_reason_, reason) != reason) log_warning("This node is not let in yet: " + reason);
  return false;
}

void Admission::learn_members() {
  const auto answer = client_for(options_.asked).Get(kMembers);
  if (!answer || answer->status != 200) return;
  if (auto addresses = addresses_in(answer->body); !addresses.empty()) node_.meet(std::move(addresses));
}

// Or gone again: then the log has told of the others as well.
bool Admission::is_known_here() {
  const auto status = node_.status(Clock::now() + kStatusTime);
  return status && !status->peers.empty();
}

}  // namespace timestore::net
