// POST /write and /api/v2/write: line protocol, as the clients of InfluxDB 1.x and 2.x send it, and their answers.
//
// 1.x stores the good lines, and a large body in several commands, one after the other; 2.x stores all of a body or
// nothing. Who asks (u, p, Authorization) does not matter.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>

#include "engine/formats/line_collector.h"
#include "net/access/cluster_access.h"
#include "net/api/influx_errors.h"
#include "net/api/influx_target.h"
#include "net/base/settings.h"
#include "net/http/router.h"

namespace timestore::net {

class InfluxWriteApi {
 public:
  // Must outlive the router's use.
  InfluxWriteApi(ClusterAccess& cluster, const Patience& patience);

  void add_routes(http::Router& router);

 private:
  // A body on its way into the store.
  struct Posted;
  using PostedPtr = std::shared_ptr<Posted>;

  void post_lines(InfluxApi api, const http::Request& request, const http::Reply& reply);
  std::optional<InfluxError> read_lines(const InfluxTarget& target, const std::string& body, Posted& posted);
  void write_next(const PostedPtr& posted);
  void take_end(const PostedPtr& posted, const client::WriteEnd& end);
  static void answer_end(const PostedPtr& posted);
  static void answer_dropped(const PostedPtr& posted);

  ClusterAccess& cluster_;
  const Patience patience_;
  const std::uint64_t hash_seed_;
  std::counting_semaphore<> large_bodies_;  // that may be read now
};

}  // namespace timestore::net
