#include "net/http/exchange.h"

#include <utility>

#include "engine/base/check.h"

namespace timestore::http {

void Exchange::finish(MakeAnswer make, Where where) {
  std::function<void()> unused;  // It may hold what holds this exchange, so it goes; without the lock.
  {
    const std::scoped_lock lock(mutex_);
    TIMESTORE_CHECK(!is_finished_, "a request is answered once");
    is_finished_ = true;
    unused = std::exchange(tell_gone_, nullptr);
    if (is_gone_) return;
    make_ = std::move(make);
    where_ = where;
  }
  queue_->push(shared_from_this());
}

void Exchange::when_gone(std::function<void()> tell) {
  if (!tell) return;
  {
    const std::scoped_lock lock(mutex_);
    if (is_finished_) return;
    if (!is_gone_) {
      tell_gone_ = std::move(tell);
      return;
    }
  }
  tell();
}

void Exchange::go() {
  std::function<void()> tell;
  {
    const std::scoped_lock lock(mutex_);
    is_gone_ = true;
    tell = std::exchange(tell_gone_, nullptr);
  }
  if (tell) tell();
}

bool Exchange::is_finished() const {
  const std::scoped_lock lock(mutex_);
  return is_finished_;
}

void AnswerQueue::push(std::shared_ptr<Exchange> exchange) {
  const std::scoped_lock lock(mutex_);
  if (is_closed_) return;
  exchanges_.push_back(std::move(exchange));
  if (std::exchange(is_sleeping_, false)) wake_();
}

std::vector<std::shared_ptr<Exchange>> AnswerQueue::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(exchanges_, {});
}

bool AnswerQueue::may_sleep() {
  const std::scoped_lock lock(mutex_);
  is_sleeping_ = exchanges_.empty();
  return is_sleeping_;
}

void AnswerQueue::close() {
  const std::scoped_lock lock(mutex_);
  is_closed_ = true;
  exchanges_.clear();
}

struct Reply::Debt {
  explicit Debt(std::shared_ptr<Exchange> owed) : exchange(std::move(owed)) {}
  ~Debt() {
    if (exchange->is_finished()) return;
    exchange->finish(
        [](const Request&, Response& response) {
          Problem{.kind = ProblemKind::kInternal, .detail = "The server failed to answer this request."}.write_to(
              response);
        },
        Where::kHere);
  }
  Debt(const Debt&) = delete;
  Debt& operator=(const Debt&) = delete;

  const std::shared_ptr<Exchange> exchange;
};

Reply::Reply(std::shared_ptr<Exchange> exchange) : debt_(std::make_shared<Debt>(std::move(exchange))) {}

void Reply::finish(MakeAnswer make) const { debt_->exchange->finish(std::move(make), Where::kHere); }

void Reply::finish_on_worker(MakeAnswer make) const { debt_->exchange->finish(std::move(make), Where::kOnWorker); }

void Reply::when_gone(std::function<void()> tell) const { debt_->exchange->when_gone(std::move(tell)); }

}  // namespace timestore::http
