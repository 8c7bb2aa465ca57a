#include "tests/system/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "engine/base/check.h"

namespace timestore::system {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

Answer answer_of(const httplib::Result& result) {
  if (!result)
    return {.status = 0, .was_sent = result.error() != httplib::Error::Connection, .body = {}, .headers = {}};
  return {.status = result->status, .was_sent = true, .body = result->body, .headers = result->headers};
}

// Without SO_REUSEADDR, so that a port with connections from its former life does not count as free.
bool is_free(int port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool is_bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return is_bound;
}

}  // namespace

std::string Answer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

std::string Answer::text() const {
  if (status == 0) return "no answer";
  return std::to_string(status) + " " + body.substr(0, 2000);
}

std::ostream& operator<<(std::ostream& out, const Answer& answer) { return out << answer.text(); }

Client::Client(int port, Clock::duration patience) : client_("127.0.0.1", port) {
  client_.set_keep_alive(true);
  client_.set_tcp_nodelay(true);
  client_.set_connection_timeout(patience);
  client_.set_read_timeout(patience);
  client_.set_write_timeout(patience);
}

Answer Client::get(const std::string& target, const httplib::Headers& headers) {
  return answer_of(client_.Get(target, headers));
}

Answer Client::post(const std::string& target, const std::string& body, const httplib::Headers& headers,
                    const std::string& content_type) {
  return answer_of(client_.Post(target, headers, body, content_type));
}

Answer Client::put(const std::string& target, const std::string& body) {
  return answer_of(client_.Put(target, body, "application/json"));
}

Answer Client::send(const std::string& method, const std::string& target) {
  httplib::Request request;
  request.method = method;
  request.path = target;
  return answer_of(client_.send(request));
}

RawConnection::RawConnection(int port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_in address = loopback(port);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  ::close(descriptor_);
  descriptor_ = -1;
}

RawConnection::~RawConnection() {
  if (is_open()) ::close(descriptor_);
}

bool RawConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<std::string> RawConnection::read_to_end() {
  const auto deadline = Clock::now() + kHangGuard;
  std::string received;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) == 0) return std::nullopt;
    const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return received;
    received.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

int free_port() {
  constexpr int kFirst = 10'000;
  constexpr int kEnd = 32'000;
  // Test programs that run at the same time begin at different places.
  static int next = kFirst + static_cast<int>(::getpid()) * 37 % (kEnd - kFirst);
  for (int tried = kFirst; tried < kEnd; ++tried) {
    const int port = next;
    next = next + 1 < kEnd ? next + 1 : kFirst;
    if (is_free(port)) return port;
  }
  timestore::check_failed("is_free", "some port is free", __FILE__, __LINE__);
}

}  // namespace timestore::system
