// The endpoints that nodes use among themselves, and the status that anybody may ask for.
//
//   POST /raft/vote, POST /raft/append   the original's
//   POST /raft/prevote                   would you vote for me? An original answers 404, and is asked for its vote
//   POST /raft/timeout-now               the leader hands over: call an election
//   POST /raft/snapshot                  a part of this node's snapshot
//   GET  /raft/status                    the original's, with more fields
//   GET  /raft/read-index?level=         how far another node must have applied before it may answer a read
#pragma once

#include "engine/wire/paths.h"
#include "net/access/cluster_access.h"
#include "net/http/router.h"

namespace timestore::net {

// In each answer to GET /raft/status: a random name of this running node. Two nodes may call themselves by one id.
inline constexpr const char* kInstanceHeader = "X-Timestore-Instance";

class RaftApi {
 public:
  RaftApi(Node& node, ClusterAccess& cluster, std::string version);

  void add_routes(http::Router& router);

 private:
  bool is_for_us(const http::Request& request) const;
  void post_message(const raft::Endpoint& endpoint, const http::Request& request, const http::Reply& reply);
  void get_status(http::Response& response);
  void get_read_index(const http::Request& request, const http::Reply& reply);

  Node& node_;
  ClusterAccess& cluster_;
  std::string version_;
  std::string instance_;
  Deadline started_;
};

// How the role of a member is told.
enum class RoleNames : unsigned char {
  kTwo,   // whether it votes now, voter or learner, and isJoining and isOutgoing beside it: /raft/status
  kFour,  // voter, learner, joining or outgoing: /cluster/members
};

// A member as its node, or the leader, sees it. Only a leader hears from the others; elsewhere what it would know is
// null.
std::string member_json(const replica::Status& status, const replica::Status::Peer& peer, RoleNames names,
                        std::chrono::milliseconds tick, std::uint32_t unreachable_ticks);
std::string members_json(const replica::Status& status, RoleNames names, std::chrono::milliseconds tick,
                         std::uint32_t unreachable_ticks);  // all of them, as an array

// The JSON of /raft/status; `uptime` is rounded down to seconds.
std::string status_json(const replica::Status& status, const std::string& version, Clock::duration uptime,
                        std::chrono::milliseconds tick, std::uint32_t unreachable_ticks);

}  // namespace timestore::net
