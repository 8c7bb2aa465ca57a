#include "sim/faults/nemesis.h"

namespace timestore::sim {

Nemesis::Nemesis(World& world, const FaultOptions& options, Choices& choices)
    : options_(options), injector_(world, options.length), what_(choices.stream("nemesis")) {
  for (const FaultKind& kind : fault_kinds()) streams_.emplace(kind.name, choices.stream(kind.name));
}

void Nemesis::begin() { plan_next(); }

void Nemesis::begin(const std::vector<PlannedFault>& schedule) {
  for (const PlannedFault& fault : schedule) {
    for (const FaultKind& kind : fault_kinds()) {
      if (kind.name != fault.kind) continue;
      injector_.later(fault.at, [this, &kind, strength = fault.strength] {
        ++strokes_;
        inject(kind, strength);
      });
    }
  }
}

void Nemesis::plan_next() {
  injector_.later(what_.between(options_.pause / 4, options_.pause * 2), [this] {
    strike();
    plan_next();
  });
}

// The kind is chosen among all of them and then may turn out to be off, so that switching one kind off does not change
// when the others strike.
void Nemesis::strike() {
  ++strokes_;
  std::uint64_t total = 0;
  for (const FaultKind& kind : fault_kinds()) total += kind.weight;
  std::uint64_t drawn = what_.below(total);
  for (const FaultKind& kind : fault_kinds()) {
    if (drawn < kind.weight) {
      const std::uint32_t strength = options_.strength(kind.name);
      if (strength > 0) inject(kind, strength);
      return;
    }
    drawn -= kind.weight;
  }
}

void Nemesis::inject(const FaultKind& kind, std::uint32_t strength) {
  if (is_resting_) return;
  injector_.operators().observe();
  Stream choices = streams_.at(kind.name).on(strokes_);
  if (kind.inject(injector_, choices, strength)) ++injected_[std::string(kind.name)];
}

}  // namespace timestore::sim
