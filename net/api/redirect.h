// redirect=true: a client that would rather ask the leader itself.
#pragma once

#include <chrono>
#include <functional>

#include "net/access/cluster_access.h"
#include "net/http/message.h"
#include "net/http/reply.h"

namespace timestore::net {

// Answers 307 where the client asked for it and another node leads, which it waits for as long as the patience lasts;
// else `goes_on`.
void redirect_or(ClusterAccess& cluster, std::chrono::milliseconds patience, const http::Request& request,
                 const http::Reply& reply, std::function<void()> goes_on);

}  // namespace timestore::net
