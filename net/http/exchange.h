// One request, from its head to its answer.
//
// It is worked on by one thread at a time, which also has the connection; what a Reply does to it may come from any. An
// exchange may outlive its connection, where the client has gone, and the server.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/http/answer.h"
#include "net/http/body.h"
#include "net/http/connection.h"
#include "net/http/message.h"
#include "net/http/problem.h"
#include "net/http/reply.h"
#include "net/http/router.h"

namespace timestore::http {

class AnswerQueue;

// What becomes of a connection.
enum class Fate : unsigned char {
  kKeep,      // It waits for its next request.
  kFarewell,  // Our last answer is sent; the client may still be sending.
  kClose,     // Nothing more to say or to hear.
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  explicit Exchange(std::shared_ptr<AnswerQueue> queue) : queue_(std::move(queue)) {}

  // ---- used by one thread at a time: the one that serves the request
  Request request;
  Router::Match match;
  Pool pool = Pool::kClients;
  BodyPlan body;
  BodyShare share;  // for as long as the body is kept
  AnswerPlan plan;
  std::optional<Problem> refusal;  // found before a handler was asked
  bool must_close = false;         // we end the connection after this answer
  bool client_closes = false;
  bool is_large = false;       // its body was (kLargeBytes)
  bool has_begun = false;      // its handler was asked
  std::string unsent = {};     // the rest of an answer that its client takes slowly
  std::size_t sent_bytes = 0;  // of that

  // ---- any thread
  void finish(MakeAnswer make, Where where);
  void when_gone(std::function<void()> tell);
  void go();  // the client has gone: tells whoever waits
  [[nodiscard]] bool is_finished() const;

  // ---- used by the parking lot, under its lock
  void* stay = nullptr;   // where the connection waits for this answer
  bool is_ready = false;  // the answer came before the connection did

  // What finish() was given; for whoever took this exchange from the queue.
  [[nodiscard]] MakeAnswer take_answer() { return std::move(make_); }
  [[nodiscard]] Where where() const { return where_; }

 private:
  const std::shared_ptr<AnswerQueue> queue_;
  MakeAnswer make_;
  Where where_ = Where::kHere;

  mutable std::mutex mutex_;  // guards what follows
  bool is_finished_ = false;
  bool is_gone_ = false;
  std::function<void()> tell_gone_;
};

// Of a body whose memory is worth giving back to the system.
inline constexpr std::size_t kLargeBytes = 1 << 20;

// A request and its connection.
struct Job {
  std::unique_ptr<Connection> connection;
  std::shared_ptr<Exchange> exchange;
};

// The exchanges whose answers can be made, on their way to the parking lot's thread. Outlives the server where a
// handler does: then what comes is dropped.
class AnswerQueue {
 public:
  explicit AnswerQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  void push(std::shared_ptr<Exchange> exchange);
  [[nodiscard]] std::vector<std::shared_ptr<Exchange>> take();

  // True: nothing is there, and the next push wakes the sleeper.
  [[nodiscard]] bool may_sleep();
  void close();  // nothing is taken, nobody is woken any more

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<std::shared_ptr<Exchange>> exchanges_;
  bool is_sleeping_ = false;
  bool is_closed_ = false;
};

}  // namespace timestore::http
