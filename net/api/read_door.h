// How any read begins: the level it asks for, a redirection if it wants one, and then a reader of the series file in a
// state that satisfies the level.
#pragma once

#include <functional>

#include "net/access/cluster_access.h"
#include "net/base/settings.h"
#include "net/http/message.h"
#include "net/http/reply.h"
#include "net/node/readers.h"

namespace timestore::net {

class ReadDoor {
 public:
  // All must outlive the door's use.
  ReadDoor(ClusterAccess& cluster, Readers& readers, const Patience& patience)
      : cluster_(cluster), readers_(readers), patience_(patience) {}

  // Fills in the answer on a worker's thread. The reader has begun, and the answer says how far it has applied.
  using Make = std::function<void(const Readers::Lease&, const http::Request&, http::Response&)>;
  void open(const http::Request& request, const http::Reply& reply, Make make) const;

  // Query parameters that belong to the door.
  static constexpr std::string_view kLevel = "level";
  static constexpr std::string_view kRedirect = "redirect";

 private:
  void wait(const http::Reply& reply, ReadLevel level, Make make) const;

  ClusterAccess& cluster_;
  Readers& readers_;
  const Patience patience_;
};

}  // namespace timestore::net
