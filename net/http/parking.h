// Where connections wait without a thread of their own: for a request's whole head, or for the client to hang up.
//
// One thread with one epoll set accepts connections, collects heads, and ends what takes too long. A connection with a
// complete head is handed to `ready` and leaves; it comes back through park() or farewell(). Waiting costs no processor
// time: each kind of waiting has one fixed time-out, so its connections queue in the order of their deadlines, and only
// the first of each queue is ever looked at.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "engine/base/result.h"
#include "net/http/connection.h"
#include "net/http/options.h"
#include "net/http/problem.h"
#include "net/http/socket.h"

namespace timestore::http {

class ParkingLot {
 public:
  using Ready = std::function<void(std::unique_ptr<Connection>)>;

  ParkingLot(const Options& options, Ready ready) : options_(options), ready_(std::move(ready)) {}
  ~ParkingLot();
  ParkingLot(const ParkingLot&) = delete;
  ParkingLot& operator=(const ParkingLot&) = delete;

  // Starts accepting from `listener`, on a thread of its own.
  [[nodiscard]] Result<void> open(Descriptor listener);

  // Waits for the next request; one that has arrived already is handed on at once. Any thread.
  void park(std::unique_ptr<Connection> connection);

  // Sends no more, drops what the client still sends, and closes when it hangs up or takes too long. Any thread.
  void farewell(std::unique_ptr<Connection> connection);

  // Takes no more connections and closes those waiting for a request; farewells go on.
  void close_entrance();

  // After close_entrance(), and once nobody will call again: ends with the last farewell, at the latest at `deadline`.
  void close(Clock::time_point deadline);

  [[nodiscard]] std::size_t open_connections() const { return open_connections_; }

 private:
  enum class Kind { kIdle, kHead, kFarewell };
  struct Stay {
    std::unique_ptr<Connection> connection;
    Kind kind;
    Clock::time_point deadline;
    std::list<Stay>::iterator place;
  };
  using Queue = std::list<Stay>;
  enum class Phase { kOpen, kEntranceClosed, kClosing };

  void run();
  void accept_new();
  bool make_room();
  void turn_away(Descriptor socket);
  void pause_accepting();
  void resume_accepting();

  void wake_up(Stay& stay);
  void settle(std::unique_ptr<Connection> connection);
  void refuse(std::unique_ptr<Connection> connection, const Problem& problem);
  void wait(std::unique_ptr<Connection> connection, Kind kind);
  void watch(Stay& stay);
  std::unique_ptr<Connection> take_out(Stay& stay);

  void end_late_stays();
  void leave_when_told();
  bool is_done();
  int milliseconds_to_next_deadline();
  Queue& queue_of(Kind kind) { return queues_[static_cast<std::size_t>(kind)]; }
  Milliseconds timeout_of(Kind kind) const;
  void interrupt();

  const Options& options_;
  const Ready ready_;
  std::atomic<std::size_t> open_connections_{0};  // Outlives the connections below.

  Descriptor epoll_;
  Descriptor interrupt_;  // An eventfd.
  Descriptor listener_;   // The thread's own, like the next.
  std::optional<Clock::time_point> accept_again_at_;

  std::mutex mutex_;  // Guards what follows.
  std::array<Queue, 3> queues_;
  Phase phase_ = Phase::kOpen;
  Clock::time_point closing_deadline_{};

  std::thread thread_;
};

}  // namespace timestore::http
