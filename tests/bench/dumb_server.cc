#include "tests/bench/dumb_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <vector>

#include "engine/base/check.h"

namespace timestore::bench {
namespace {

// The length of the first whole request in bytes, or 0.
std::size_t whole_request(const std::string& bytes) {
  const std::size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string::npos) return 0;
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t length_at = bytes.find(kLength);
  const std::size_t body = length_at < head_end ? std::stoul(bytes.substr(length_at + kLength.size())) : 0;
  const std::size_t size = head_end + 4 + body;
  return bytes.size() >= size ? size : 0;
}

}  // namespace

DumbServer::DumbServer(Answer answer) : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  TIMESTORE_CHECK(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0, "a free port is found");
  TIMESTORE_CHECK(::listen(listener_, 128) == 0, "the test server can listen");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  target_ = {"127.0.0.1", std::to_string(ntohs(address.sin_port))};
  thread_ = std::thread([this] { serve(); });
}

DumbServer::~DumbServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);  // wakes poll()
  thread_.join();
  for (const auto& [descriptor, bytes] : received_) ::close(descriptor);
  ::close(listener_);
}

void DumbServer::serve() {
  while (!stopping_) {
    std::vector<pollfd> waiting = {{.fd = listener_, .events = POLLIN, .revents = 0}};
    for (const auto& [descriptor, bytes] : received_) waiting.push_back({descriptor, POLLIN, 0});
    ::poll(waiting.data(), waiting.size(), -1);
    if (stopping_) return;
    for (std::size_t i = 1; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0 || read_some(waiting[i].fd)) continue;
      ::close(waiting[i].fd);
      received_.erase(waiting[i].fd);
    }
    if (waiting[0].revents != 0) accept_one();
  }
}

void DumbServer::accept_one() {
  const int descriptor = ::accept(listener_, nullptr, nullptr);
  if (descriptor >= 0) received_[descriptor] = {};
}

bool DumbServer::read_some(int descriptor) {
  std::array<char, 4096> buffer;
  const ssize_t count = ::recv(descriptor, buffer.data(), buffer.size(), 0);
  if (count <= 0) return false;
  std::string& bytes = received_[descriptor];
  bytes.append(buffer.data(), static_cast<std::size_t>(count));
  while (const std::size_t size = whole_request(bytes)) {
    const std::string answer = answer_(bytes.substr(0, size));
    bytes.erase(0, size);
    if (answer == kHangUp) return false;
    if (!answer.empty()) ::send(descriptor, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
  return true;
}

std::string http_answer(const std::string& status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace timestore::bench
