#include "sim/run/run.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "sim/clients/front.h"
#include "sim/clients/janitor.h"
#include "sim/clients/upgrader.h"
#include "sim/clients/workload.h"
#include "sim/faults/nemesis.h"
#include "sim/run/lasting.h"
#include "sim/run/progress.h"
#include "sim/run/swarm.h"
#include "sim/world/world.h"

namespace timestore::sim {

namespace {

// The one exception that crosses folders: thrown where a check of the engine fails, caught by run(). The world that it
// leaves behind is only torn down.
struct BrokenCheck {
  std::string sentence;
  std::string place;
};

[[noreturn]] void throw_broken_check(const char* sentence, const char* file, int line) {
  throw BrokenCheck{sentence, std::string(file) + ":" + std::to_string(line)};
}

class CheckGuard {
 public:
  CheckGuard() : before_(std::exchange(check_handler, throw_broken_check)) {}
  ~CheckGuard() { check_handler = before_; }
  CheckGuard(const CheckGuard&) = delete;
  CheckGuard& operator=(const CheckGuard&) = delete;

 private:
  CheckHandler before_;
};

class MarkGuard {
 public:
  explicit MarkGuard(MarkCounts& counts) : before_(std::exchange(mark_counts, &counts)) {
    counts.assign(Mark::names().size(), 0);
  }
  ~MarkGuard() { mark_counts = before_; }
  MarkGuard(const MarkGuard&) = delete;
  MarkGuard& operator=(const MarkGuard&) = delete;

 private:
  MarkCounts* before_;
};

// Who works in the world, beside the nemesis.
struct Crew {
  Upgrader& upgrader;
  Janitor& janitor;
  LineWriter& line_writer;
  Deleter& deleter;
  Workload& workload;
};

// Does it hold no more than a node keeps for followers that are slow, or what is not sealed yet? Requires that all of
// it is applied.
bool is_compacted(const Replica& replica, const ClusterOptions& options) {
  const raft::Trail& log = replica.core().trail;
  return log.base().index >= replica.durable() ||
         (log.last_index() - log.base().index <= options.kept_entries && log.size_bound_bytes() <= options.kept_bytes);
}

// The level that the newest release brings, unless a member is gone, which cannot say that it knows it.
bool has_risen(World& world, const raft::State& leader) {
  for (std::size_t node = 0; node < world.size(); ++node) {
    if (world.is_gone(node) && leader.configuration().is_member(Cluster::name(node))) return true;
  }
  return leader.level() == world.options().newest_level;
}

// Where a healed cluster must be before its time is over.
bool has_converged(World& world, const Nemesis& nemesis, const Crew& crew) {
  if (crew.workload.probes_left() + crew.workload.waiting() > 0 || !nemesis.is_done()) return false;
  if (!crew.upgrader.is_done() || !crew.janitor.is_done() || !crew.line_writer.is_done()) return false;
  Cluster& cluster = world.cluster();
  const auto leader = cluster.leader();
  if (!leader) return false;
  const raft::State& chosen = cluster.core(*leader);
  if (!has_risen(world, chosen)) return false;
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    if (world.is_gone(node)) continue;
    if (!cluster.is_up(node)) return false;
    const raft::State& core = cluster.core(node);
    if (core.leader != chosen.id || core.commit != chosen.trail.last_index() || core.applied != core.commit)
      return false;
    if (core.hard_state.novice) return false;  // its leader has not admitted it
    if (!is_compacted(cluster[node], world.options().cluster)) return false;
  }
  return true;
}

// All that is up may be on the way to somewhere: a write waits for its leader, be that sick or well. `must_be_up` tells
// who is missed while it is down; `may_end`: whatever was asked for before is in the logs.
template <typename MustBeUp>
bool is_getting_on(World& world, Progress& progress, const MustBeUp& must_be_up, bool may_end = true) {
  bool all_are_up = may_end;
  for (std::size_t node = 0; node < world.size(); ++node) {
    if (world.is_gone(node)) continue;
    if (!world.cluster().is_up(node)) {
      all_are_up = all_are_up && !must_be_up(node);
      continue;
    }
    const raft::State& core = world.cluster().core(node);
    progress.see(node, {.last = core.trail.last_index(),
                        .durable = core.durable,
                        .commit = core.commit,
                        .applied = core.applied,
                        .fetched_bytes = world.cluster()[node].fetched_bytes()});
  }
  return progress.is_any(all_are_up);
}

// Without any progress for so long, it is stuck. Out of all proportion: a hundred elections.
Time patience(const WorldOptions& world) {
  return world.tick * world.cluster.raft.election_ticks_max * 100 + 20 * world.network.reordering_delay +
         2 * world.network.straggling_delay + 10 * kSecond;
}

std::string describe(World& world) {
  std::string text;
  for (std::size_t node = 0; node < world.size(); ++node) {
    text += " " + Cluster::name(node) + ":";
    if (!world.cluster().is_up(node)) {
      text += world.is_gone(node) ? " gone" : " down";
      continue;
    }
    const raft::State& core = world.cluster().core(node);
    const char* role = core.is_leader() ? " leads" : core.hard_state.novice ? " novice" : "";
    text += role + std::string(" term ") + std::to_string(core.term()) + " last " +
            std::to_string(core.trail.last_index()) + " base " + std::to_string(core.trail.base().index) + " level " +
            std::to_string(core.level()) + " commit " + std::to_string(core.commit) + " applied " +
            std::to_string(core.applied);
  }
  return text;
}

// False: the run is over.
bool run_next(World& world, const RunOptions& options) {
  if (!options.is_too_long || !options.is_too_long()) return world.run_next();
  world.cluster().oracle().report({.checker = "hang",
                                   .rule = "a run comes to its end",
                                   .detail = "It was ended after " + std::to_string(world.events()) + " events."});
  return false;
}

void run_faults(World& world, Nemesis& nemesis, Crew& crew, const RunOptions& options) {
  bool is_over = false;
  world.after(options.duration, [&is_over] { is_over = true; });
  world.start_all();
  if (options.schedule) {
    nemesis.begin(*options.schedule);
  } else {
    nemesis.begin();
  }
  crew.upgrader.begin();
  crew.janitor.begin();
  crew.line_writer.begin();
  crew.deleter.begin();
  crew.workload.begin();
  while (!is_over) {
    if (!run_next(world, options)) return;
  }
  crew.workload.end();
}

// Before anybody can tell who must be well, whoever is down has to come back and say what its log holds.
bool await_all(World& world, const Lasting& lasting, const RunOptions& options) {
  const Time deadline = world.now() + patience(world.options());
  while (!lasting.may_begin() && world.now() <= deadline) {
    if (!run_next(world, options)) return false;
  }
  if (!lasting.may_begin()) TIMESTORE_MARK("lasting: it was left out, for a node did not come back");
  return lasting.may_begin();
}

void run_lasting(World& world, Lasting& lasting, const RunOptions& options) {
  if (!await_all(world, lasting, options)) return;
  if (!lasting.begin()) return TIMESTORE_MARK("lasting: it was left out, for too many were bad");
  const Time limit = 10 * world.options().tick * world.options().cluster.raft.election_ticks_max;
  const Time begin = world.now();
  Time deadline = begin + limit;
  Progress progress(world.size());
  while (lasting.goal() != Lasting::Goal::kNone) {
    const Lasting::Goal goal = lasting.goal();
    lasting.go_on();
    const auto is_well = [&](std::size_t node) { return lasting.is_well(node); };
    const bool is_on = is_getting_on(world, progress, is_well, world.now() > begin + limit);
    if (is_on || goal != lasting.goal() || !lasting.are_all_up()) deadline = world.now() + limit;
    if (goal != lasting.goal()) progress = Progress(world.size());  // what is wanted now stands behind what is there
    if (world.now() > deadline) {
      return world.cluster().oracle().report({.checker = "lasting",
                                              .rule = "a majority that is well works beside those who stay sick",
                                              .detail = lasting.describe() + ";" + describe(world)});
    }
    if (!run_next(world, options)) return;
  }
}

// What queries tell of everything, lines included. An error is that of a node which cannot be read.
Result<void> ask_for_everything(World& world, std::size_t node) {
  for (const char* database : {"", "other"}) {
    const Inquiry everything{.database = database, .order = Inquiry::Order::kDevice, .page_rows = 1000};
    const auto seen = world.cluster().read_series(node, "device-0", everything);
    if (!seen) return tl::unexpected(seen.error());
    world.cluster().oracle().converged(node, seen->position.index, *seen->answer);
  }
  return {};
}

// Nobody is excused: every node that is not lost comes back, hears the leader, and ends up with the same state. Or its
// disk has rotted and it says so, however late.
void run_healed(World& world, const Nemesis& nemesis, Crew& crew, const RunOptions& options) {
  crew.workload.probe();
  Time deadline = world.now() + patience(world.options());
  Progress progress(world.size());
  while (!has_converged(world, nemesis, crew)) {
    if (is_getting_on(world, progress, [](std::size_t) { return true; }))
      deadline = world.now() + patience(world.options());
    if (world.now() > deadline) {
      return world.cluster().oracle().report(
          {.checker = "liveness",
           .rule = "a healed cluster makes progress and converges",
           .detail = std::to_string(crew.workload.probes_left()) + " requests without success, " +
                     std::to_string(crew.workload.waiting()) + " without an end;" +
                     (crew.janitor.is_done() ? "" : " points do not expire;") + describe(world)});
    }
    if (!run_next(world, options)) return;
  }
  Cluster& cluster = world.cluster();
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    if (world.is_gone(node)) continue;
    const replica::Status status = cluster[node].status();
    const auto stored = cluster.stored(node);
    const auto rows = cluster.rows(node);
    const auto answered = ask_for_everything(world, node);
    if (!stored || !rows || !answered) {
      const std::string& why = !stored ? stored.error().message : !rows ? rows.error().message : answered.error().message;
      world.could_not_read(node, why);
      if (world.is_gone(node)) continue;
      return cluster.oracle().report({.checker = "liveness", .rule = "a healed node can be read", .detail = why});
    }
    if (world.is_rotten(node)) TIMESTORE_MARK("run: a rotten node ended like all the others");
    cluster.oracle().converged(
        node, {.term = cluster.core(node).trail.term_at(status.applied).value_or(0), .index = status.applied},
        status.state_hash, *stored);
    cluster.oracle().rows(node, cluster[node].durable(), *rows);
  }
}

void run_to_the_end(World& world, Nemesis& nemesis, Lasting& lasting, Crew crew, const RunOptions& options) {
  const Oracle& oracle = world.cluster().oracle();
  try {
    run_faults(world, nemesis, crew, options);
    const bool may_work = !nemesis.is_hopeless();
    nemesis.rest();
    crew.upgrader.rest();
    crew.janitor.rest();
    crew.line_writer.end();
    crew.deleter.end();
    if (!oracle.violation() && may_work) run_lasting(world, lasting, options);
    if (!oracle.violation()) nemesis.end();
    if (!oracle.violation()) crew.upgrader.end();
    crew.janitor.end();
    if (!oracle.violation() && may_work) run_healed(world, nemesis, crew, options);
    if (!world.cluster().oracle().violation()) world.cluster().oracle().finish();
  } catch (const BrokenCheck& broken) {
    world.cluster().oracle().report({.checker = "check", .rule = broken.sentence, .detail = "at " + broken.place});
  }
}

}  // namespace

RunReport run(const RunOptions& options) {
  RunReport report{.seed = options.seed};
  const MarkGuard marks(report.marks);
  const CheckGuard checks;
  Choices choices = options.choices ? Choices(*options.choices) : Choices(options.seed);
  if (options.records_choices) choices.record();
  const Swarm swarm = draw_swarm(options, choices);
  World world(swarm.world, choices, options.trace);
  Nemesis nemesis(world, swarm.faults, choices);
  Upgrader upgrader(world, swarm.upgrades, choices);
  std::optional<Front> front;
  if (swarm.world.cluster.links) nemesis.injector().operators().ask_through(front.emplace(world, choices));
  Workload workload(world, front ? &*front : nullptr, swarm.load, choices);
  Janitor janitor(world, front ? &*front : nullptr, swarm.retention, choices);
  LineWriter line_writer(world, front ? &*front : nullptr, swarm.lines, choices);
  Deleter deleter(world, front ? &*front : nullptr, swarm.deletes, choices);
  Lasting lasting(nemesis.injector(), choices);
  run_to_the_end(
      world, nemesis, lasting,
      {.upgrader = upgrader, .janitor = janitor, .line_writer = line_writer, .deleter = deleter, .workload = workload},
      options);

  Oracle& oracle = world.cluster().oracle();
  report.violation = oracle.violation();
  report.hash = world.hash();
  report.nodes = world.size();
  report.events = world.events();
  report.simulated = world.now();
  report.leader_changes = oracle.leaders();
  report.commits = oracle.committed();
  report.restarts = world.restarts();
  report.messages = world.messages();
  report.searched_histories = oracle.searched_histories();
  report.left_out_histories = oracle.left_out_histories();
  report.faults_by_kind = nemesis.injected();
  for (const auto& [kind, count] : report.faults_by_kind) report.faults += count;
  if (report.violation) report.timeline = world.timeline();
  report.choices = choices.recorded();
  return report;
}

}  // namespace timestore::sim
