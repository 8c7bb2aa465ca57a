// A request that only the leader can fulfil: done here if this node leads, else passed on to the leader, whose answer
// is brought back. When leadership moves meanwhile, the next leader is asked, as long as certainly nothing has
// happened.
#pragma once

#include <functional>
#include <string>

#include "net/access/cluster_access.h"
#include "net/http/router.h"

namespace timestore::net {

struct Errand {
  std::string method;   // POST, PUT or DELETE
  std::string target;   // with its query
  std::string nobody;   // the detail where no leader could be asked
  std::string unknown;  // and where one was asked and did not answer, after "Node n2 was asked and did not answer: "

  // What a leader does; false: certainly nothing has happened, because this node leads no more.
  std::function<bool(const replica::Status&, Deadline, http::Response&)> here;
};

class Errands {
 public:
  Errands(Node& node, ClusterAccess& cluster, Forwarder& forwarder)
      : node_(node), cluster_(cluster), forwarder_(forwarder) {}

  void run(const Errand& errand, const http::Request& request, Deadline deadline, http::Response& response);

 private:
  client::Outcome do_here(const Errand& errand, Deadline deadline, http::Response& response);
  client::Outcome ask_leader(const Errand& errand, const std::string& body, const client::Attempts::Step& step,
                             http::Response& response);

  Node& node_;
  ClusterAccess& cluster_;
  Forwarder& forwarder_;
};

}  // namespace timestore::net
