// The one who decides which faults strike when: those that are on, one after another, as the seed draws them; or those
// of a schedule.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/faults/faults.h"
#include "sim/faults/injector.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

class Nemesis {
 public:
  Nemesis(World& world, const FaultOptions& options, Choices& choices);

  void begin();                                           // faults as the seed draws them
  void begin(const std::vector<PlannedFault>& schedule);  // these, at their moments
  Injector& injector() { return injector_; }
  void rest() { is_resting_ = true; }  // nothing new happens; what has begun ends in its time
  void end() { injector_.heal(); }

  bool is_done() const {
    return injector_.operators().has_gathered();
  }  // when it has ended: what it took apart is whole again
  bool is_hopeless() const { return injector_.is_hopeless(); }
  const std::map<std::string, std::uint64_t, std::less<>>& injected() const { return injected_; }

 private:
  void plan_next();
  void strike();
  void inject(const FaultKind& kind, std::uint32_t strength);

  FaultOptions options_;
  Injector injector_;
  Stream what_;
  std::map<std::string_view, Stream> streams_;  // of each kind, with an occasion for each stroke
  bool is_resting_ = false;
  std::uint64_t strokes_ = 0;                   // of all kinds, those too that were switched off
  std::map<std::string, std::uint64_t, std::less<>> injected_;
};

}  // namespace timestore::sim
