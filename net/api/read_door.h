// How any read begins: the level it asks for, a redirection if it wants one, and then a reader of the series file in a
// state that satisfies the level. From then on it is one of the queries that run.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "net/access/cluster_access.h"
#include "net/api/running_queries.h"
#include "net/base/settings.h"
#include "net/http/message.h"
#include "net/http/reply.h"
#include "net/node/readers.h"

namespace timestore::net {

struct OpenRead {
  Readers::Lease reader;  // has begun
  std::shared_ptr<RunningQueries::Query> query;
};

class ReadDoor {
 public:
  // All must outlive the door's use.
  ReadDoor(ClusterAccess& cluster, Readers& readers, RunningQueries& queries, const Patience& patience)
      : cluster_(cluster), readers_(readers), queries_(queries), patience_(patience) {}

  // Fills in the answer on a worker's thread; it says already how far the reader has applied. The query must end after
  // `most`.
  using Make = std::function<void(const OpenRead&, const http::Request&, http::Response&)>;
  void open(const http::Request& request, const http::Reply& reply, std::chrono::seconds most, Make make) const;

  // The same at the level of what was just written, on this node, for a request that is not at hand any more.
  void open_here(const http::Reply& reply, std::chrono::seconds most, Make make) const {
    wait(reply, ReadLevel::kLinearizable, most, std::move(make));
  }

  // Query parameters that belong to the door.
  static constexpr std::string_view kLevel = "level";
  static constexpr std::string_view kRedirect = "redirect";

 private:
  void wait(const http::Reply& reply, ReadLevel level, std::chrono::seconds most, Make make) const;

  ClusterAccess& cluster_;
  Readers& readers_;
  RunningQueries& queries_;
  const Patience patience_;
};

}  // namespace timestore::net
