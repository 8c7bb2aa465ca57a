// What becomes of a request in the parking lot.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http/parking.h"

namespace timestore::http {
namespace {

// Requests of one connection that are served in a row; then the others have their turn.
constexpr int kServedInARow = 16;

Problem head_too_long(std::size_t max_bytes) {
  return {.kind = ProblemKind::kHeadersTooLarge,
          .detail = "The request line and headers may have at most " + std::to_string(max_bytes) + " bytes."};
}

Problem bare_line_break() {
  return {.kind = ProblemKind::kBadRequest,
          .detail = "The lines of a request's head end with CR LF, and one has a CR or LF by itself."};
}

Problem not_http() { return {.kind = ProblemKind::kBadRequest, .detail = "This is not HTTP/1.1."}; }

}  // namespace

// Takes the connection as far as what has arrived allows. Afterwards it waits for something, or is gone.
void ParkingLot::go_on(Stay& stay) {
  for (int served = 0;;) {
    if (stay.exchange) {
      if (!serve(stay)) return;
      if (stay.exchange == nullptr && ++served == kServedInARow) {
        if (wait_as(stay, Kind::kIdle)) come_back_to(stay);
        return;
      }
      continue;
    }
    const HeadState head = stay.connection->examine_head();
    switch (head) {
      case HeadState::kNone:
      case HeadState::kPartial:
        if (!stay.has_unread) {
          static_cast<void>(wait_as(stay, head == HeadState::kNone ? Kind::kIdle : Kind::kHead));
          return;
        }
        if (!receive(stay)) return;
        break;
      case HeadState::kComplete:
        stay.exchange = dispatcher_.open(*stay.connection);
        break;
      case HeadState::kTooLong:
        return refuse(stay, head_too_long(options_.max_head_bytes));
      case HeadState::kNotHttp:
        return refuse(stay, not_http());
      case HeadState::kBareLineBreak:
        return refuse(stay, bare_line_break());
    }
  }
}

void ParkingLot::come_back_to(Stay& stay) {
  const std::scoped_lock lock(mutex_);
  if (!std::exchange(stay.is_again, true)) again_.push_back(&stay);
}

// Those who stand there now. Each only ends or moves itself.
void ParkingLot::take_again() {
  std::vector<Stay*> stays;
  {
    const std::scoped_lock lock(mutex_);
    stays.swap(again_);
    for (Stay* stay : stays) stay->is_again = false;
  }
  for (Stay* stay : stays) {
    if (stay->kind == Kind::kIdle) go_on(*stay);  // otherwise it has gone on already
  }
}

// Serves the request of stay.exchange as far as that needs no waiting. True: go on with what its input holds now.
bool ParkingLot::serve(Stay& stay) {
  switch (dispatcher_.needs_of(*stay.exchange, *stay.connection)) {
    case Dispatcher::Needs::kBody:
      if (stay.has_unread) return receive(stay);
      static_cast<void>(wait_as(stay, Kind::kBody));
      return false;
    case Dispatcher::Needs::kWorker:
      hand_over(stay);
      return false;
    case Dispatcher::Needs::kNothing:
      break;
  }
  auto response = dispatcher_.begin(*stay.connection, *stay.exchange);
  if (response) return send(stay, std::move(*response));
  // What finishes it comes through the queue, which only this thread empties.
  stay.exchange->stay = &stay;
  static_cast<void>(wait_as(stay, stay.has_ended ? Kind::kLeaving : Kind::kAnswer));
  return false;
}

// True: all of the answer is sent, and the connection may have its next request.
bool ParkingLot::send(Stay& stay, Response response) {
  const Message message = dispatcher_.compose(*stay.exchange, std::move(response));
  std::string_view head = message.head;
  std::string_view body = message.body;
  stay.connection->begin_answer();
  switch (stay.connection->send_now(head, body)) {
    case Sending::kSent:
      return end_exchange(stay, dispatcher_.fate_after(*stay.exchange));
    case Sending::kFailed:
      take_out(stay);
      return false;
    case Sending::kBlocked:
      break;
  }
  stay.exchange->unsent.assign(head).append(body);
  stay.blocked_since = Clock::now();
  if (wait_as(stay, Kind::kSending)) watch(stay, Watch::kSpaceToo);
  return false;
}

void ParkingLot::send_more(Stay& stay) {
  const auto now = Clock::now();
  stay.connection->note_waited(now - std::exchange(stay.blocked_since, now));
  const std::string& unsent = stay.exchange->unsent;
  std::string_view rest = std::string_view(unsent).substr(stay.exchange->sent_bytes);
  std::string_view nothing;
  switch (stay.connection->send_now(rest, nothing)) {
    case Sending::kSent:
      if (end_exchange(stay, dispatcher_.fate_after(*stay.exchange))) go_on(stay);
      return;
    case Sending::kFailed:
      take_out(stay);
      return;
    case Sending::kBlocked:
      stay.exchange->sent_bytes = unsent.size() - rest.size();
      return;
  }
}

bool ParkingLot::end_exchange(Stay& stay, Fate fate) {
  stay.exchange.reset();
  switch (fate) {
    case Fate::kKeep:
      return true;
    case Fate::kFarewell:
      stay.connection->finish_sending();
      if (wait_as(stay, Kind::kFarewell)) watch(stay, Watch::kAgain);
      return false;
    case Fate::kClose:
      take_out(stay);
      return false;
  }
  return false;
}

void ParkingLot::refuse(Stay& stay, const Problem& problem) {
  stay.connection->say_now(problem.to_message());
  end_exchange(stay, Fate::kFarewell);
}

// Many at once: a turn of whoever answers ends many waits together.
void ParkingLot::take_answers() {
  for (const auto& exchange : queue_.take()) {
    Stay* stay = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      stay = static_cast<Stay*>(exchange->stay);
      if (stay == nullptr) exchange->is_ready = true;  // await_answer() is still to come, or the client has gone
    }
    if (stay == nullptr) continue;
    if (exchange->where() == Where::kOnWorker) {
      hand_over(*stay);
      continue;
    }
    exchange->stay = nullptr;
    if (send(*stay, dispatcher_.finish(*exchange))) go_on(*stay);
  }
}

// On its way it stands nowhere, and whoever waits for all answers must not believe that it is none of them.
void ParkingLot::hand_over(Stay& stay) {
  unwatch(stay);  // From here on its connection may go at any time.
  {
    const std::scoped_lock lock(mutex_);
    is_handing_over_ = true;
  }
  Stay taken = take_out(stay);
  submit_({std::move(taken.connection), std::move(taken.exchange)});
  const std::scoped_lock lock(mutex_);
  is_handing_over_ = false;
  if (phase_ != Phase::kOpen) answered_.notify_all();
}

// The client has gone before its answer came.
void ParkingLot::lose(Stay& stay) {
  const Stay taken = take_out(stay);
  taken.exchange->go();
}

}  // namespace timestore::http
