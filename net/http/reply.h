// The answer that a handler owes when it has returned without one.
//
//   handler(request, reply) ── returns; the connection waits in the parking lot, and costs memory only
//   reply.finish(make)      ── from any thread, once: `make` fills in the answer on a thread of the server
//
// Copies stand for one answer. When the last of them goes and none has finished, the client is answered 500.
#pragma once

#include <functional>
#include <memory>

#include "net/http/message.h"

namespace timestore::http {

class Exchange;

// The request is the one that the handler saw, without its body.
using MakeAnswer = std::function<void(const Request&, Response&)>;

// On which thread an answer is made.
enum class Where : unsigned char {
  kHere,      // the parking lot's: it must not wait for anything, nor take long, and has no writer
  kOnWorker,  // one of the route's pool
};

class Reply {
 public:
  explicit Reply(std::shared_ptr<Exchange> exchange);

  // Once. Dropped if the client has gone.
  void finish(MakeAnswer make) const;
  void finish_on_worker(MakeAnswer make) const;

  // Calls `tell`, if it is anything, when the client goes before the answer is finished; at once, if it has gone
  // already. It must not hold this reply. A later one takes its place.
  void when_gone(std::function<void()> tell) const;

 private:
  struct Debt;
  std::shared_ptr<Debt> debt_;
};

// Returns soon and never waits: it may run on the thread on which everything is received. The request lives as long as
// the reply; its body only until the handler returns.
using LaterHandler = std::function<void(const Request&, Reply)>;

}  // namespace timestore::http
