// Says why nobody leads: who does not answer, who does and does not know this node.
//
// On a thread of its own, which asks the other members only after nobody has led for some time. A reason is said once,
// and again when it has changed.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "net/access/forwarder.h"
#include "net/node/node.h"

namespace timestore::net {

class Lookout {
 public:
  // Both must outlive this object.
  Lookout(Node& node, Forwarder& forwarder, std::chrono::milliseconds patience = std::chrono::seconds(5))
      : node_(node), forwarder_(forwarder), patience_(patience), thread_([this] { run(); }) {}
  ~Lookout();

  // The sentence that it would say now; empty: a member need not be told anything, or there is nobody to ask.
  [[nodiscard]] static std::string why_nobody_leads(Node& node, Forwarder& forwarder);

 private:
  void run();

  Node& node_;
  Forwarder& forwarder_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace timestore::net
