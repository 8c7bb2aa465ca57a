#include "net/http/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "engine/base/check.h"
#include "net/http/head.h"

namespace timestore::http {
namespace {

constexpr std::size_t kFirstBufferBytes = 4 << 10;  // Most requests fit.
constexpr std::size_t kMaxBufferBytes = 64 << 10;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

void set_option(int socket, int level, int name, int value) { setsockopt(socket, level, name, &value, sizeof value); }

int poll_timeout(std::chrono::nanoseconds patience) {
  // One more than the whole milliseconds, lest we spin through the last fraction of one.
  const auto whole = std::chrono::duration_cast<Milliseconds>(patience).count() + 1;
  return static_cast<int>(std::clamp<std::int64_t>(whole, 0, 60'000));
}

}  // namespace

Connection::Connection(Descriptor socket, const Options& options, std::atomic<std::size_t>& open_connections)
    : socket_(std::move(socket)),
      options_(options),
      open_connections_(open_connections),
      remote_(remote_endpoint(socket_.number())) {
  ++open_connections_;
  set_option(socket_.number(), IPPROTO_TCP, TCP_NODELAY, 1);
  // The socket blocks, but never for longer than we linger: one system call both waits and receives.
  timeval linger{};
  linger.tv_sec = options.linger.count() / 1000;
  linger.tv_usec = (options.linger.count() % 1000) * 1000;
  setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &linger, sizeof linger);
}

Connection::~Connection() { --open_connections_; }

void Connection::consume(std::size_t size_bytes) {
  TIMESTORE_CHECK(size_bytes <= end_ - begin_, "only input that has arrived can be consumed");
  begin_ += size_bytes;
  scanned_ = 0;
  head_size_ = 0;
  if (begin_ == end_) begin_ = end_ = 0;
}

void Connection::release_buffer() {
  if (begin_ != end_) return;
  buffer_.reset();
  capacity_ = begin_ = end_ = 0;
}

// Leaves space behind end_; false when the buffer is as large as it may be and full.
bool Connection::make_space() {
  if (end_ < capacity_) return true;
  const std::size_t size = end_ - begin_;
  if (begin_ == 0) {
    const std::size_t largest = std::max(kMaxBufferBytes, options_.max_head_bytes);
    if (capacity_ >= largest) return false;
    const std::size_t capacity = std::min(largest, std::max(kFirstBufferBytes, capacity_ * 2));
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size > 0) std::memcpy(larger.get(), buffer_.get(), size);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  } else {
    std::memmove(buffer_.get(), buffer_.get() + begin_, size);
    begin_ = 0;
    end_ = size;
  }
  return true;
}

Input Connection::receive(int flags) {
  if (!make_space()) return Input::kNothing;
  for (;;) {
    const ssize_t got = recv(socket_.number(), buffer_.get() + end_, capacity_ - end_, flags);
    if (got > 0) {
      end_ += static_cast<std::size_t>(got);
      return Input::kArrived;
    }
    if (got == 0) return Input::kClosed;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Input::kNothing;
    if (errno != EINTR) return Input::kClosed;
  }
}

Input Connection::receive_now() { return receive(MSG_DONTWAIT); }

Input Connection::receive_briefly() {
  // To the kernel, a time-out of zero means for ever.
  return receive(options_.linger.count() > 0 ? 0 : MSG_DONTWAIT);
}

Input Connection::receive_until(Clock::time_point deadline) {
  for (;;) {
    const Input input = receive_now();
    if (input != Input::kNothing) return input;
    const auto patience = deadline - Clock::now();
    if (patience.count() <= 0) return Input::kNothing;
    pollfd wanted{socket_.number(), POLLIN, 0};
    poll(&wanted, 1, poll_timeout(patience));
  }
}

Input Connection::discard_now() {
  constexpr std::size_t kAtOnceBytes = 1 << 20;
  consume(input().size());
  release_buffer();
  // MSG_TRUNC makes TCP drop the bytes in the kernel instead of copying them.
  const ssize_t dropped = recv(socket_.number(), nullptr, kAtOnceBytes, MSG_TRUNC | MSG_DONTWAIT);
  if (dropped > 0) return Input::kArrived;
  return dropped < 0 && (errno == EAGAIN || errno == EINTR) ? Input::kNothing : Input::kClosed;
}

HeadState Connection::examine_head() {
  while (input().substr(0, 2) == "\r\n") consume(2);  // Some old clients add one after a body (RFC 9112, section 2.2).
  const std::string_view text = input();
  if (text.empty()) return HeadState::kNone;
  // Early, so that a TLS greeting or other noise does not keep its connection until the time-out.
  const bool half_empty_line = text == "\r";
  if (!half_empty_line && !is_token_character(text.front())) return HeadState::kNotHttp;
  const std::size_t found = text.find(kHeadEnd, scanned_ - std::min(scanned_, kHeadEnd.size() - 1));
  // Not to wait for the end of a head that will never have one. From the last CR that had nothing after it yet.
  const std::size_t from = scanned_ - (scanned_ > 0 && text[scanned_ - 1] == '\r' ? 1 : 0);
  if (has_bare_line_break(text.substr(from, std::max(found, from) - from))) return HeadState::kBareLineBreak;
  if (found == std::string_view::npos) {
    scanned_ = text.size();
    return text.size() >= options_.max_head_bytes ? HeadState::kTooLong : HeadState::kPartial;
  }
  head_size_ = found + kHeadEnd.size();
  return head_size_ > options_.max_head_bytes ? HeadState::kTooLong : HeadState::kComplete;
}

void Connection::begin_answer() {
  sent_bytes_ = 0;
  waited_ = {};
}

bool Connection::wait_to_send(std::chrono::nanoseconds patience) {
  const auto since = Clock::now();
  pollfd wanted{socket_.number(), POLLOUT, 0};
  poll(&wanted, 1, poll_timeout(patience));
  waited_ += Clock::now() - since;
  return (wanted.revents & (POLLERR | POLLHUP)) == 0;
}

std::chrono::nanoseconds Connection::patience() const {
  return options_.write_timeout + std::chrono::seconds(sent_bytes_ / options_.minimum_bytes_per_second) - waited_;
}

Sending Connection::send_now(std::string_view& first, std::string_view& second) {
  while (!first.empty() || !second.empty()) {
    std::array<iovec, 2> parts{iovec{const_cast<char*>(first.data()), first.size()},
                               iovec{const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = sendmsg(socket_.number(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? Sending::kBlocked : Sending::kFailed;
    }
    const auto size = static_cast<std::size_t>(sent);
    sent_bytes_ += size;
    const std::size_t of_first = std::min(size, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(size - of_first);
  }
  return Sending::kSent;
}

bool Connection::send(std::string_view first, std::string_view second) {
  for (;;) {
    switch (send_now(first, second)) {
      case Sending::kSent:
        return true;
      case Sending::kFailed:
        return false;
      case Sending::kBlocked:
        break;
    }
    const auto left = patience();
    if (left.count() <= 0 || !wait_to_send(left)) return false;
  }
}

void Connection::say_now(std::string_view text) {
  // Last words: if the kernel does not take them, the client goes without.
  [[maybe_unused]] const ssize_t sent = ::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Connection::finish_sending() { shutdown(socket_.number(), SHUT_WR); }

void Connection::shut_down() { shutdown(socket_.number(), SHUT_RDWR); }

}  // namespace timestore::http
