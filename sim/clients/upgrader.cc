#include "sim/clients/upgrader.h"

#include <algorithm>
#include <string>

#include "engine/base/mark.h"

namespace timestore::sim {

namespace {
constexpr Time kUpgradePeriod = 300 * kMillisecond;
}

void Upgrader::begin() {
  if (options_.pause > 0) plan_next();
}

void Upgrader::plan_next() {
  Stream choices = choices_.on(++occasion_);
  const Time pause = choices.between(options_.pause / 6, options_.pause);  // before the copy below, with every compiler
  world_.after(pause, [this, choices] {
    if (is_over_) return;
    replace(choices);
    plan_next();
  });
}

void Upgrader::replace(Stream choices) {
  const std::size_t node = choices.below(world_.size());
  const bool is_back = choices.below(3) == 2;
  const auto step = static_cast<raft::Level>(choices.between(1, 2));
  const bool holds = choices.below(6) == 5;
  const bool is_patient = choices.below(2) == 1;
  const Time down = choices.between(0, options_.down);
  const Release now = world_.cluster().release(node);
  if (world_.is_gone(node) || now.level < (is_back ? 1 : 0)) return;
  const raft::Level level = is_back ? now.level - 1 : std::min(world_.options().newest_level, now.level + step);
  const raft::Level highest = world_.cluster().oracle().highest_level();
  if ((is_back && level < highest) || now == Release{level, holds}) return;
  if (is_back) TIMESTORE_MARK("upgrader: a node was put back before the level rose");
  world_.install(node, {.level = level, .holds_level = holds});
  if (!is_patient && world_.cluster().is_up(node)) world_.kill(node, down);
}

void Upgrader::end() {
  is_over_ = true;
  upgrade_next();
}

// One at a time, so that the others can go on.
void Upgrader::upgrade_next() {
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (world_.is_gone(node) || runs_newest(node)) continue;
    world_.install(node, {.level = world_.options().newest_level});
    if (world_.cluster().is_up(node)) world_.kill(node, 0);
    return world_.after(kUpgradePeriod, [this] { upgrade_next(); });
  }
}

// Or will when it starts.
bool Upgrader::runs_newest(std::size_t number) const {
  const Release newest{.level = world_.options().newest_level};
  if (world_.cluster().release(number) != newest) return false;
  return !world_.cluster().is_up(number) || world_.running(number) == newest;
}

bool Upgrader::is_done() const {
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (!world_.is_gone(node) && !runs_newest(node)) return false;
  }
  return true;
}

}  // namespace timestore::sim
