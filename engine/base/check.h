// Assertions that stay on in release builds.
//
// TIMESTORE_CHECK guards what only a bug of our own can break: it stops the process with a sentence, because a replica
// whose invariants are broken must not answer anybody. Input from peers, users or disks is never checked this way.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace timestore {

// Called first, where it is set: the simulator, in whose single thread whole clusters live and die, turns a broken
// invariant into a verdict by throwing. Set it before any other thread runs.
using CheckHandler = void (*)(const char* sentence, const char* file, int line);
inline CheckHandler check_handler = nullptr;

[[noreturn]] inline void check_failed(const char* condition, const char* sentence, const char* file, int line) {
  if (check_handler != nullptr) check_handler(sentence, file, line);
  std::fprintf(stderr, "timestore: a broken invariant: %s\n  (%s) at %s:%d\n", sentence, condition, file, line);
  std::abort();
}

}  // namespace timestore

#define TIMESTORE_CHECK(condition, sentence) \
  ((condition) ? static_cast<void>(0) : ::timestore::check_failed(#condition, sentence, __FILE__, __LINE__))
