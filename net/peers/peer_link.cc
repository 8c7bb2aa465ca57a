#include "net/peers/peer_link.h"

#include <httplib.h>

#include "engine/wire/codec.h"
#include "engine/wire/frame.h"
#include "engine/wire/paths.h"
#include "net/base/clock.h"
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
    : options_(std::move(options)), events_(std::move(events)), link_(options_.link), thread_([this] { run(); }) {}

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

void PeerLink::send(raft::Message request) {
  bool has_room = true;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || finishing_) return;
    has_room = link_.send(std::move(request));
  }
  changed_.notify_one();
  if (!has_room) events_.failed(options_.peer, "too much waits for it");
}

void PeerLink::tick() {
  {
    const std::lock_guard lock(mutex_);
    if (!link_.tick(time_now())) return;
    if (client_ != nullptr) client_->stop();
  }
  events_.failed(options_.peer, "it took too long");
}

// Waits until there is something to send; nothing: the link has come to its end.
std::optional<client::Link::Outgoing> PeerLink::await_request() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_ || (finishing_ && !link_.has_waiting())) {
      client_ = nullptr;
      has_finished_ = true;
      return std::nullopt;
    }
    if (auto outgoing = link_.next(time_now())) return outgoing;
    if (link_.has_waiting()) {
      changed_.wait_until(lock, to_moment(link_.resumes_at()));
    } else {
      changed_.wait(lock);
    }
  }
}

void PeerLink::run() {
  httplib::Client client(options_.address.host, options_.address.port);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  client.set_connection_timeout(lasting(client::kConnectTime));
  const std::chrono::microseconds answer_time(options_.link.answer_time);
  client.set_read_timeout(answer_time);
  client.set_write_timeout(answer_time);
  {
    const std::lock_guard lock(mutex_);
    client_ = &client;
  }
  while (const auto outgoing = await_request()) {
    auto answer = exchange(client, outgoing->request);
    {
      const std::lock_guard lock(mutex_);
      // What was given up meanwhile has been told already.
      if (!(answer ? link_.answered(outgoing->exchange) : link_.failed(outgoing->exchange, time_now()))) continue;
    }
    if (!answer) {
      events_.failed(options_.peer, std::move(answer.error().reason));
      if (answer.error().refusal && events_.refused) events_.refused(options_.peer, *answer.error().refusal);
    } else if (*answer) {
      events_.answered(options_.peer, std::move(**answer));
    }
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

// The answer, if the request has one.
tl::expected<std::optional<raft::Message>, PeerLink::Failure> PeerLink::exchange(httplib::Client& client,
                                                                                 const raft::Message& request) {
  const auto failed = [](std::string reason) { return tl::unexpected<Failure>(Failure{.reason = std::move(reason)}); };
  const raft::Endpoint& endpoint = raft::endpoint_of(request);
  const auto response = post(client, request);
  if (!response) return failed(reason_of(response.error(), options_.address));
  if (response->status == 404 && !endpoint.is_of_the_original) return client::answer_of_the_original(request);
  if (response->status == 421) {
    return tl::unexpected<Failure>(Failure{.reason = reason_of_misdirection(response->body, options_.address),
                                           .refusal = refusal_in(response->body)});
  }
  if (response->status != 200) return failed("status " + std::to_string(response->status) + " for " + endpoint.path);
  if (!raft::has_answer(request)) return std::nullopt;
  if (!is_frame(*response)) {
    auto answer = raft::decode(raft::answer_to(request), response->body, &request);
    if (!answer) return failed(answer.error().message);
    return std::move(*answer);
  }
  reads_frames_ = true;
  auto answer = raft::decode_frame(raft::answer_to(request), response->body, &request);
  if (!answer) return failed(answer.error().message);
  return std::move(*answer);
}

}  // namespace timestore::net
