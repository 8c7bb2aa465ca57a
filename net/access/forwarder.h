// Hands a request to the leader and brings its answer back: one hop, over kept connections.
//
// May be used from any thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/raft/types.h"
#include "net/base/address.h"
#include "net/http/message.h"

namespace httplib {
class Client;
}

namespace timestore::net {

// A request that carries this header comes from another node and is not handed on again.
inline constexpr const char* kForwardedHeader = "X-Timestore-Forwarded";
// An answer that carries this header says that the request certainly had no effect here, for this node does not lead.
inline constexpr const char* kNotLeaderHeader = "X-Timestore-Not-Leader";

class Forwarder {
 public:
  enum class Outcome : unsigned char {
    kAnswered,  // `response` is the leader's
    kNotTaken,  // certainly without effect: no connection, or it does not lead
    kUnknown,   // the connection broke or the time passed: it may have had its effect
  };

  Forwarder(raft::NodeId self, std::map<raft::NodeId, HostPort> addresses);
  ~Forwarder();

  Outcome post(const raft::NodeId& to, const std::string& target, const std::string& body,
               std::chrono::milliseconds timeout, http::Response& response);
  Outcome remove(const raft::NodeId& to, const std::string& target, std::chrono::milliseconds timeout,
                 http::Response& response);  // DELETE
  Outcome get(const raft::NodeId& to, const std::string& target, std::chrono::milliseconds timeout,
              http::Response& response);

  // From now on the members are there. Requests on their way are not disturbed.
  void set_addresses(std::map<raft::NodeId, HostPort> addresses);

  // "http://host:port" of a member; nothing when it is not known.
  std::optional<std::string> url_of(const raft::NodeId& id) const;

 private:
  template <typename Request>
  Outcome exchange(const raft::NodeId& to, std::chrono::milliseconds timeout, http::Response& response,
                   Request request);
  std::optional<HostPort> address_of(const raft::NodeId& id) const;
  std::unique_ptr<httplib::Client> borrow(const raft::NodeId& to, const HostPort& address);
  void give_back(const raft::NodeId& to, const HostPort& address, std::unique_ptr<httplib::Client> client);

  const raft::NodeId self_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<raft::NodeId, HostPort> addresses_;
  std::map<raft::NodeId, std::vector<std::unique_ptr<httplib::Client>>> idle_;
};

}  // namespace timestore::net
