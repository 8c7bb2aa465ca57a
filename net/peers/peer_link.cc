#include "net/peers/peer_link.h"

#include <httplib.h>

#include "engine/base/check.h"
#include "engine/wire/codec.h"

namespace timestore::net {

namespace {

std::uint64_t payload_bytes(const raft::AppendRequest& request) {
  std::uint64_t bytes = 0;
  for (const raft::Entry& entry : request.entries) bytes += entry.payload.size_bytes();
  return bytes;
}

// Appends `next` to `last` when it continues it: same term, and it begins where `last` ends.
bool join(raft::AppendRequest& last, const raft::AppendRequest& next, std::uint64_t max_bytes) {
  const raft::Term last_term = last.entries.empty() ? last.prev_term : last.entries.back().term;
  if (next.term != last.term || next.prev_term != last_term) return false;
  if (next.prev_index != last.prev_index + last.entries.size() || next.from_snapshot != last.from_snapshot)
    return false;
  if (!last.entries.empty() && payload_bytes(last) + payload_bytes(next) > max_bytes) return false;
  last.leader_commit = next.leader_commit;
  last.round = next.round;
  last.recalled = next.recalled;
  last.admits = next.admits;
  last.founds = next.founds;
  last.entries.insert(last.entries.end(), next.entries.begin(), next.entries.end());
  return true;
}

const char* path_of(const raft::Message& request) {
  if (std::holds_alternative<raft::AppendRequest>(request)) return "/raft/append";
  if (std::holds_alternative<raft::VoteRequest>(request)) return "/raft/vote";
  if (std::holds_alternative<raft::PreVoteRequest>(request)) return "/raft/prevote";
  if (std::holds_alternative<raft::SnapshotRequest>(request)) return "/raft/snapshot";
  TIMESTORE_CHECK(std::holds_alternative<raft::TimeoutNow>(request), "only requests are sent over a link");
  return "/raft/timeout-now";
}

bool is_of_the_original(const raft::Message& request) {
  return std::holds_alternative<raft::AppendRequest>(request) || std::holds_alternative<raft::VoteRequest>(request);
}

}  // namespace

PeerLink::PeerLink(Options options, Events events)
    : options_(std::move(options)), events_(std::move(events)), thread_([this] { run(); }) {}

PeerLink::~PeerLink() { stop(); }

void PeerLink::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (client_ != nullptr) client_->stop();
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void PeerLink::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_one();
}

bool PeerLink::join_with_last(const raft::Message& request) {
  if (queue_.empty()) return false;
  const auto* next = std::get_if<raft::AppendRequest>(&request);
  auto* last = std::get_if<raft::AppendRequest>(&queue_.back());
  return next != nullptr && last != nullptr && join(*last, *next, options_.max_request_bytes);
}

void PeerLink::send(raft::Message request) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || finishing_ || join_with_last(request)) return;
    if (queue_.size() >= options_.max_queue) return;
    queue_.push_back(std::move(request));
  }
  changed_.notify_one();
}

void PeerLink::run() {
  httplib::Client client(options_.address.host, options_.address.port);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  client.set_connection_timeout(0, options_.connect_timeout_ms * 1000);
  client.set_read_timeout(options_.answer_timeout_ms / 1000, (options_.answer_timeout_ms % 1000) * 1000);
  client.set_write_timeout(options_.answer_timeout_ms / 1000, (options_.answer_timeout_ms % 1000) * 1000);
  {
    const std::lock_guard lock(mutex_);
    client_ = &client;
  }
  for (;;) {
    raft::Message request;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || finishing_ || !queue_.empty(); });
      if (stopping_ || queue_.empty()) {
        client_ = nullptr;
        has_finished_ = true;
        return;
      }
      request = std::move(queue_.front());
      queue_.pop_front();
    }
    exchange(client, request);
  }
}

void PeerLink::exchange(httplib::Client& client, const raft::Message& request) {
  const char* path = path_of(request);
  const auto response =
      client.Post(path, {{kAddresseeHeader, options_.peer}}, raft::encode(request), "application/json");
  if (!response) return events_.failed(options_.peer, httplib::to_string(response.error()));
  if (response->status == 404 && !is_of_the_original(request)) return does_not_know(request);
  if (response->status == 421) return events_.failed(options_.peer, "another node has its address");
  if (response->status != 200) {
    return events_.failed(options_.peer, "status " + std::to_string(response->status) + " for " + path);
  }
  if (!raft::has_answer(request)) return;
  auto answer = raft::decode(raft::answer_to(request), response->body, &request);
  if (!answer) return events_.failed(options_.peer, answer.error().message);
  events_.answered(options_.peer, std::move(*answer));
}

// A peer that cannot be asked beforehand is asked for its vote itself, and one that cannot be told to take over waits.
void PeerLink::does_not_know(const raft::Message& request) {
  const auto* asked = std::get_if<raft::PreVoteRequest>(&request);
  if (asked == nullptr) return;
  events_.answered(options_.peer, raft::PreVoteResponse{.term = 0, .proposed = asked->term, .granted = true});
}

}  // namespace timestore::net
