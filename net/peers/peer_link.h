// One kept HTTP connection to a peer, for one purpose, on a thread of its own.
//
// Requests leave in order, one at a time. The queue is bounded: a consensus core expects messages to be lost, so what
// finds no room is dropped. An append that only repeats the one before it in the queue (a heartbeat) replaces it, and
// appends that continue one another travel as one request. A peer of our own kind is sent binary frames once it has
// answered with one, every other peer JSON.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "engine/raft/message.h"
#include "net/base/address.h"

namespace httplib {
class Client;
class Result;
}  // namespace httplib

namespace timestore::net {

// Names whom a message is for. Who is somebody else answers 421: under an address that has passed from one node to
// another, nobody may acknowledge in the name of the other.
inline constexpr const char* kAddresseeHeader = "X-Timestore-To";

class PeerLink {
 public:
  struct Options {
    raft::NodeId peer;
    HostPort address;
    int connect_timeout_ms = 500;
    int answer_timeout_ms = 1000;
    std::size_t max_queue = 16;
    std::uint64_t max_request_bytes = std::uint64_t{4} << 20;  // of payload, when appends are joined
  };
  struct Events {  // called on the link's thread
    std::function<void(raft::NodeId peer, raft::Message answer)> answered;
    std::function<void(raft::NodeId peer, std::string reason)> failed;
  };

  PeerLink(Options options, Events events);
  ~PeerLink();

  void send(raft::Message request);
  void finish();  // what waits is still sent, and nothing else; returns at once
  bool has_finished() const { return has_finished_; }
  void stop();  // what is on its way is interrupted

 private:
  void run();
  bool join_with_last(raft::Message& request);  // if so, the request is empty
  enum class Body : unsigned char { kJson, kFrame };
  httplib::Result post(httplib::Client& client, const raft::Message& request, Body body);
  httplib::Result post(httplib::Client& client, const raft::Message& request);
  void exchange(httplib::Client& client, const raft::Message& request);
  void does_not_know(const raft::Message& request);

  const Options options_;
  const Events events_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<raft::Message> queue_;
  bool stopping_ = false;
  bool finishing_ = false;
  bool reads_frames_ = false;  // the peer, as far as the link's thread knows
  std::atomic<bool> has_finished_ = false;
  httplib::Client* client_ = nullptr;  // guarded by mutex_; to interrupt it when stopping
  std::thread thread_;
};

}  // namespace timestore::net
