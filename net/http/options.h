// The limits of an HTTP server: what it takes from a client, and how long it waits for one.
//
// The defaults suit a small machine on an untrusted network. Tests shrink the times.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace timestore::http {

using Milliseconds = std::chrono::milliseconds;

struct Options {
  std::string host = "127.0.0.1";  // A name or address, IPv4 or IPv6; "", "*" or "+" means every interface.
  int port = 0;                    // 0: any free one; Server::port() tells which.

  // When all are taken, a newcomer takes the place of the connection that has been idle longest, then of the one that
  // has been sending its head longest. When every connection is being served (or lingered with), the newcomer is
  // answered 503. A connection that waits for its answer costs memory only.
  std::size_t max_connections = 16'384;

  // Requests that occupy a thread at the same time, of each pool (router.h); more wait in a queue, in order of arrival.
  // What keeps a cluster together must get through while all other workers wait for slow clients, or for that very
  // cluster; so must those who operate it.
  std::size_t max_workers = 512;  // of clients
  std::size_t admin_workers = 16;
  std::size_t peer_workers = 64;

  // Address space, not memory: only touched pages count. Handlers run on this stack.
  std::size_t worker_stack_bytes = 1 << 20;

  std::size_t max_head_bytes = 32 << 10;   // Request line and headers; longer: 431.
  std::size_t max_header_fields = 100;     // More: 431.
  std::size_t max_target_bytes = 8 << 10;  // Path and query; longer: 414.
  std::size_t max_body_bytes = 16 << 20;   // As sent and, where compressed, as decompressed too; larger: 413.

  // Bodies of all running requests of a pool together, so that many large ones cannot exhaust the memory; more: 503.
  std::size_t max_bodies_bytes = 512 << 20;  // of clients
  std::size_t max_admin_bodies_bytes = 16 << 20;
  std::size_t max_peer_bodies_bytes = 256 << 20;

  Milliseconds idle_timeout{75'000};  // A connection without a request.
  Milliseconds head_timeout{10'000};  // From a head's first byte to its last.
  // A client that has ended its half of the connection may yet read. If its answer is not ready after so long, it is
  // taken to have gone.
  Milliseconds half_closed_timeout{1'000};

  // A body must have arrived, and an answer must have been taken, within the timeout plus the time that the bytes so
  // far need at the minimum rate. For answers only the time spent waiting for the client counts.
  Milliseconds body_timeout{10'000};
  Milliseconds write_timeout{10'000};
  std::size_t minimum_bytes_per_second = 16 << 10;

  // How long a worker stays with a connection it has answered, so that a busy client's next request needs no hand-off.
  Milliseconds linger{20};
  // How long we discard what a client still sends after our last answer, so that it can read that answer. (Closing a
  // socket with unread input makes TCP reset the connection, and the answer may be lost with it.)
  Milliseconds farewell_timeout{2'000};
  Milliseconds spare_worker_timeout{5'000};  // A worker without work for so long ends.

  // Told, in sentences, about what an operator should know: failing handlers, exhausted descriptors. Called from any
  // thread.
  std::function<void(const std::string&)> log = [](const std::string&) {};
};

}  // namespace timestore::http
