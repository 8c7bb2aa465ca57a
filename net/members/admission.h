// A node that is no member asks to be let in, on a thread of its own, until it is.
//
// It asks the member that the settings name, which passes the request on to whoever leads, and asks again, ever more
// rarely, whatever stands against it. Once it is let in the leader finds it; until the log tells who the others are,
// it learns from that member where they are, so that it can ask them for a snapshot.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "net/node/node.h"

namespace timestore::net {

class Admission {
 public:
  struct Options {
    HostPort asked;
    raft::Member self;
  };

  // The node must outlive this object.
  Admission(Options options, Node& node);
  ~Admission();

  void stop();

 private:
  void run();
  bool ask();
  void learn_members();
  bool is_known_here();
  bool pause(std::chrono::microseconds time);

  const Options options_;
  Node& node_;
  std::string last_reason_;  // logged once
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace timestore::net
