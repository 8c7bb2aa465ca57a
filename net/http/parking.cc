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
constexpr std::size_t kMaxFarewells = 1024;
constexpr Milliseconds kAcceptPause{100};

Problem too_slow() { return {.kind = ProblemKind::kTimeout, .detail = "The request did not arrive in time."}; }

Problem too_busy() {
  return {.kind = ProblemKind::kUnavailable, .detail = "Too many connections are open.", .retry_after_seconds = 1};
}

Problem head_too_long(std::size_t max_bytes) {
  return {.kind = ProblemKind::kHeadersTooLarge,
          .detail = "The request line and headers may have at most " + std::to_string(max_bytes) + " bytes."};
}

Problem bare_line_break() {
  return {.kind = ProblemKind::kBadRequest,
          .detail = "The lines of a request's head end with CR LF, and one has a CR or LF by itself."};
}

Problem not_http() { return {.kind = ProblemKind::kBadRequest, .detail = "This is not HTTP/1.1."}; }

// For the listener and the interrupt; connections are told apart by the address of their Stay.
bool add_to(const Descriptor& epoll, Descriptor& watched) {
  epoll_event event{};
  event.events = EPOLLIN;
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
  interrupt_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const bool watched =
      epoll_.is_open() && interrupt_.is_open() && add_to(epoll_, listener_) && add_to(epoll_, interrupt_);
  if (!watched) return fail(std::string("Cannot watch sockets: ") + std::strerror(errno) + ".");
  thread_ = std::thread([this] { run(); });
  return {};
}

void ParkingLot::run() {
  std::array<epoll_event, 128> events;
  while (!is_done()) {
    const int count =
        epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()), milliseconds_to_next_deadline());
    bool newcomers = false;
    for (int i = 0; i < count; ++i) {
      void* source = events[static_cast<std::size_t>(i)].data.ptr;
      if (source == &listener_) {
        newcomers = true;
      } else if (source == &interrupt_) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const ssize_t got = read(interrupt_.number(), &ignored, sizeof ignored);
      } else {
        wake_up(*static_cast<Stay*>(source));
      }
    }
    // Only now may other stays end: an event above could have been theirs.
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
        settle(std::make_unique<Connection>(std::move(socket), options_, open_connections_));
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
    std::unique_ptr<Connection> ended;
    const std::scoped_lock lock(mutex_);
    if (queue_of(kind).empty()) continue;
    ended = take_out(queue_of(kind).front());
    return true;
  }
  return false;
}

void ParkingLot::turn_away(Descriptor socket) {
  refuse(std::make_unique<Connection>(std::move(socket), options_, open_connections_), too_busy());
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

void ParkingLot::wake_up(Stay& stay) {
  std::unique_ptr<Connection> connection;
  {
    const std::scoped_lock lock(mutex_);
    Connection& woken = *stay.connection;
    const bool parting = stay.kind == Kind::kFarewell;
    const Input input = parting ? woken.discard_now() : woken.receive_now();
    // A head that grows keeps its stay, and so its deadline.
    const bool grows = stay.kind == Kind::kHead && woken.examine_head() == HeadState::kPartial;
    if (input != Input::kClosed && (parting || grows)) return watch(stay);
    connection = take_out(stay);
    if (input == Input::kClosed) return;
  }
  settle(std::move(connection));
}

void ParkingLot::park(std::unique_ptr<Connection> connection) { settle(std::move(connection)); }

// Puts a connection where its input says it belongs.
void ParkingLot::settle(std::unique_ptr<Connection> connection) {
  switch (connection->examine_head()) {
    case HeadState::kNone:
      connection->release_buffer();
      return wait(std::move(connection), Kind::kIdle);
    case HeadState::kPartial:
      return wait(std::move(connection), Kind::kHead);
    case HeadState::kComplete:
      return ready_(std::move(connection));
    case HeadState::kTooLong:
      return refuse(std::move(connection), head_too_long(options_.max_head_bytes));
    case HeadState::kNotHttp:
      return refuse(std::move(connection), not_http());
    case HeadState::kBareLineBreak:
      return refuse(std::move(connection), bare_line_break());
  }
}

void ParkingLot::refuse(std::unique_ptr<Connection> connection, const Problem& problem) {
  connection->send_now(problem.to_message());
  farewell(std::move(connection));
}

void ParkingLot::farewell(std::unique_ptr<Connection> connection) {
  connection->finish_sending();
  wait(std::move(connection), Kind::kFarewell);
}

void ParkingLot::wait(std::unique_ptr<Connection> connection, Kind kind) {
  const std::scoped_lock lock(mutex_);
  if (phase_ != Phase::kOpen && kind != Kind::kFarewell) return;
  Queue& queue = queue_of(kind);
  // The thread sleeps until the earliest deadline it knows: only the first of a queue can be an earlier one.
  const bool first = queue.empty();
  queue.push_back({std::move(connection), kind, Clock::now() + timeout_of(kind), {}});
  queue.back().place = std::prev(queue.end());
  watch(queue.back());
  if (first) interrupt();
}

void ParkingLot::watch(Stay& stay) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
  event.data.ptr = &stay;
  const int operation = stay.connection->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  stay.connection->is_watched = true;
  epoll_ctl(epoll_.number(), operation, stay.connection->socket(), &event);
}

std::unique_ptr<Connection> ParkingLot::take_out(Stay& stay) {
  auto connection = std::move(stay.connection);
  queue_of(stay.kind).erase(stay.place);
  return connection;
}

void ParkingLot::end_late_stays() {
  resume_accepting();
  const auto now = Clock::now();
  std::vector<std::unique_ptr<Connection>> slow;
  {
    const std::scoped_lock lock(mutex_);
    for (Queue& queue : queues_) {
      while (!queue.empty() && queue.front().deadline <= now) {
        const bool owes_request = queue.front().kind == Kind::kHead;
        auto connection = take_out(queue.front());
        if (owes_request) slow.push_back(std::move(connection));
      }
    }
    Queue& farewells = queue_of(Kind::kFarewell);
    while (farewells.size() > kMaxFarewells) take_out(farewells.front());
  }
  for (auto& connection : slow) refuse(std::move(connection), too_slow());
}

void ParkingLot::close_entrance() {
  const std::scoped_lock lock(mutex_);
  phase_ = std::max(phase_, Phase::kEntranceClosed);
  interrupt();
}

void ParkingLot::leave_when_told() {
  const std::scoped_lock lock(mutex_);
  if (phase_ == Phase::kOpen) return;
  listener_.close();
  accept_again_at_.reset();
  queue_of(Kind::kIdle).clear();
  queue_of(Kind::kHead).clear();
}

void ParkingLot::close(Clock::time_point deadline) {
  {
    const std::scoped_lock lock(mutex_);
    phase_ = Phase::kClosing;
    closing_deadline_ = deadline;
    interrupt();
  }
  if (thread_.joinable()) thread_.join();
  for (Queue& queue : queues_) queue.clear();
}

bool ParkingLot::is_done() {
  const std::scoped_lock lock(mutex_);
  return phase_ == Phase::kClosing && (queue_of(Kind::kFarewell).empty() || Clock::now() >= closing_deadline_);
}

int ParkingLot::milliseconds_to_next_deadline() {
  const std::scoped_lock lock(mutex_);
  auto next = accept_again_at_;
  const auto consider = [&next](Clock::time_point deadline) { next = next ? std::min(*next, deadline) : deadline; };
  for (const Queue& queue : queues_) {
    if (!queue.empty()) consider(queue.front().deadline);
  }
  if (phase_ == Phase::kClosing) consider(closing_deadline_);
  if (!next) return -1;
  // Rounded up, lest we wake before the deadline and find nothing to do.
  const auto whole = std::chrono::ceil<Milliseconds>(*next - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(whole, 0, 60'000));
}

Milliseconds ParkingLot::timeout_of(Kind kind) const {
  switch (kind) {
    case Kind::kIdle:
      return options_.idle_timeout;
    case Kind::kHead:
      return options_.head_timeout;
    case Kind::kFarewell:
      return options_.farewell_timeout;
  }
  return {};  // Unreachable: the switch names every kind.
}

void ParkingLot::interrupt() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the thread is being woken anyway; or before open(), with no thread.
  [[maybe_unused]] const ssize_t written = write(interrupt_.number(), &one, sizeof one);
}

}  // namespace timestore::http
