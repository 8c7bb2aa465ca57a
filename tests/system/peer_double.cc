#include "tests/system/peer_double.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "tests/system/json.h"

namespace timestore::system {
namespace {

constexpr const char* kJson = "application/json";

std::string integer(std::int64_t number) { return std::to_string(number); }

}  // namespace

PeerDouble::PeerDouble(std::string id, Vote vote) : id_(std::move(id)), vote_(vote) {
  using httplib::Request;
  using httplib::Response;
  server_.Post("/raft/vote", [this](const Request& request, Response& response) { answer_vote(request, response); });
  server_.Post("/raft/append",
               [this](const Request& request, Response& response) { answer_append(request, response); });
  server_.Get("/raft/status", [this](const Request&, Response& response) { answer_status(response); });
  server_.set_error_handler([this](const Request& request, Response& response) {
    const std::lock_guard lock(mutex_);
    if (response.status == 404) unknown_paths_.push_back(request.path);
  });
  server_.set_keep_alive_max_count(1'000'000);
  server_.set_tcp_nodelay(true);
  port_ = free_port();
  TIMESTORE_CHECK(server_.bind_to_port("127.0.0.1", port_), "a free port can be bound");
  thread_ = std::thread([this] { server_.listen_after_bind(); });
  TIMESTORE_CHECK(await([this] { return server_.is_running(); }), "the double serves");
}

PeerDouble::~PeerDouble() {
  server_.stop();
  thread_.join();
}

void PeerDouble::set_vote(Vote vote) {
  const std::lock_guard lock(mutex_);
  vote_ = vote;
}

void PeerDouble::set_deaf(bool deaf) {
  const std::lock_guard lock(mutex_);
  deaf_ = deaf;
}

int PeerDouble::votes_asked() const {
  const std::lock_guard lock(mutex_);
  return votes_asked_;
}

std::vector<std::string> PeerDouble::unknown_paths() const {
  const std::lock_guard lock(mutex_);
  return unknown_paths_;
}

std::vector<std::string> PeerDouble::commands() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> commands;
  for (const LogEntry& entry : log_) commands.push_back(entry.command);
  return commands;
}

std::uint64_t PeerDouble::leader_commit() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint64_t>(leader_commit_);
}

std::vector<std::string> PeerDouble::complaints() const {
  const std::lock_guard lock(mutex_);
  return complaints_;
}

void PeerDouble::answer_vote(const httplib::Request& request, httplib::Response& response) {
  const Json json(request.body);
  const auto term = json.integer("/term");
  const auto candidate = json.text("/candidateId");
  const auto last_index = json.integer("/lastLogIndex");
  const auto last_term = json.integer("/lastLogTerm");

  const std::lock_guard lock(mutex_);
  if (!term || !candidate || !last_index || !last_term) complaints_.push_back("vote: " + request.body);
  ++votes_asked_;
  if (deaf_) {
    response.status = 500;
    return;
  }
  const bool is_newer = term.value_or(0) > term_;
  const std::int64_t own_last_term = log_.empty() ? 0 : log_.back().term;
  const bool is_up_to_date =
      std::pair(last_term.value_or(0), last_index.value_or(0)) >= std::pair(own_last_term, std::ssize(log_));
  if (is_newer) term_ = *term;
  const bool grants = vote_ == Vote::kGrant && is_newer && is_up_to_date;
  response.set_content(R"({"term":)" + integer(term_) + R"(,"voteGranted":)" + (grants ? "true" : "false") + "}",
                       kJson);
}

void PeerDouble::answer_append(const httplib::Request& request, httplib::Response& response) {
  const Json json(request.body);
  const auto term = json.integer("/term");
  const std::lock_guard lock(mutex_);
  if (!term || !json.text("/leaderId") || !json.integer("/prevLogIndex") || !json.integer("/prevLogTerm") ||
      !json.integer("/leaderCommit") || !json.has("/entries")) {
    complaints_.push_back("append: " + request.body);
  }
  if (deaf_) {
    response.status = 500;
    return;
  }
  const bool success = term.value_or(0) >= term_ && follow(json, *term);
  response.set_content(R"({"term":)" + integer(term_) + R"(,"success":)" + (success ? "true" : "false") + "}", kJson);
}

// The log-matching rule of the paper's figure 2. Requires the lock.
bool PeerDouble::follow(const Json& request, std::int64_t term) {
  term_ = term;
  leader_ = request.text("/leaderId").value_or("");
  const auto prev = static_cast<std::size_t>(request.integer("/prevLogIndex").value_or(0));
  if (prev > log_.size()) return false;
  if (prev > 0 && log_[prev - 1].term != request.integer("/prevLogTerm")) return false;

  for (std::size_t n = 0; n < request.size("/entries"); ++n) {
    const std::string place = "/entries/" + std::to_string(n);
    const LogEntry entry{request.integer(place + "/term").value_or(-1), request.text(place + "/command").value_or("")};
    if (prev + n < log_.size() && log_[prev + n].term != entry.term) log_.resize(prev + n);
    if (prev + n == log_.size()) log_.push_back(entry);
  }
  leader_commit_ = std::max(leader_commit_, request.integer("/leaderCommit").value_or(0));
  return true;
}

void PeerDouble::answer_status(httplib::Response& response) const {
  const std::lock_guard lock(mutex_);
  response.set_content(
      R"({"state":"Follower","leaderId":)" + json_string(leader_) + R"(,"nodeId":)" + json_string(id_) + "}", kJson);
}

std::string to_json(const OriginalAppend& append) {
  std::string entries;
  for (const OriginalEntry& entry : append.entries) {
    if (!entries.empty()) entries += ',';
    entries += R"({"term":)" + integer(entry.term) + R"(,"command":)" + json_string(entry.command) + "}";
  }
  return R"({"term":)" + integer(append.term) + R"(,"leaderId":)" + json_string(append.leader) + R"(,"prevLogIndex":)" +
         integer(append.prev_index) + R"(,"prevLogTerm":)" + integer(append.prev_term) + R"(,"entries":[)" + entries +
         R"(],"leaderCommit":)" + integer(append.leader_commit) + "}";
}

std::string to_json(const OriginalVote& vote) {
  return R"({"term":)" + integer(vote.term) + R"(,"candidateId":)" + json_string(vote.candidate) +
         R"(,"lastLogIndex":)" + integer(vote.last_index) + R"(,"lastLogTerm":)" + integer(vote.last_term) + "}";
}

}  // namespace timestore::system
