// An HTTP server that knows nothing: it hands each request to a function and sends back, byte for byte, what that
// returns. One thread, many connections, for tests of clients.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "bench/ingest/target.h"

namespace timestore::bench {

class DumbServer {
 public:
  // Gets a whole request, head and body. An empty answer leaves the client waiting; kHangUp closes the connection.
  using Answer = std::function<std::string(const std::string& request)>;
  static constexpr const char* kHangUp = "hang up";

  explicit DumbServer(Answer answer);  // listens on a free port of 127.0.0.1
  ~DumbServer();
  DumbServer(const DumbServer&) = delete;
  DumbServer& operator=(const DumbServer&) = delete;

  Target target() const { return target_; }

 private:
  void serve();
  void accept_one();
  bool read_some(int descriptor);  // false when the connection is over

  Answer answer_;
  Target target_;
  int listener_ = -1;
  std::map<int, std::string> received_;  // by connection
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// A complete answer with this status line ("200 OK"), further header lines (each with its CRLF) and body.
std::string http_answer(const std::string& status, const std::string& body, const std::string& headers = "");

}  // namespace timestore::bench
