// Errors as values.
//
// A function that can fail for a reason outside the program's control (the disk, a peer, a user's input) returns a
// Result. The message is one sentence for a person: what happened and, where we know it, what to do about it.
// A bug of our own is never a Result: see check.h.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace timestore {

struct Error {
  std::string message;
  bool is_full = false;  // the disk has no space left: nothing has happened, and it may succeed when tried again later
  bool lasts = false;    // a restart changes nothing: somebody must do something first
  bool operator==(const Error&) const = default;
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(std::string message) {
  return tl::unexpected<Error>(Error{std::move(message)});
}

[[nodiscard]] inline tl::unexpected<Error> fail_for_good(std::string message) {
  return tl::unexpected<Error>(Error{.message = std::move(message), .lasts = true});
}

// Whether it was done; a full disk is no failure.
[[nodiscard]] inline Result<bool> unless_full(Result<void> done) {
  if (done || done.error().is_full) return done.has_value();
  return tl::unexpected<Error>(std::move(done.error()));
}

}  // namespace timestore
