// How connections stand in the queues of the parking lot.
#include <sys/epoll.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "net/http/parking.h"

namespace timestore::http {
namespace {

constexpr std::size_t kMaxFarewells = 1024;

Problem too_slow() { return {.kind = ProblemKind::kTimeout, .detail = "The request did not arrive in time."}; }

}  // namespace

// Any thread, with the lock. From here on the stay belongs to the lot's thread.
ParkingLot::Stay* ParkingLot::add(Job job, Kind kind) {
  if (phase_ != Phase::kOpen && kind == Kind::kIdle) return nullptr;
  Queue& queue = queue_of(kind);
  // The thread sleeps until the earliest deadline it knows: only the first of a queue can be an earlier one.
  const bool first = queue.empty();
  const auto now = Clock::now();
  Stay& stay = queue.emplace_back();
  stay.connection = std::move(job.connection);
  stay.exchange = std::move(job.exchange);
  stay.kind = kind;
  stay.deadline = deadline_of(kind, now);
  stay.blocked_since = now;
  stay.place = std::prev(queue.end());
  stay.connection->release_buffer();
  watch(stay, Watch::kNew);
  if (first) wake();
  return &stay;
}

bool ParkingLot::wait_as(Stay& stay, Kind kind) {
  stay.connection->release_buffer();
  const bool goes_on_waiting = stay.kind == kind && (kind == Kind::kHead || kind == Kind::kBody);
  if (goes_on_waiting) return true;
  {
    const std::scoped_lock lock(mutex_);
    if (phase_ == Phase::kOpen || (kind != Kind::kIdle && kind != Kind::kHead)) {
      Queue& queue = queue_of(kind);
      queue.splice(queue.end(), queue_of(stay.kind), stay.place);
      stay.kind = kind;
      stay.deadline = deadline_of(kind, Clock::now());
      if (phase_ != Phase::kOpen) answered_.notify_all();
      return true;
    }
  }
  take_out(stay);
  return false;
}

ParkingLot::Stay ParkingLot::take_out(Stay& stay) {
  const std::scoped_lock lock(mutex_);
  if (stay.is_again) std::erase(again_, &stay);
  if (stay.exchange) stay.exchange->stay = nullptr;
  Stay taken = std::move(stay);
  queue_of(taken.kind).erase(taken.place);
  if (phase_ != Phase::kOpen) answered_.notify_all();
  return taken;
}

void ParkingLot::watch(Stay& stay, Watch how) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  if (how == Watch::kSpaceToo) event.events |= EPOLLOUT;
  event.data.ptr = &stay;
  epoll_ctl(epoll_.number(), how == Watch::kNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, stay.connection->socket(), &event);
}

void ParkingLot::unwatch(const Stay& stay) {
  epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, stay.connection->socket(), nullptr);
}

void ParkingLot::end_late_stays() {
  resume_accepting();
  const auto now = Clock::now();
  std::vector<Stay*> late;
  {
    const std::scoped_lock lock(mutex_);
    for (Queue& queue : queues_) {
      for (Stay& stay : queue) {
        if (stay.deadline > now) break;
        late.push_back(&stay);
      }
    }
    Queue& farewells = queue_of(Kind::kFarewell);
    if (farewells.size() > kMaxFarewells && farewells.front().deadline > now) late.push_back(&farewells.front());
  }
  for (Stay* stay : late) end_late(*stay);
}

void ParkingLot::end_late(Stay& stay) {
  switch (stay.kind) {
    case Kind::kIdle:
    case Kind::kFarewell:
      take_out(stay);
      return;
    case Kind::kHead:
      return refuse(stay, too_slow());
    case Kind::kBody:
      static_cast<void>(send(stay, dispatcher_.give_up(*stay.exchange)));
      return;
    case Kind::kAnswer:
      return;  // Unreachable: whoever answers has the deadline.
    case Kind::kLeaving:
      return lose(stay);
    case Kind::kSending: {
      const auto now = Clock::now();
      stay.connection->note_waited(now - std::exchange(stay.blocked_since, now));
      if (stay.connection->patience().count() > 0) {
        static_cast<void>(wait_as(stay, Kind::kSending));
      } else {
        take_out(stay);
      }
      return;
    }
  }
}

int ParkingLot::milliseconds_to_next_deadline() {
  const std::scoped_lock lock(mutex_);
  auto next = accept_again_at_;
  const auto consider = [&next](Clock::time_point deadline) { next = next ? std::min(*next, deadline) : deadline; };
  for (const Queue& queue : queues_) {
    if (!queue.empty()) consider(queue.front().deadline);
  }
  if (phase_ == Phase::kClosing) consider(closing_deadline_);
  if (!again_.empty()) return 0;
  if (!next || *next == Clock::time_point::max()) return -1;
  // Rounded up, lest we wake before the deadline and find nothing to do.
  const auto whole = std::chrono::ceil<Milliseconds>(*next - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(whole, 0, 60'000));
}

Clock::time_point ParkingLot::deadline_of(Kind kind, Clock::time_point now) const {
  switch (kind) {
    case Kind::kIdle:
      return now + options_.idle_timeout;
    case Kind::kHead:
      return now + options_.head_timeout;
    case Kind::kBody:
      return now + options_.body_timeout;
    case Kind::kAnswer:
      return Clock::time_point::max();  // Whoever answers has one.
    case Kind::kLeaving:
      return now + options_.half_closed_timeout;
    case Kind::kSending:
      return now + options_.write_timeout;
    case Kind::kFarewell:
      return now + options_.farewell_timeout;
  }
  return now;  // Unreachable: the switch names every kind.
}

}  // namespace timestore::http
