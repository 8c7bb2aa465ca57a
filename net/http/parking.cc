#include "net/http/parking.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace timestore::http {
namespace {

// At once, so that many newcomers do not keep the others waiting.
constexpr int kAcceptedAtOnce = 64;
constexpr Milliseconds kAcceptPause{100};

Problem too_busy() {
  return {.kind = ProblemKind::kUnavailable, .detail = "Too many connections are open.", .retry_after_seconds = 1};
}

// For the listener and the interrupt; connections are told apart by the address of their Stay.
bool add_to(const Descriptor& epoll, Descriptor& watched, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  return epoll_ctl(epoll.number(), EPOLL_CTL_ADD, watched.number(), &event) == 0;
}

void set_events(const Descriptor& epoll, Descriptor& watched, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  epoll_ctl(epoll.number(), EPOLL_CTL_MOD, watched.number(), &event);
}

}  // namespace

ParkingLot::~ParkingLot() {
  close_entrance();
  close(Clock::now());
}

Result<void> ParkingLot::open(Descriptor listener) {
  listener_ = std::move(listener);
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  interrupt_ = Descriptor(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  const bool watched = epoll_.is_open() && interrupt_.is_open() && add_to(epoll_, listener_, EPOLLIN) &&
                       add_to(epoll_, interrupt_, EPOLLIN | EPOLLONESHOT);
  if (!watched) return fail(std::string("Cannot watch sockets: ") + std::strerror(errno) + ".");
  have_idle_left_ = false;
  thread_ = std::thread([this] { run(); });
  return {};
}

void ParkingLot::run() {
  std::array<epoll_event, 128> events;
  while (!is_done()) {
    const bool may_sleep = queue_.may_sleep();
    const int count = epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()),
                                 may_sleep ? milliseconds_to_next_deadline() : 0);
    bool newcomers = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == &listener_) {
        newcomers = true;
      } else if (event.data.ptr != &interrupt_) {
        wake_up(*static_cast<Stay*>(event.data.ptr), event.events);
      }
    }
    // Only now may other stays end: an event above could have been theirs.
    take_answers();
    take_again();
    if (newcomers) accept_new();
    end_late_stays();
    leave_when_told();
  }
}

void ParkingLot::accept_new() {
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    Descriptor socket(accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.is_open()) {
      if (open_connections_ >= options_.max_connections && !make_room()) {
        turn_away(std::move(socket));
      } else {
        park(std::make_unique<Connection>(std::move(socket), options_, open_connections_));
      }
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    const bool exhausted = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (exhausted && !make_room()) return pause_accepting();
  }
}

// Ends the stay that is the least loss. False when every connection is being served.
bool ParkingLot::make_room() {
  for (const Kind kind : {Kind::kIdle, Kind::kHead, Kind::kFarewell}) {
    Stay* least = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      if (!queue_of(kind).empty()) least = &queue_of(kind).front();
    }
    if (least == nullptr) continue;
    take_out(*least);
    return true;
  }
  return false;
}

void ParkingLot::turn_away(Descriptor socket) {
  auto connection = std::make_unique<Connection>(std::move(socket), options_, open_connections_);
  connection->say_now(too_busy().to_message());
  farewell(std::move(connection));
}

// The listener stays readable while we have no descriptor to accept with; without a pause we would spin.
void ParkingLot::pause_accepting() {
  options_.log("No file descriptor is free for another connection; accepting pauses. Raise the limit (ulimit -n).");
  set_events(epoll_, listener_, 0);
  accept_again_at_ = Clock::now() + kAcceptPause;
}

void ParkingLot::resume_accepting() {
  if (!accept_again_at_ || Clock::now() < *accept_again_at_) return;
  accept_again_at_.reset();
  set_events(epoll_, listener_, EPOLLIN);
}

void ParkingLot::wake_up(Stay& stay, std::uint32_t events) {
  const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0 || is_broken) stay.has_unread = true;
  if ((events & EPOLLRDHUP) != 0 || is_broken) stay.has_ended = true;
  switch (stay.kind) {
    case Kind::kIdle:
    case Kind::kHead:
    case Kind::kBody:
      if (stay.has_unread && receive(stay)) go_on(stay);
      return;
    case Kind::kAnswer:
    case Kind::kLeaving:
      if (is_broken) return lose(stay);
      if (stay.has_ended && stay.kind == Kind::kAnswer) static_cast<void>(wait_as(stay, Kind::kLeaving));
      return;
    case Kind::kSending:
      return send_more(stay);
    case Kind::kFarewell:
      return discard(stay);
  }
}

// False: the client has hung up, and the stay is over.
bool ParkingLot::receive(Stay& stay) {
  const Input input = stay.connection->receive_now();
  if (input == Input::kClosed) {
    take_out(stay);
    return false;
  }
  // Each arrival is told of once (EPOLLET), so we must know whether we have received it all. An end that we were told
  // of comes after all else.
  stay.has_unread = input == Input::kArrived && (stay.connection->may_have_more() || stay.has_ended);
  return true;
}

void ParkingLot::discard(Stay& stay) {
  switch (stay.connection->discard_now()) {
    case Input::kArrived:
      return watch(stay, Watch::kAgain);  // for the rest, after the others
    case Input::kNothing:
      return;
    case Input::kClosed:
      take_out(stay);
      return;
  }
}

void ParkingLot::park(std::unique_ptr<Connection> connection) {
  const bool has_input = !connection->input().empty();
  const std::scoped_lock lock(mutex_);
  Stay* stay = add({std::move(connection), {}}, Kind::kIdle);
  if (stay == nullptr || !has_input) return;
  stay->is_again = true;  // Nobody will tell that what is here has arrived.
  again_.push_back(stay);
  wake();
}

void ParkingLot::await_answer(Job job) {
  const auto exchange = job.exchange;
  bool is_ready = false;
  {
    const std::scoped_lock lock(mutex_);
    exchange->stay = add(std::move(job), Kind::kAnswer);
    is_ready = exchange->is_ready;
  }
  if (is_ready) queue_.push(exchange);  // Once more, now that it has its connection.
}

void ParkingLot::finish_sending(Job job) {
  const std::scoped_lock lock(mutex_);
  Stay* stay = add(std::move(job), Kind::kSending);
  if (stay != nullptr) watch(*stay, Watch::kSpaceToo);
}

void ParkingLot::farewell(std::unique_ptr<Connection> connection) {
  connection->finish_sending();
  const std::scoped_lock lock(mutex_);
  add({std::move(connection), {}}, Kind::kFarewell);
}

void ParkingLot::close_entrance() {
  const std::scoped_lock lock(mutex_);
  phase_ = std::max(phase_, Phase::kEntranceClosed);
  wake();
}

void ParkingLot::leave_when_told() {
  std::vector<Stay*> idle;
  {
    const std::scoped_lock lock(mutex_);
    if (phase_ == Phase::kOpen) return;
    for (const Kind kind : {Kind::kIdle, Kind::kHead}) {
      for (Stay& stay : queue_of(kind)) idle.push_back(&stay);
    }
  }
  listener_.close();
  accept_again_at_.reset();
  for (Stay* stay : idle) take_out(*stay);
  const std::scoped_lock lock(mutex_);
  have_idle_left_ = true;
  answered_.notify_all();
}

// A request that the lot's thread has just taken up still stands where its connection was idle, until that thread has
// sent the idle ones away.
bool ParkingLot::has_answers() {
  return !have_idle_left_ || is_handing_over_ || !queue_of(Kind::kBody).empty() || !queue_of(Kind::kAnswer).empty() ||
         !queue_of(Kind::kLeaving).empty() || !queue_of(Kind::kSending).empty();
}

bool ParkingLot::awaits_answers() {
  const std::scoped_lock lock(mutex_);
  return has_answers();
}

bool ParkingLot::await_answers(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return answered_.wait_until(lock, deadline, [&] { return !has_answers(); });
}

void ParkingLot::close(Clock::time_point deadline) {
  {
    const std::scoped_lock lock(mutex_);
    phase_ = Phase::kClosing;
    closing_deadline_ = deadline;
    wake();
  }
  if (thread_.joinable()) thread_.join();
  queue_.close();
  for (Queue& queue : queues_) {
    for (const Stay& stay : queue) {
      if (stay.exchange) stay.exchange->go();
    }
    queue.clear();
  }
}

bool ParkingLot::is_done() {
  const std::scoped_lock lock(mutex_);
  return phase_ == Phase::kClosing && (queue_of(Kind::kFarewell).empty() || Clock::now() >= closing_deadline_);
}

// The eventfd is always readable, and told of once each time it is armed: nothing is written to it, and nothing read.
void ParkingLot::wake() { set_events(epoll_, interrupt_, EPOLLIN | EPOLLONESHOT); }

}  // namespace timestore::http
