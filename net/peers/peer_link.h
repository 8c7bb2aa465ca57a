// One kept HTTP connection to a peer, for one purpose, on a thread of its own: the socket of an engine/client Link,
// which decides what is sent when. A peer of our own kind is sent binary frames once it has
// answered with one, every other peer JSON.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "engine/base/result.h"
#include "engine/client/link.h"
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
    client::Link::Options link = {};
  };
  struct Events {  // called on the link's thread, or on the one that sends or ticks
    std::function<void(raft::NodeId peer, raft::Message answer)> answered;
    std::function<void(raft::NodeId peer, std::string reason)> failed;
    // It belongs to another cluster, as it says. `failed` is called as well.
    std::function<void(raft::NodeId peer, raft::NotOurs answer)> refused = nullptr;
  };

  PeerLink(Options options, Events events);
  ~PeerLink();

  void send(raft::Message request);
  void tick();    // ends what has been on its way for too long
  void finish();  // what waits is still sent, and nothing else; returns at once
  bool has_finished() const { return has_finished_; }
  void stop();  // what is on its way is interrupted

 private:
  void run();
  std::optional<client::Link::Outgoing> await_request();
  enum class Body : unsigned char { kJson, kFrame };
  httplib::Result post(httplib::Client& client, const raft::Message& request, Body body);
  httplib::Result post(httplib::Client& client, const raft::Message& request);
  struct Failure {
    std::string reason;
    std::optional<raft::NotOurs> refusal = {};
  };
  tl::expected<std::optional<raft::Message>, Failure> exchange(httplib::Client& client, const raft::Message& request);

  const Options options_;
  const Events events_;
  std::mutex mutex_;
  std::condition_variable changed_;
  client::Link link_;  // guarded by mutex_
  bool stopping_ = false;
  bool finishing_ = false;
  bool reads_frames_ = false;  // the peer, as far as the link's thread knows
  std::atomic<bool> has_finished_ = false;
  httplib::Client* client_ = nullptr;  // guarded by mutex_; to interrupt it when stopping
  std::thread thread_;
};

}  // namespace timestore::net
