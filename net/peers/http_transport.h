// The real transport of a replica: requests leave through kept HTTP connections to each peer, answers through the HTTP
// request that they belong to.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/replica/ports.h"
#include "net/peers/peer_link.h"

namespace timestore::net {

class HttpTransport final : public replica::Transport {
 public:
  struct Events {  // called on the threads of the links, or on the one that sends and ticks
    std::function<void(raft::NodeId from, raft::Message message)> received;
    std::function<void(raft::NodeId peer)> unreachable;
  };

  HttpTransport(client::Time answer_time, Events events) : answer_time_(answer_time), events_(std::move(events)) {}
  ~HttpTransport() override { stop(); }

  // Who can be reached from now on, and where: at first nobody. What waits for somebody who goes is still sent, so that
  // a node that is removed hears of it.
  void set_peers(const std::map<raft::NodeId, HostPort>& peers);

  void send(raft::Send send) override;
  void tick();  // requests that have been on their way for too long are given up
  void stop();

  // For a request that has come in: the number to hand to the core, and who hears its answer. When the number is given
  // up before an answer came, the answer is dropped.
  using Answered = std::function<void(raft::Message)>;  // called on the thread that sends, once at most
  raft::Correlation expect_answer(Answered answered);
  void give_up(raft::Correlation correlation);

 private:
  struct Links {
    std::array<std::unique_ptr<PeerLink>, client::kPurposes.size()> by_purpose;
    HostPort address;

    PeerLink& of(const raft::Message& request) const;
    void finish() const;
    bool has_finished() const;
  };
  std::unique_ptr<PeerLink> connect(const raft::NodeId& peer, const HostPort& address);
  void note(const raft::NodeId& peer, const std::string& reason);

  const client::Time answer_time_;
  const Events events_;
  std::mutex mutex_;
  raft::Correlation last_correlation_ = 0;
  std::map<raft::Correlation, Answered> answers_;
  struct Trouble {
    std::string reason;  // the last one that was logged; empty: it answers
    std::chrono::steady_clock::time_point told_at;
  };
  std::map<raft::NodeId, Trouble> troubles_;

  std::mutex links_mutex_;  // guards what follows; not held by any link's thread
  bool stopped_ = false;
  std::map<raft::NodeId, Links> links_;
  std::vector<Links> ending_;  // to those who have gone, or have moved
};

}  // namespace timestore::net
