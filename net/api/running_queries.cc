#include "net/api/running_queries.h"

#include <utility>

#include "net/base/log.h"

namespace timestore::net {

namespace {
constexpr std::chrono::seconds kSlow{1};
}  // namespace

RunningQueries::Query::Query(RunningQueries& all, std::string target, std::string client, Deadline deadline)
    : all_(all), target_(std::move(target)), client_(std::move(client)), deadline_(deadline) {
  const std::lock_guard lock(all_.mutex_);
  id_ = ++all_.last_id_;
  place_ = all_.running_.insert(all_.running_.end(), this);
}

RunningQueries::Query::~Query() {
  {
    const std::lock_guard lock(all_.mutex_);
    all_.running_.erase(place_);
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_);
  if (took < kSlow || may_take_long_) return;
  log_warning("A query of " + client_ + " took " + std::to_string(took.count()) + " ms: " + target_);
}

std::vector<RunningQueries::Seen> RunningQueries::list() const {
  std::vector<Seen> seen;
  const std::lock_guard lock(mutex_);
  for (const Query* query : running_) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - query->begun_);
    seen.push_back({.id = query->id_, .target = query->target_, .client = query->client_, .elapsed = elapsed});
  }
  return seen;
}

bool RunningQueries::end(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  for (Query* query : running_) {
    if (query->id_ != id) continue;
    query->is_ended_ = true;
    return true;
  }
  return false;
}

}  // namespace timestore::net
