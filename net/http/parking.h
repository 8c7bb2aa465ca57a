// Where connections wait without a thread of their own: for a request, for its answer, for the client to take it, or to
// hang up.
//
//   accept ──> idle ──> head ──> [body] ──> served here ──────────────> idle again
//                                  │            └──> answer ──┘ (leaving: the client has ended its half)
//                                  └──> a worker ──> park(), await_answer(), finish_sending(), farewell()
//
// One thread with one epoll set accepts connections, collects heads and small bodies, serves the requests whose
// handlers finish later, sends what their answers become, and ends what takes too long. It never blocks: whatever may
// is handed to `submit` with its connection, which comes back through one of the calls. Answers that become ready
// together are sent in one round.
//
// Waiting costs no processor time: each kind of waiting has one fixed time-out, so its connections queue in the order
// of their deadlines, and only the first of each queue is ever looked at.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "net/http/connection.h"
#include "net/http/dispatcher.h"
#include "net/http/exchange.h"
#include "net/http/options.h"
#include "net/http/problem.h"
#include "net/http/socket.h"

namespace timestore::http {

class ParkingLot {
 public:
  using Submit = std::function<void(Job)>;

  // `queue` is where the exchanges of `dispatcher` come whose answers can be made; it wakes this thread.
  ParkingLot(const Options& options, Dispatcher& dispatcher, AnswerQueue& queue, Submit submit)
      : options_(options), dispatcher_(dispatcher), queue_(queue), submit_(std::move(submit)) {}
  ~ParkingLot();
  ParkingLot(const ParkingLot&) = delete;
  ParkingLot& operator=(const ParkingLot&) = delete;

  // Starts accepting from `listener`, on a thread of its own.
  [[nodiscard]] Result<void> open(Descriptor listener);

  // ---- any thread, from here on
  void wake();
  void park(std::unique_ptr<Connection> connection);  // waits for the next request
  void await_answer(Job job);                         // its handler finishes later
  void finish_sending(Job job);                       // sends what Exchange::unsent holds
  void farewell(
      std::unique_ptr<Connection> connection);  // sends no more, drops what still comes, until the client ends

  // Takes no more connections and closes those waiting for a request; the others go on.
  void close_entrance();
  // After close_entrance(): until no answer is waited for here; false at the deadline.
  [[nodiscard]] bool await_answers(Clock::time_point deadline);
  [[nodiscard]] bool awaits_answers();
  // After that, and once nobody will call again: ends with the last farewell, at the latest at `deadline`. Whoever
  // still waits for an answer is told that the client has gone.
  void close(Clock::time_point deadline);

  [[nodiscard]] std::size_t open_connections() const { return open_connections_; }

 private:
  enum class Kind : unsigned char { kIdle, kHead, kBody, kAnswer, kLeaving, kSending, kFarewell };
  static constexpr std::size_t kKinds = 7;
  // A connection that is here. The thread's own once it is watched; the place in its queue is guarded by the lock.
  struct Stay {
    std::unique_ptr<Connection> connection;
    std::shared_ptr<Exchange> exchange;  // its request, from the complete head to the end of the answer
    Kind kind = Kind::kIdle;
    Clock::time_point deadline{};
    Clock::time_point blocked_since{};  // of kSending
    bool has_unread = false;            // more may have arrived than was received
    bool has_ended = false;             // the client has ended its half; that has perhaps not been received yet
    bool is_again = false;              // stands in again_
    std::list<Stay>::iterator place{};
  };
  using Queue = std::list<Stay>;
  enum class Phase : unsigned char { kOpen, kEntranceClosed, kClosing };

  void run();
  void accept_new();
  bool make_room();
  void turn_away(Descriptor socket);
  void pause_accepting();
  void resume_accepting();
  void wake_up(Stay& stay, std::uint32_t events);
  bool receive(Stay& stay);
  void discard(Stay& stay);
  void end_late_stays();
  void end_late(Stay& stay);
  void leave_when_told();
  bool is_done();
  int milliseconds_to_next_deadline();

  // parking_requests.cc: what becomes of a request here
  void go_on(Stay& stay);
  bool serve(Stay& stay);
  bool send(Stay& stay, Response response);
  void send_more(Stay& stay);
  bool end_exchange(Stay& stay, Fate fate);
  void refuse(Stay& stay, const Problem& problem);
  void take_answers();
  void come_back_to(Stay& stay);
  void take_again();
  void hand_over(Stay& stay);
  void lose(Stay& stay);

  // Lists and epoll.
  Stay* add(Job job, Kind kind);        // null: the entrance is closed
  bool wait_as(Stay& stay, Kind kind);  // false: the entrance is closed, and it has gone
  Stay take_out(Stay& stay);
  enum class Watch : unsigned char { kNew, kAgain, kSpaceToo };
  void watch(Stay& stay, Watch how);
  void unwatch(const Stay& stay);
  Queue& queue_of(Kind kind) { return queues_[static_cast<std::size_t>(kind)]; }
  bool has_answers();
  Clock::time_point deadline_of(Kind kind, Clock::time_point now) const;

  const Options& options_;
  Dispatcher& dispatcher_;
  AnswerQueue& queue_;
  const Submit submit_;
  std::atomic<std::size_t> open_connections_{0};  // Outlives the connections below.

  Descriptor epoll_;
  Descriptor interrupt_;  // An eventfd; see wake().
  Descriptor listener_;   // The thread's own, like the next.
  std::optional<Clock::time_point> accept_again_at_;

  std::mutex mutex_;  // Guards what follows.
  std::condition_variable answered_;
  std::array<Queue, kKinds> queues_;
  std::vector<Stay*> again_;      // whose input holds another request
  bool is_handing_over_ = false;  // a connection is on its way to a worker
  bool have_idle_left_ = true;    // since the entrance was closed; nobody is there before the thread runs
  Phase phase_ = Phase::kOpen;
  Clock::time_point closing_deadline_{};

  std::thread thread_;
};

}  // namespace timestore::http
