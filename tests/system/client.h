// What a client of a node does: ordinary requests over a kept connection, and raw bytes for everything else.
#pragma once

#include <httplib.h>

#include <optional>
#include <string>
#include <string_view>

#include "tests/system/await.h"

namespace timestore::system {

inline constexpr const char* kSeries = "/api/timeseries";

struct Answer {
  int status = 0;        // 0: no answer came
  bool was_sent = true;  // false: there was no connection, so the node has seen nothing of the request
  std::string body;
  httplib::Headers headers;

  std::string header(const std::string& name) const;  // empty where there is none
  std::string text() const;                           // for messages
};

std::ostream& operator<<(std::ostream& out, const Answer& answer);

// One thread, one kept connection. A request that gets no answer is not tried again: what became of it is for the test
// to judge.
class Client {
 public:
  explicit Client(int port, Clock::duration patience = kHangGuard);

  Answer get(const std::string& target, const httplib::Headers& headers = {});
  Answer post(const std::string& target, const std::string& body, const httplib::Headers& headers = {},
              const std::string& content_type = "application/json");
  Answer put(const std::string& target, const std::string& body);
  Answer send(const std::string& method, const std::string& target);

 private:
  httplib::Client client_;
};

// A connection whose bytes the test writes itself.
class RawConnection {
 public:
  explicit RawConnection(int port);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool is_open() const { return descriptor_ >= 0; }

  // Sends as much as the other side takes; false when it has hung up.
  bool send(std::string_view bytes);

  // Everything that comes until the other side closes; nothing when it has not closed in time.
  std::optional<std::string> read_to_end();

 private:
  int descriptor_ = -1;
};

// Ports of 127.0.0.1 that nobody uses, outside the range that the kernel gives to outgoing connections: a node that is
// down for a while must find its port free when it comes back.
int free_port();

}  // namespace timestore::system
