#include "sim/faults/nemesis.h"

#include <algorithm>

#include "engine/base/check.h"

namespace timestore::sim {

Nemesis::Nemesis(World& world, Choices& choices) : world_(world), operator_(world), what_(choices.stream("nemesis")) {
  for (const Kind& kind : kinds()) streams_.emplace(kind.kind.name, choices.stream(kind.kind.name));
}

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> all = [] {
    std::vector<FaultKind> result;
    for (const auto& kind : Nemesis::kinds()) result.push_back(kind.kind);
    return result;
  }();
  return all;
}

void Nemesis::begin() {
  is_active_ = true;
  ++epoch_;
  plan_next();
}

void Nemesis::begin(const std::vector<PlannedFault>& schedule) {
  ++epoch_;
  for (const PlannedFault& fault : schedule) {
    for (std::size_t kind = 0; kind < kinds().size(); ++kind) {
      if (kinds()[kind].kind.name != fault.kind) continue;
      world_.after(fault.at, [this, epoch = epoch_, kind, strength = fault.strength] {
        ++strokes_;
        if (epoch == epoch_) inject(kind, strength);
      });
    }
  }
}

// The kind is chosen among all of them and then may turn out to be off, so that switching one kind off does not change
// when the others strike.
void Nemesis::plan_next() {
  const Time pause = what_.between(world_.swarm().fault_pause / 4, world_.swarm().fault_pause * 2);
  world_.after(pause, [this, epoch = epoch_] {
    if (epoch != epoch_ || !is_active_) return;
    ++strokes_;
    std::uint64_t total = 0;
    for (const Kind& kind : kinds()) total += kind.weight;
    std::uint64_t drawn = what_.below(total);
    for (std::size_t number = 0; number < kinds().size(); ++number) {
      const Kind& kind = kinds()[number];
      if (drawn >= kind.weight) {
        drawn -= kind.weight;
        continue;
      }
      const std::uint32_t strength = world_.swarm().strength(kind.kind.name);
      if (strength > 0) inject(number, strength);
      break;
    }
    plan_next();
  });
}

void Nemesis::inject(std::size_t kind, std::uint32_t strength) {
  operator_.observe();
  const Kind& chosen = kinds()[kind];
  Stream choices = streams_.at(chosen.kind.name).on(strokes_);
  if (chosen.inject(*this, choices, strength)) ++injected_[std::string(chosen.kind.name)];
}

Time Nemesis::length(Stream& choices, std::uint32_t strength) {
  const Time most = world_.swarm().fault_length;
  return choices.between(most / 50, most * strength / 2);
}

std::size_t Nemesis::victim(Stream& choices) const {
  const std::uint64_t drawn = choices.below(2 * world_.size());
  const auto leader = world_.cluster().leader();
  return drawn < world_.size() || !leader ? drawn % world_.size() : *leader;
}

void Nemesis::for_a_while(Stream& choices, std::uint32_t strength, Action heal) {
  world_.after(length(choices, strength), [this, epoch = epoch_, heal = std::move(heal)]() mutable {
    if (epoch == epoch_) heal();
  });
}

void Nemesis::cut(std::size_t from, std::size_t to, Time length) {
  if (from == to) return;
  Time& until = cut_until_[{from, to}];
  until = std::max(until, world_.now() + length);
  world_.cluster().set_link(from, to, true);
  world_.after(length, [this, epoch = epoch_, from, to] {
    if (epoch == epoch_ && cut_until_[{from, to}] <= world_.now()) world_.cluster().set_link(from, to, false);
  });
}

bool Nemesis::may_lose_a_disk() const { return 2 * (world_.unreliable() + 1) < world_.size(); }

bool Nemesis::rot(std::size_t node, std::string_view path) {
  return (world_.is_rotten(node) || may_lose_a_disk()) && world_.rot(node, path);
}

void Nemesis::end() {
  is_active_ = false;
  ++epoch_;
  cut_until_.clear();
  world_.network().heal();
  for (std::size_t node = 0; node < world_.size(); ++node) world_.heal_machine(node);
  world_.note(Timeline::kWorld, "healed");
  operator_.gather();
}

}  // namespace timestore::sim
