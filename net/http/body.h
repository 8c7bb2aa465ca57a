// Reading a request's body: framed by Content-Length or in chunks (RFC 9112, section 7.1), perhaps gzip'd.
//
// Every loop here is bounded by the size limit and by time: the client must keep up the minimum rate.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "net/http/connection.h"
#include "net/http/head.h"
#include "net/http/options.h"
#include "net/http/problem.h"

namespace timestore::http {

// What one request's body has taken of its pool's memory (Options::max_bodies_bytes).
class BodyShare {
 public:
  BodyShare() = default;  // of nothing: it takes nothing
  BodyShare(std::atomic<std::size_t>& used, std::size_t limit) : used_(&used), limit_(limit) {}
  ~BodyShare() { give_back(); }
  BodyShare(BodyShare&& other) noexcept;
  BodyShare& operator=(BodyShare&& other) noexcept;

  // False, and nothing taken, when the limit would be passed.
  [[nodiscard]] bool take(std::size_t size_bytes);
  void give_back();

 private:
  std::atomic<std::size_t>* used_ = nullptr;
  std::size_t limit_ = 0;
  std::size_t taken_ = 0;
};

struct BodyPlan {
  BodyFraming framing = BodyFraming::kNone;
  std::uint64_t content_length = 0;
  std::size_t max_bytes = 0;
  std::size_t max_unpacked_bytes = 0;  // 0: max_bytes
  bool is_gzip = false;
  bool expects_continue = false;  // We then say "100 Continue", unless the body is already arriving.
};

using Body = tl::expected<std::string, Problem>;

// Whether read_body() would find all of the body in what has arrived already.
[[nodiscard]] bool has_arrived(const BodyPlan& plan, std::string_view input);

// After a failure the connection's input is in the middle of a body: it cannot carry another request.
[[nodiscard]] Body read_body(Connection& connection, const BodyPlan& plan, const Options& options, BodyShare& share);

// Decompresses one or more gzip members (RFC 1952). Anything but their exact sequence is a bad request.
[[nodiscard]] Body gunzip(std::string_view compressed, std::size_t max_bytes, BodyShare& share);

}  // namespace timestore::http
