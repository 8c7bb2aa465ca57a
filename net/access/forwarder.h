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

#include "engine/raft/cluster_id.h"
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
// Of a request that a node hands on: to which cluster it belongs, where it knows that.
inline constexpr const char* kClusterHeader = "X-Timestore-Cluster";

class Forwarder {
 public:
  enum class Outcome : unsigned char {
    kAnswered,  // `response` is the leader's
    kNotTaken,  // certainly without effect: no connection, it does not lead, or it is a node of another cluster
    kUnknown,   // the connection broke or the time passed: it may have had its effect
  };

  Forwarder(raft::NodeId self, std::map<raft::NodeId, HostPort> addresses);
  ~Forwarder();

  Outcome post(const raft::NodeId& to, const std::string& target, const std::string& body,
               std::chrono::milliseconds timeout, http::Response& response);
  Outcome put(const raft::NodeId& to, const std::string& target, const std::string& body,
              std::chrono::milliseconds timeout, http::Response& response);
  Outcome remove(const raft::NodeId& to, const std::string& target, std::chrono::milliseconds timeout,
                 http::Response& response);  // DELETE
  Outcome get(const raft::NodeId& to, const std::string& target, std::chrono::milliseconds timeout,
              http::Response& response);

  // From now on the members are there. Requests on their way are not disturbed.
  void set_addresses(std::map<raft::NodeId, HostPort> addresses);

  // To which cluster this node belongs, from now on; zero: it does not know that for sure.
  void set_cluster(const raft::ClusterId& cluster);

  // A node of another cluster has handed it on: addresses are mixed up, and nothing of it may be done here.
  bool is_of_another_cluster(const http::Request& request) const;

  // "http://host:port" of a member; nothing when it is not known.
  std::optional<std::string> url_of(const raft::NodeId& id) const;

 private:
  template <typename Request>
  Outcome exchange(const raft::NodeId& to, std::chrono::milliseconds timeout, http::Response& response,
                   Request request);
  std::optional<HostPort> address_of(const raft::NodeId& id) const;
  raft::ClusterId cluster() const;
  std::unique_ptr<httplib::Client> borrow(const raft::NodeId& to, const HostPort& address);
  void give_back(const raft::NodeId& to, const HostPort& address, std::unique_ptr<httplib::Client> client);

  const raft::NodeId self_;
  mutable std::mutex mutex_;  // guards what follows
  raft::ClusterId cluster_;
  std::map<raft::NodeId, HostPort> addresses_;
  std::map<raft::NodeId, std::vector<std::unique_ptr<httplib::Client>>> idle_;
};

}  // namespace timestore::net
