#include "engine/client/edge_keeper.h"

#include <algorithm>

#include "engine/base/mark.h"
#include "engine/client/write.h"

namespace timestore::client {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kHourNs = 3600 * kSecondNs;

}  // namespace

std::int64_t edge_step(std::int64_t max_age_ns) { return std::clamp(max_age_ns / 100, kSecondNs, kHourNs); }

std::optional<RetentionOrder> due_order(const Retention& applied, std::int64_t now_ns) {
  if (applied.max_age_ns == kForEver) return std::nullopt;
  const std::int64_t edge_ns = edge_at(now_ns, applied.max_age_ns);
  const std::int64_t step_ns = edge_step(applied.max_age_ns);
  if (edge_ns <= applied.edge_ns) return std::nullopt;
  const bool is_far = edge_ns >= kNoEdge + step_ns && edge_ns - step_ns >= applied.edge_ns;
  if (applied.edge_ns != kNoEdge && !is_far) return std::nullopt;
  return RetentionOrder{.sets_age = false, .max_age_ns = applied.max_age_ns, .edge_ns = edge_ns};
}

void EdgeKeeper::look(replica::Replica& replica, const Retention& applied, std::int64_t now_ns) {
  if (*is_on_its_way_ || !replica.is_leader()) return;
  const auto order = due_order(applied, now_ns);
  if (!order) return;
  *is_on_its_way_ = true;
  submit(replica, *order, [is_on_its_way = is_on_its_way_](const WriteEnd& end) {
    *is_on_its_way = false;
    if (end.kind == WriteEnd::Kind::kApplied) TIMESTORE_MARK("retention: a leader moved the edge on");
  });
}

}  // namespace timestore::client
