// Runs what the parts of a replica do on its lanes, and knows whether anything has failed there: then the replica is
// finished.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "engine/base/mark.h"
#include "engine/base/result.h"
#include "engine/replica/ports.h"

namespace timestore::replica {

class Jobs {
 public:
  // `failed` hears of each failure, after it is known here.
  Jobs(Lanes& lanes, std::function<void()> failed) : lanes_(lanes), failed_(std::move(failed)) {}

  // Does `work`, which returns a Result, on a lane and goes on with `then` here. An error is a failure instead.
  template <typename Work, typename Then>
  void run(Lane lane, Work work, Then then) {
    auto outcome = std::make_shared<std::optional<std::invoke_result_t<Work>>>();
    Job job;
    job.work = [work = std::move(work), outcome]() mutable { outcome->emplace(work()); };
    job.done = [this, then = std::move(then), outcome]() mutable {
      if (!outcome->value()) return fail(outcome->value().error());
      then(std::move(outcome->value()));
    };
    lanes_.run(lane, std::move(job));
  }

  void fail(Error error) {
    if (!failure_) TIMESTORE_MARK("replica: a replica ended");
    if (!failure_) failure_ = std::move(error);
    failed_();
  }

  const std::optional<Error>& failure() const { return failure_; }  // the first

 private:
  Lanes& lanes_;
  std::function<void()> failed_;
  std::optional<Error> failure_;
};

}  // namespace timestore::replica
