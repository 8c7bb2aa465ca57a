#include "sim/faults/injector.h"

#include <algorithm>

namespace timestore::sim {

Time Injector::election() const {
  const WorldOptions& options = world_.options();
  return options.tick * options.cluster.raft.election_ticks_max;
}

Time Injector::length(Stream& choices, std::uint32_t strength) {
  return choices.between(most_ / 50, most_ * strength / 2);
}

std::size_t Injector::victim(Stream& choices) const {
  const std::uint64_t drawn = choices.below(2 * world_.size());
  const auto leader = world_.cluster().leader();
  return drawn < world_.size() || !leader ? drawn % world_.size() : *leader;
}

void Injector::later(Time delay, Action action) {
  world_.after(delay, [this, epoch = epoch_, action = std::move(action)]() mutable {
    if (epoch == epoch_) action();
  });
}

void Injector::for_a_while(Stream& choices, std::uint32_t strength, Action heal) {
  later(length(choices, strength), std::move(heal));
}

void Injector::cut(std::size_t from, std::size_t to, Time length) {
  if (from == to) return;
  Time& until = cut_until_[{from, to}];
  until = std::max(until, world_.now() + length);
  world_.cluster().set_link(from, to, true);
  later(length, [this, from, to] {
    if (cut_until_[{from, to}] <= world_.now()) world_.cluster().set_link(from, to, false);
  });
}

bool Injector::may_lose_a_disk() const { return 2 * (world_.unreliable() + 1) < world_.size(); }

bool Injector::rot(std::size_t node, std::string_view path) {
  return (world_.is_rotten(node) || may_lose_a_disk()) && world_.rot(node, path);
}

void Injector::heal_only(const std::vector<bool>& well) {
  ++epoch_;
  cut_until_.clear();
  well_ = well;
  world_.calm();
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (well[node]) world_.heal_machine(node);
  }
}

void Injector::heal() {
  ++epoch_;
  cut_until_.clear();
  well_.clear();
  world_.heal_network();
  for (std::size_t node = 0; node < world_.size(); ++node) world_.heal_machine(node);
  world_.note(Timeline::kWorld, "healed");
  operator_.gather();
}

}  // namespace timestore::sim
