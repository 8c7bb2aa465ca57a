// The simulator runs replicas of any state machine: here registers, under all faults. What does not depend on the
// meaning of commands is checked as ever: promises, Raft's invariants, the ledger, equal state hashes, liveness.
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "engine/base/mark.h"
#include "sim/faults/nemesis.h"
#include "sim/run/swarm.h"
#include "sim/world/world.h"
#include "tests/engine/replica/register_machine.h"

namespace timestore::sim {
namespace {

constexpr Time kWritePause = 30 * kMillisecond;
constexpr Time kPatience = 300 * kSecond;  // of a healed cluster

class RegisterWorld {
 public:
  explicit RegisterWorld(std::uint64_t seed)
      : choices_(seed),
        swarm_(swarm(seed)),
        world_(swarm_.world, choices_, nullptr),
        nemesis_(world_, swarm_.faults, choices_) {}

  void run() {
    bool is_over = false;
    world_.after(20 * kSecond, [&] { is_over = true; });
    world_.start_all();
    nemesis_.begin();
    write();
    while (!is_over && world_.run_next()) {
    }
    nemesis_.end();
    if (nemesis_.is_hopeless() || violation()) return;
    const Time deadline = world_.now() + kPatience;
    while (!has_converged()) {
      ASSERT_LT(world_.now(), deadline) << "a healed cluster converges";
      if (!world_.run_next()) return;
    }
    for (std::size_t node = 0; node < world_.size(); ++node) {
      if (world_.is_gone(node)) continue;
      const raft::Index applied = cluster()[node].applied();
      const raft::Term term = cluster().core(node).trail.term_at(applied).value_or(0);
      cluster().oracle().converged(node, {.term = term, .index = applied}, cluster()[node].state_hash(), {});
    }
  }

  const std::optional<Violation>& violation() { return cluster().oracle().violation(); }
  std::size_t applied() const { return applied_; }  // writes that were told so

 private:
  Cluster& cluster() { return world_.cluster(); }

  Swarm swarm(std::uint64_t seed) {
    Swarm swarm = draw_swarm({.seed = seed, .faults = {{"upgrades", 0}}}, choices_);  // nobody upgrades nodes here
    swarm.world.cluster.machine = [](const std::string& vfs) -> Result<std::unique_ptr<machine::StateMachine>> {
      return replica::testing::RegisterMachine::open("register", vfs);
    };
    swarm.world.cluster.snapshot_chunk_bytes = 100;
    return swarm;
  }

  void write() {
    if (const auto leader = cluster().leader()) {
      cluster()[*leader].submit(machine::ready("value " + std::to_string(++written_)),
                                [this](const replica::WriteEnd& end) {
                                  if (end.kind == replica::WriteEnd::Kind::kApplied) ++applied_;
                                });
      world_.wake(*leader);
    }
    if (world_.now() < 20 * kSecond) world_.after(kWritePause, [this] { write(); });
  }

  bool has_converged() {
    const auto leader = cluster().leader();
    if (!leader || !nemesis_.is_done()) return false;
    for (std::size_t node = 0; node < world_.size(); ++node) {
      if (world_.is_gone(node)) continue;
      if (!cluster().is_up(node) || cluster()[node].is_fetching()) return false;
      if (cluster().core(node).applied != cluster().core(*leader).trail.last_index()) return false;
    }
    return cluster().oracle().committed() == cluster().core(*leader).trail.last_index();
  }

  Choices choices_;
  const Swarm swarm_;
  World world_;
  Nemesis nemesis_;
  std::uint64_t written_ = 0;
  std::size_t applied_ = 0;
};

std::uint64_t reached(const MarkCounts& marks, std::string_view name) {
  const auto& names = Mark::names();
  const auto found = std::find(names.begin(), names.end(), name);
  const auto number = static_cast<std::size_t>(found - names.begin());
  return number < marks.size() ? marks[number] : 0;
}

TEST(OtherMachine, a_register_lives_through_the_same_faults) {
  MarkCounts marks;
  mark_counts = &marks;
  std::size_t applied = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RegisterWorld world(seed);
    world.run();
    if (HasFatalFailure()) break;
    ASSERT_FALSE(world.violation()) << world.violation()->checker << ": " << world.violation()->rule << ". "
                                    << world.violation()->detail;
    applied += world.applied();
  }
  mark_counts = nullptr;
  EXPECT_GT(applied, 3000U);
  for (const char* mark : {"replica: a snapshot was made", "replica: a snapshot was installed",
                           "replica: a node went on where its series file had come to"}) {
    EXPECT_GT(reached(marks, mark), 0U) << mark;
  }
}

}  // namespace
}  // namespace timestore::sim
