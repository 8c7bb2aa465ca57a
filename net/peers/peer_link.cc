#include "net/peers/peer_link.h"

#include <httplib.h>

#include "engine/wire/codec.h"
#include "engine/wire/frame.h"
#include "engine/wire/paths.h"
#include "net/peers/peer_errors.h"

namespace timestore::net {

namespace {

constexpr int kBadRequest = 400;
constexpr int kUnsupportedMediaType = 415;

bool is_frame(const httplib::Response& response) {
  return response.get_header_value("Content-Type") == raft::kFrameType;
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

bool PeerLink::join_with_last(raft::Message& request) {
  if (queue_.empty()) return false;
  auto* next = std::get_if<raft::AppendRequest>(&request);
  auto* last = std::get_if<raft::AppendRequest>(&queue_.back());
  return next != nullptr && last != nullptr && raft::join(*last, std::move(*next), options_.max_request_bytes);
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

httplib::Result PeerLink::post(httplib::Client& client, const raft::Message& request, Body body) {
  const httplib::Headers headers = {{kAddresseeHeader, options_.peer},
                                    {"Accept", std::string(raft::kFrameType) + ", */*"}};
  const char* path = raft::endpoint_of(request).path;
  if (body == Body::kFrame) return client.Post(path, headers, raft::encode_frame(request), raft::kFrameType);
  return client.Post(path, headers, raft::encode(request), raft::kJsonType);
}

// A peer is sent JSON until it has answered with a frame, and again after anything but a 200: it may have been replaced
// by an original, or by an older node of ours. What JSON cannot carry is a frame in any case.
httplib::Result PeerLink::post(httplib::Client& client, const raft::Message& request) {
  const bool has_choice = raft::is_text(request);
  if (!reads_frames_ && has_choice) return post(client, request, Body::kJson);
  httplib::Result response = post(client, request, Body::kFrame);
  if (!response || response->status != 200) reads_frames_ = false;
  const bool is_refused = response && (response->status == kUnsupportedMediaType || response->status == kBadRequest);
  if (is_refused && has_choice) return post(client, request, Body::kJson);  // what cannot be read has done nothing
  return response;
}

void PeerLink::exchange(httplib::Client& client, const raft::Message& request) {
  const raft::Endpoint& endpoint = raft::endpoint_of(request);
  const auto response = post(client, request);
  if (!response) return events_.failed(options_.peer, reason_of(response.error(), options_.address));
  if (response->status == 404 && !endpoint.is_of_the_original) return does_not_know(request);
  if (response->status == 421) {
    return events_.failed(options_.peer, reason_of_misdirection(response->body, options_.address));
  }
  if (response->status != 200) {
    return events_.failed(options_.peer, "status " + std::to_string(response->status) + " for " + endpoint.path);
  }
  if (!raft::has_answer(request)) return;
  if (is_frame(*response)) {
    reads_frames_ = true;
    auto answer = raft::decode_frame(raft::answer_to(request), response->body, &request);
    if (!answer) return events_.failed(options_.peer, answer.error().message);
    return events_.answered(options_.peer, std::move(*answer));
  }
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
