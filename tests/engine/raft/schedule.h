// A hostile schedule: what befalls a few pure cores, one choice after another. Messages are lost, doubled and
// reordered, disks are slow, nodes crash with any part of their unwritten log, and after every step everything that
// core_cluster.h lists must hold; after the last one the cluster is healed and must make progress.
//
// A schedule is a plain value: it can be drawn, printed and made simpler.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <vector>

#include "engine/base/prng.h"
#include "tests/engine/raft/core_cluster.h"

namespace timestore::raft::testing {

enum class Event : std::uint8_t {
  kTick,
  kDeliver,
  kDeliverOldest,
  kDouble,
  kLose,
  kWriteDone,
  kPropose,
  kRead,
  kCrash,
  kRestart,
  kCut,
  kHeal,
  kUnreachable,
  kStepDown,
  kHandOver,
  kCampaign,
  kCompact,
  kInstall,
  kGather,
  kTakeTurn,
  kChangeMembers,
  kWipe,
};
inline constexpr std::size_t kEvents = 22;

// What happens, to which node (modulo their number), and in which way.
struct Choice {
  Event event = Event::kTick;
  std::uint32_t where = 0;
  std::uint32_t how = 0;
};

struct Schedule {
  std::size_t nodes = 3;      // that are members from the beginning
  std::size_t outsiders = 0;  // that may become members
  std::uint64_t seed = 0;     // of the nodes' time-outs
  bool is_elected = false;    // it begins with a leader whom everybody follows
  std::vector<Choice> choices;
};
std::ostream& operator<<(std::ostream& out, const Schedule& schedule);

// How often each event comes is drawn anew for each schedule: a fault that is always on hides what only its absence
// shows.
Schedule draw_schedule(Prng& prng, std::size_t length);

// Short time-outs, small messages, small windows: so that every limit is met soon.
Options hostile_options();

void take(CoreCluster& cluster, const Choice& choice);

// Throws the sentence that does not hold: no leader, no commit, logs that differ, a fate that was not true.
void heal_and_demand_progress(CoreCluster& cluster);

// What happened before the healing.
struct Deeds {
  std::uint64_t schedules = 0;
  std::uint64_t choices = 0;
  std::uint64_t deliveries = 0;  // of messages, to running nodes
  std::uint64_t commits = 0;     // of log entries
  std::uint64_t leaders = 0;     // terms that had one
  Deeds& operator+=(const Deeds& more);
};
std::ostream& operator<<(std::ostream& out, const Deeds& deeds);

// The whole story: begin, take every choice, heal. Throws as above, and where the core's own assertions break.
using Taker = std::function<void(CoreCluster& cluster, const Choice& choice)>;
Deeds run(const Schedule& schedule, const Taker& taker = take);

}  // namespace timestore::raft::testing
