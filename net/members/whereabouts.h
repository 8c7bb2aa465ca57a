// Keeps addresses true after a node has moved, on a thread of its own, until that is done.
//
// A member that is not at the URL by which the others know it tells the leader, through whichever member it reaches.
// What an operator has said (--advertise) counts; what was found out by this node alone does so only where the other
// URL leads nowhere. And peers that the settings name by URLs which the files do not know are asked who they are: a
// cluster that has moved as a whole finds itself by them.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/access/forwarder.h"
#include "net/base/settings.h"
#include "net/node/node.h"

namespace httplib {
class Client;
}

namespace timestore::net {

class Whereabouts {
 public:
  struct Options {
    std::string own_url;
    bool is_advertised = false;     // by the settings
    HostPort self;                  // where this node can ask itself
    std::vector<HostPort> unknown;  // peers without an id
  };

  // Both must outlive this object.
  Whereabouts(Options options, Node& node, Forwarder& forwarder);
  ~Whereabouts();

 private:
  void run();
  void meet_unknown();
  bool tell_own_url();  // true: there is nothing to tell any more
  std::vector<HostPort> whom_to_ask(const replica::Status& status) const;
  bool ask_to_move(const HostPort& asked, const replica::Status::Peer& self);
  bool pause(std::chrono::microseconds time);
  void log_once(const std::string& about, const std::string& reason);

  const Options options_;
  Node& node_;
  Forwarder& forwarder_;
  std::vector<HostPort> unknown_;
  std::map<std::string, std::string> told_;  // reasons
  std::size_t asked_ = 0;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  httplib::Client* client_ = nullptr;  // guarded by mutex_; to interrupt it when stopping
  std::thread thread_;
};

// The peers in the settings that are given by a URL which no member has.
[[nodiscard]] std::vector<HostPort> unknown_peers(const std::vector<Peer>& peers,
                                                  const std::vector<raft::Member>& members);

}  // namespace timestore::net
