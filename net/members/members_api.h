// Who belongs to the cluster, and how that changes. Any node takes these requests; the leader carries them out.
//
//   GET    /cluster/members        {"members":[...],"isJoint":false,"leaderId":"n1"}, as this node knows them
//   GET    /cluster/members/{id}   one of them; 404 for an id that no member has
//   POST   /cluster/members        {"id","url","role"?,"replaces"?}
//   DELETE /cluster/members/{id}   [?force=true]
//
// A member that has moved is found by asking at its new URL, and at the old one.
//
// Who is to vote (`role` "voter", as without it) is let in as a learner and votes when it has caught up; with
// `replaces` the voter of that id goes in the same step. 202 with a Location to poll says that this is certain to go
// on; with ?wait=true it is waited for, up to a minute, and the answer is 200. So it is where everything is as wished
// already, so the request may be repeated. 409 says what stands against it, with Retry-After where that passes by
// itself. The leader asks a newcomer which feature levels it knows: a release that is too old is refused. One that does
// not answer may come.
//
// A removal is answered 200 when the member has gone, and no crash of a minority brings it back. 202 with a Location to
// poll, which is 404 in the end, says that the removal has begun and waits for a majority.
#pragma once

#include "net/access/errand.h"
#include "net/http/router.h"

namespace timestore::net {

struct Wish;

class MembersApi {
 public:
  MembersApi(Node& node, ClusterAccess& cluster, Forwarder& forwarder)
      : node_(node), errands_(node, cluster, forwarder) {}

  void add_routes(http::Router& router);

 private:
  void get_members(http::Response& response);
  void get_member(const http::Request& request, http::Response& response);
  void post_member(const http::Request& request, http::Response& response);
  void delete_member(const http::Request& request, http::Response& response);

  // Whether a member that is said to be elsewhere is there. False: it is not, and that is answered.
  bool find(Wish& wish, const replica::Status& status, http::Response& response) const;

  // False: this node leads no more, and nothing has happened.
  bool let_in(Wish wish, Deadline deadline, http::Response& response);
  bool let_go(const raft::NodeId& id, bool is_forced, Deadline deadline, http::Response& response);
  void answer_wish(const Wish& wish, const replica::Status& status, http::Response& response) const;
  void wait_for(const Wish& wish, http::Response& response);
  void catch_up_with(const http::Response& answer);
  std::string body_of(const replica::Status& status) const;

  // Tries for a while where another change is in the way. Nothing: the plan wants no change.
  std::optional<replica::ChangeEnd> change(const Node::Plan& plan, Deadline deadline);

  Node& node_;
  Errands errands_;
};

}  // namespace timestore::net
