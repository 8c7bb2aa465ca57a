// One client's TCP connection: the input that has arrived and is not used yet, and sending with a limit on patience.
//
// Owned by one thread at a time; only shut_down() may be called by another. Knows nothing of requests except where a
// head ends, because that decides whether a thread is spent on the connection.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "net/http/options.h"
#include "net/http/socket.h"

namespace timestore::http {

using Clock = std::chrono::steady_clock;

enum class Input { kArrived, kNothing, kClosed };

enum class Sending { kSent, kBlocked, kFailed };

enum class HeadState { kNone, kPartial, kComplete, kTooLong, kNotHttp, kBareLineBreak };

class Connection {
 public:
  // `open_connections` is counted up now and down when this connection ends; it must outlive it.
  Connection(Descriptor socket, const Options& options, std::atomic<std::size_t>& open_connections);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int socket() const { return socket_.number(); }
  [[nodiscard]] const Endpoint& remote() const { return remote_; }

  // What has arrived and is not consumed. Views end at the next call that receives or releases.
  [[nodiscard]] std::string_view input() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t size_bytes);
  // Gives memory back while there is no input to keep.
  void release_buffer();

  // Each receives at most once what fits, and keeps `input` within max_head_bytes or kMaxBufferBytes.
  Input receive_now();
  // The last of them has filled all the space that there was: more may have arrived.
  [[nodiscard]] bool may_have_more() const { return end_ == capacity_ && capacity_ > 0; }
  Input receive_briefly();  // Waits for Options::linger.
  Input receive_until(Clock::time_point deadline);

  // Drops what has arrived, unread, for a connection that has said goodbye.
  Input discard_now();

  // Skips empty lines before a request, then tells how much of its head is there.
  HeadState examine_head();
  // The size of the head that examine_head called complete.
  [[nodiscard]] std::size_t head_size() const { return head_size_; }

  // An answer's patience begins: see Options::write_timeout.
  void begin_answer();
  // Sends all of both, or fails: the client is gone or does not read.
  [[nodiscard]] bool send(std::string_view first, std::string_view second = {});
  // Sends what the kernel takes at once, and leaves the rest in both. Blocked: note_waited() counts the time until more
  // can be sent.
  [[nodiscard]] Sending send_now(std::string_view& first, std::string_view& second);
  void note_waited(std::chrono::nanoseconds waited) { waited_ += waited; }
  // How much longer the client may take to read on.
  [[nodiscard]] std::chrono::nanoseconds patience() const;
  // What the kernel takes at once. For last words.
  void say_now(std::string_view text);

  void finish_sending();
  // Wakes the owner from any wait; it will find the connection closed.
  void shut_down();

 private:
  Input receive(int flags);
  bool make_space();
  bool wait_to_send(std::chrono::nanoseconds patience);

  Descriptor socket_;
  const Options& options_;
  std::atomic<std::size_t>& open_connections_;
  Endpoint remote_;

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;  // No head ends within so many bytes of input.
  std::size_t head_size_ = 0;

  std::uint64_t sent_bytes_ = 0;
  std::chrono::nanoseconds waited_{0};
};

}  // namespace timestore::http
