// A client that says exactly the bytes it is told to, for talking to servers in ways that proper clients do not.
//
// Every wait gives up after kPatience, which only a hanging server reaches, however busy the machine is; the
// expectation that follows then fails. No test expects a server to be quick.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/http/server.h"
#include "net/http/socket.h"

namespace timestore::http {

constexpr Milliseconds kPatience{120'000};

struct Answer {
  int status = 0;
  std::string head;
  std::string body;

  // Empty when absent.
  [[nodiscard]] std::string header(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const auto from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  [[nodiscard]] bool is_connected() const { return connected_; }

  // False when the server closed the connection before it had taken everything.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void finish_sending() { shutdown(socket_.number(), SHUT_WR); }

  // Nothing when the connection ends first. `without_body`: the answer to a HEAD request.
  std::optional<Answer> receive(bool without_body = false) {
    while (input_.find("\r\n\r\n") == std::string::npos) {
      if (!receive_some()) return std::nullopt;
    }
    Answer answer;
    answer.head = take(input_.find("\r\n\r\n") + 4);
    answer.status = std::atoi(answer.head.substr(9, 3).c_str());
    if (without_body || answer.status == 100 || answer.status == 204) return answer;
    const auto length = static_cast<std::size_t>(std::atoll(answer.header("Content-Length").c_str()));
    while (input_.size() < length) {
      if (!receive_some()) return std::nullopt;
    }
    answer.body = take(length);
    return answer;
  }

  std::optional<Answer> ask(std::string_view request) {
    send(request);
    return receive();
  }

  // True once the server has ended the connection; what it said before is in `rest`.
  bool is_closed_by_server() {
    while (receive_some()) {
    }
    return ended_;
  }

  // True once `text` is among what has been received and not yet returned.
  bool awaits(std::string_view text) {
    while (input_.find(text) == std::string::npos) {
      if (!receive_some()) return false;
    }
    return true;
  }

  // Without waiting.
  bool is_open() {
    char byte;
    const ssize_t got = recv(socket_.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
  }

  [[nodiscard]] const std::string& rest() const { return input_; }
  [[nodiscard]] int socket() const { return socket_.number(); }

 private:
  std::string take(std::size_t size) {
    std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
  }

  bool receive_some() {
    if (ended_) return false;
    pollfd wanted{socket_.number(), POLLIN, 0};
    if (poll(&wanted, 1, static_cast<int>(kPatience.count())) <= 0) return false;
    char buffer[16 << 10];
    const ssize_t got = recv(socket_.number(), buffer, sizeof buffer, 0);
    if (got <= 0) ended_ = true;
    if (got > 0) input_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  Descriptor socket_;
  bool connected_ = false;
  bool ended_ = false;
  std::string input_;
};

inline std::string get(std::string_view target, std::string_view headers = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(headers) + "\r\n";
}

inline std::string post(std::string_view target, std::string_view body, std::string_view headers = "") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

// GET /hello says hello, POST /echo says what it was sent, and what `more` adds.
inline std::unique_ptr<Server> start_server(Options options = {}, std::vector<Route> more = {}) {
  Router router;
  router.add(
      {"GET", "/hello", [](const Request&, Response& response) { response.set_content("hello", "text/plain"); }});
  router.add({"POST", "/echo",
              [](const Request& request, Response& response) {
                response.set_content(request.body, "application/octet-stream");
              },
              BodyRules{}});
  for (Route& route : more) router.add(std::move(route));
  return Server::start(std::move(router), std::move(options)).value();
}

// Where both ends of all connections live in this process.
inline void allow_many_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Waits for what another thread is about to bring about.
template <typename Condition>
bool eventually(Condition condition) {
  const auto give_up = Clock::now() + kPatience;
  while (!condition()) {
    if (Clock::now() > give_up) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace timestore::http
