// The real transport of a replica: requests leave through kept HTTP connections to each peer, answers through the HTTP
// request that they belong to.
#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/replica/ports.h"
#include "net/peer_link.h"

namespace timestore::net {

struct PeerAddress {
  raft::NodeId id;
  HostPort address;
};

class HttpTransport final : public replica::Transport {
 public:
  struct Events {  // called on the threads of the links
    std::function<void(raft::NodeId from, raft::Message message)> received;
    std::function<void(raft::NodeId peer)> unreachable;
  };

  HttpTransport(const std::vector<PeerAddress>& peers, int answer_timeout_ms, Events events);

  void send(raft::Send send) override;
  void stop();

  // For a request that has come in: the number to hand to the core, and where its answer will arrive. When the number
  // is given up before an answer came, the answer is dropped.
  raft::Correlation expect_answer(std::shared_ptr<std::promise<raft::Message>> promise);
  void give_up(raft::Correlation correlation);

 private:
  struct Links {  // a slow append never delays a vote, nor a part of a snapshot anything
    std::unique_ptr<PeerLink> appends;
    std::unique_ptr<PeerLink> votes;
    std::unique_ptr<PeerLink> snapshots;

    PeerLink& of(const raft::Message& request) const;
  };
  std::unique_ptr<PeerLink> connect(const PeerAddress& peer, int answer_timeout_ms);
  void note(const raft::NodeId& peer, const std::string& reason);

  Events events_;
  std::mutex mutex_;
  raft::Correlation last_correlation_ = 0;
  std::map<raft::Correlation, std::shared_ptr<std::promise<raft::Message>>> answers_;
  std::map<raft::NodeId, std::string> troubles_;  // last reason of each peer that cannot be reached, logged once
  std::map<raft::NodeId, Links> links_;
};

}  // namespace timestore::net
