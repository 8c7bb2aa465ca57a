#include "sim/clients/janitor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/base/mark.h"
#include "engine/client/write.h"
#include "sim/words/wall_clock.h"

namespace timestore::sim {

Janitor::Janitor(World& world, Front* front, const JanitorOptions& options, Choices& choices)
    : world_(world), front_(front), options_(options), choices_(choices.stream("retention")) {
  for (std::size_t number = 0; number < world.size(); ++number) {
    Stream clock = choices.stream("retention.clock", number);
    const std::uint64_t way = clock.below(3);  // right, slow or fast
    const auto skew = nanoseconds(clock.between(0, kMaxSkew));
    nodes_.push_back({.keeper = {}, .skew_ns = way == 0 ? 0 : way == 1 ? -skew : skew});
  }
}

void Janitor::begin() {
  if (options_.pause == 0) return;
  plan_order();
  for (std::size_t node = 0; node < nodes_.size(); ++node) plan_look(node);
}

std::int64_t Janitor::clock(std::size_t node) const { return wall_ns(world_.now()) + nodes_[node].skew_ns; }

// ---------------------------------------------------------------------------------------------------- the edge

void Janitor::plan_look(std::size_t node) {
  world_.after(client::kEdgePeriodMs * kMillisecond, [this, node] {
    if (is_done_) return;
    look(node);
    plan_look(node);
  });
}

void Janitor::look(std::size_t number) {
  if (!world_.cluster().is_up(number)) return;
  Node& node = nodes_[number];
  if (std::exchange(node.life, world_.cluster().life(number)) != world_.cluster().life(number)) node.keeper = {};
  if (must_reach_ns_ != 0 && has_followed(number)) {
    is_done_ = true;
    return;
  }
  node.keeper.look(world_.cluster()[number], world_.cluster().retention(number), clock(number));
  world_.wake(number);
}

// A leader that has applied what was ordered before.
bool Janitor::has_followed(std::size_t node) const {
  const raft::State& core = world_.cluster().core(node);
  if (!core.is_leader() || core.applied < world_.cluster().oracle().committed()) return false;
  const Retention& now = world_.cluster().retention(node);
  if (now.max_age_ns == kForEver) return true;
  const std::int64_t late = client::edge_step(now.max_age_ns) + nanoseconds(2 * kMaxSkew);
  return now.edge_ns >= must_reach_ns_ - now.max_age_ns - late;
}

void Janitor::end() {
  rest();
  must_reach_ns_ = wall_ns(world_.now());
}

// ---------------------------------------------------------------------------------------------------- ages

void Janitor::plan_order() {
  Stream choices = choices_.on(++occasion_);
  const Time pause = choices.between(options_.pause / 6, options_.pause);  // before the copy below, with every compiler
  world_.after(pause, [this, choices] {
    if (is_resting_) return;
    order(choices);
    plan_order();
  });
}

void Janitor::order(Stream choices) {
  const std::uint64_t kind = choices.below(8);
  const std::uint64_t whom = choices.below(2 * world_.size());
  const auto leader = world_.cluster().leader();
  const bool is_anybody = whom < world_.size() || !leader;
  const std::size_t node = is_anybody ? whom % world_.size() : *leader;
  if (!world_.cluster().is_up(node)) return;
  const Time age = kind == 7 ? 0 : kind == 6 ? 10 * options_.span : kind >= 4 ? options_.span / 2 : options_.span;
  const std::int64_t max_age_ns = age == 0 ? kForEver : std::max(nanoseconds(age), kMinAge);
  const auto errand = [this, max_age_ns](std::size_t at, const std::function<void(bool)>& end) {
    submit(at, max_age_ns, end);
  };
  if (front_ != nullptr) return front_->run(node, errand, world_.now() + client::kErrandTime);
  errand(node, [](bool) {});
}

void Janitor::submit(std::size_t node, std::int64_t max_age_ns, const std::function<void(bool)>& end) {
  const RetentionOrder order{.sets_age = true, .max_age_ns = max_age_ns, .edge_ns = edge_at(clock(node), max_age_ns)};
  world_.note(node, "is told for how long points are kept", age_text(max_age_ns));
  client::submit(world_.cluster()[node], order, [this, node, end](const client::WriteEnd& how) {
    const bool is_applied = how.kind == client::WriteEnd::Kind::kApplied;
    if (is_applied) TIMESTORE_MARK("retention: an age was set");
    if (is_applied) world_.note(node, "has set how long points are kept");
    if (how.kind == client::WriteEnd::Kind::kTooEarly) TIMESTORE_MARK("retention: a member may not know it yet");
    end(how.kind != client::WriteEnd::Kind::kNotLeader);
  });
  world_.wake(node);
  look(node);  // an edge that still follows from the age before may come behind the new one
}

}  // namespace timestore::sim
