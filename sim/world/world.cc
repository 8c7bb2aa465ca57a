#include "sim/world/world.h"

#include <algorithm>

#include "engine/base/mark.h"
#include "sim/disk/wal_rot.h"
#include "sim/world/bounds.h"

namespace timestore::sim {

namespace {

constexpr std::uint64_t kFilesCheckPeriod = 64;     // events
constexpr Time kRestartDelay = 300 * kMillisecond;  // of a supervisor, when nobody said otherwise

}  // namespace

World::World(const WorldOptions& options, Choices& choices, std::function<void(std::string_view)> trace)
    : options_(options),
      disk_speed_(options.disk),
      network_(options.network, options.cluster.size, choices),
      timeline_(options.cluster.size),
      trace_(std::move(trace)),
      cluster_(options.cluster, choices, *this) {
  for (std::size_t number = 0; number < options.cluster.size; ++number) {
    const bool is_founder = number + options.cluster.outsiders < options.cluster.size;
    machines_.push_back(
        {.choices = choices.stream("machine", number), .tick_length = options.tick, .is_out = !is_founder});
  }
  for (std::size_t link = 0; link < size() * size(); ++link) parts_.push_back(choices.stream("network.part", link));
  requests_.assign(size() * size(), 0);
}

void World::start_all() {
  for (std::size_t number = 0; number < size(); ++number) start(number);
}

bool World::run_next() {
  queue_.run_next();
  return !cluster_.oracle().violation();
}

void World::note(std::size_t number, const char* what, const std::string& text) {
  hasher_.add(queue_.now()).add(number).add(what);
  timeline_.note(queue_.now(), number, text.empty() ? what : what + (": " + text));
  trace(number, what, text);
}

void World::trace(std::size_t number, std::string_view what, std::string_view text) {
  if (!trace_) return;
  std::string line = to_text(queue_.now()) + " ";
  line += number == Timeline::kWorld ? "--" : Cluster::name(number);
  line.append(" ").append(what);
  if (!text.empty()) line.append(" ").append(text);
  trace_(line);
}

std::uint64_t World::hash() { return Hasher(hasher_).add(queue_.events()).add(cluster_.hash()).value(); }

// ---------------------------------------------------------------------------------------------------- processes

void World::start(std::size_t number) {
  Machine& machine = machines_[number];
  if (machine.is_gone || cluster_.is_up(number)) return;
  machine.is_waking = false;
  machine.faults_before = cluster_.disk(number).counts().faults;
  machine.release = cluster_.release(number);
  const auto started = cluster_.start(number);
  if (!started) {
    if (std::exchange(machine.refusal, started.error().message) != started.error().message) {
      note(number, "does not start", started.error().message);
    }
    blame(number, "a node whose disk is well starts", started.error().message);
    if (!machine.is_gone) plan_start(number, kRestartDelay);
    return;
  }
  machine.refusal.clear();
  machine.has_run = true;
  if (cluster_.life(number) > 1) ++restarts_;
  note(number, "starts");
  plan_tick(number, cluster_.life(number));
  wake(number);
}

void World::plan_start(std::size_t number, Time delay) {
  queue_.after(delay, [this, number] { start(number); });
}

void World::stopped(std::size_t number, StopReason reason, const std::string& why) {
  Machine& machine = machines_[number];
  note(number, "stops", why);
  if (reason == StopReason::kFailed) {
    blame(number, "a replica fails only when its disk does", why);
    // A disk that has failed may go on to fail while the node recovers from it.
    Stream choices = machine.choices.named("failure").on(cluster_.life(number));
    const std::uint64_t change = choices.below(120);
    if (change > 80 && options_.tears_recoveries) {
      cluster_.set_crash_policy(number, kCrashPolicies[choices.below(std::size(kCrashPolicies))]);
      cluster_.disk(number).lose_power_at(change - 80);
    }
  }
  if (doorman_ != nullptr) doorman_->stopped(number);
  const Time down = std::exchange(machine.down, 0);
  if (!machine.is_gone) plan_start(number, down == 0 ? kRestartDelay : down);
}

// Whoever was put back while the level rose gets the newer release again.
void World::meet_newer_level(std::size_t number, const std::string& why) {
  if (!cluster_.oracle().was_put_back(number, machines_[number].release.level)) {
    return cluster_.oracle().report({.checker = "levels",
                                     .rule = "only who was put back meets a level that it does not know",
                                     .detail = Cluster::name(number) + ": " + why});
  }
  TIMESTORE_MARK("world: a node that had been put back met the level");
  cluster_.set_release(number, {.level = options_.newest_level});
}

// A node may only refuse when something was done to its disk, and damage by its name only when its disk has rotted.
void World::blame(std::size_t number, const char* rule, const std::string& why) {
  const Machine& machine = machines_[number];
  if (why.find("feature level") != std::string::npos) return meet_newer_level(number, why);
  if (machine.has_run && why.find("The disk is full") != std::string::npos) {
    return cluster_.oracle().report({.checker = "world",
                                     .rule = "a full disk stops no node that has run before",
                                     .detail = Cluster::name(number) + ": " + why});
  }
  if (cluster_.disk(number).counts().faults > machine.faults_before) return;
  const bool names_damage = why.find("damaged") != std::string::npos;
  if (machine.is_rotten && names_damage) {
    if (machine.is_healed) retire(number);
    return;
  }
  if (machine.is_rotten) rule = "a node whose disk has rotted works, or calls it damaged";
  cluster_.oracle().report({.checker = "world", .rule = rule, .detail = Cluster::name(number) + ": " + why});
}

void World::could_not_read(std::size_t number, const std::string& why) {
  trace(number, "cannot be read", why);
  blame(number, "a read fails only when the disk does", why);
}

void World::kill(std::size_t number, Time down) {
  machines_[number].down = down;
  cluster_.kill(number);
}

void World::lose_power(std::size_t number, CrashPolicy policy, Time down) {
  machines_[number].down = down;
  cluster_.lose_power(number, policy);
}

void World::lose_power_at(std::size_t number, std::uint64_t change, CrashPolicy policy, Time down) {
  machines_[number].down = down;
  cluster_.set_crash_policy(number, policy);
  cluster_.disk(number).lose_power_at(change);
}

void World::lose_disk(std::size_t number) {
  machines_[number].is_gone = true;
  cluster_.lose_disk(number);
}

void World::wipe(std::size_t number, Time down, bool founds) {
  Machine& machine = machines_[number];
  machine.was_wiped = true;
  machine.has_run = false;
  machine.down = std::max(down, kRestartDelay);
  if (cluster_.is_up(number)) return cluster_.lose_disk(number, founds);
  cluster_.lose_disk(number, founds);  // whoever is down is started already
}

// A node that has lost its disk waits to be let in, and is no voter until a leader has admitted it, so that it cannot
// forget what it promised; the others must be able to do without it. Once, because a late admission of one empty disk
// could be taken by the next (engine/DESIGN.md).
bool World::may_be_wiped(std::size_t number) const {
  const Machine& machine = machines_[number];
  return !machine.is_gone && !machine.is_rotten && !machine.was_wiped && 2 * (unreliable() + 1) < size();
}

void World::install(std::size_t number, Release release) {
  note(number, "gets a release of level", std::to_string(release.level) + (release.holds_level ? ", held" : ""));
  cluster_.set_release(number, release);
}

bool World::rot(std::size_t number, std::string_view path) {
  Disk& disk = cluster_.disk(number);
  const bool is_wal = path.ends_with("-wal");
  const bool has_rotted = is_wal ? disk.rot(path, bytes_that_may_rot(disk.durable_beginning(path))) : disk.rot(path);
  if (!has_rotted) return false;
  machines_[number].is_rotten = true;
  return true;
}

bool World::is_bad(std::size_t number) const {
  const Machine& machine = machines_[number];
  return machine.is_gone || machine.is_rotten || (!machine.is_out && cluster_.oracle().is_novice(number));
}

std::size_t World::unreliable() const {
  std::size_t count = 0;
  for (std::size_t number = 0; number < size(); ++number) {
    if (is_bad(number) || is_out(number)) ++count;
  }
  return count;
}

void World::retire(std::size_t number) {
  TIMESTORE_MARK("world: a node named the damage of its disk and was given up");
  machines_[number].is_gone = true;
  note(number, "is given up");
  cluster_.kill(number);
}

// ---------------------------------------------------------------------------------------------------- time

void World::plan_tick(std::size_t number, std::uint64_t life) {
  queue_.after(machines_[number].tick_length, [this, number, life] {
    if (cluster_.life(number) != life || !cluster_.is_up(number)) return;
    const Machine& machine = machines_[number];
    if (queue_.now() < machine.paused_until) return await_end_of_pause(number, life);
    cluster_[number].tick();
    cluster_.tick_links(number);
    wake(number);
    plan_tick(number, life);
  });
}

void World::await_end_of_pause(std::size_t number, std::uint64_t life) {
  const Time paused_until = machines_[number].paused_until;
  if (paused_until <= queue_.now()) return plan_tick(number, life);
  queue_.after(std::min(paused_until - queue_.now(), kLookPeriod),
               [this, number, life] { await_end_of_pause(number, life); });
}

void World::pause(std::size_t number, Time length) {
  machines_[number].paused_until = std::max(machines_[number].paused_until, queue_.now() + length);
}

void World::set_clock(std::size_t number, std::uint32_t rate_percent) {
  machines_[number].tick_length = options_.tick * 100 / rate_percent;
}

void World::jump_clock(std::size_t number, std::uint32_t ticks) {
  if (!cluster_.is_up(number)) return;
  for (std::uint32_t i = 0; i < ticks; ++i) cluster_[number].tick();
  wake(number);
}

void World::wake(std::size_t number) {
  Machine& machine = machines_[number];
  if (machine.is_waking) return;
  const Time paused = machine.paused_until > queue_.now() ? machine.paused_until - queue_.now() : 0;
  if (options_.gather + paused == 0) return settle(number);
  machine.is_waking = true;
  queue_.after(options_.gather + std::min(paused, kLookPeriod), [this, number] {
    Machine& waking = machines_[number];
    if (!std::exchange(waking.is_waking, false)) return;
    if (waking.paused_until > queue_.now()) return wake(number);
    settle(number);
  });
}

void World::settle(std::size_t number) {
  cluster_.settle(number);
  if (!cluster_.is_up(number)) return;
  if (auto broken = broken_bound_of_memory(cluster_, number, options_.cluster)) {
    cluster_.oracle().report(std::move(*broken));
  }
  const raft::State& core = cluster_.core(number);
  hasher_.add(core.commit).add(core.last_write);
  if (doorman_ != nullptr) note_leadership(number);
}

void World::note_leadership(std::size_t number) {
  const raft::State& core = cluster_.core(number);
  client::Leadership& known = machines_[number].known;
  if (known.is_leader == core.is_leader() && known.term == core.term() && known.leader == core.leader) return;
  known = {.is_leader = core.is_leader(), .leader = core.leader, .term = core.term()};
  doorman_->leadership_changed(number);
}

void World::decided(std::size_t number, const raft::Event& event) {
  const bool is_routine = raft::is_routine(event);
  if (is_routine && !is_traced()) return;
  const std::string text = raft::describe(event);
  if (!is_routine) timeline_.note(queue_.now(), number, text);
  trace(number, text, "");
}

// ---------------------------------------------------------------------------------------------------- disks

Time World::disk_delay(Machine& machine, Time most) { return (1 + machine.choices.below(most)) * machine.disk_factor; }

std::uint32_t World::disk_factor_for(Time most) const {
  return static_cast<std::uint32_t>(1 + most / std::max(disk_speed_.work, disk_speed_.sync));
}

void World::queued(std::size_t number, Lane lane) {
  plan_work(number, lane, disk_delay(machines_[number], disk_speed_.work));
}

void World::plan_work(std::size_t number, Lane lane, Time delay) {
  const std::uint64_t life = cluster_.life(number);
  queue_.after(delay, [this, number, lane, life] {
    if (cluster_.life(number) != life || !cluster_.is_up(number)) return;
    Machine& machine = machines_[number];
    const Time busy_until = std::max(machine.stalled_until, machine.paused_until);
    if (busy_until > queue_.now()) return plan_work(number, lane, std::min(busy_until - queue_.now(), kLookPeriod));
    trace(number, lane == Lane::kLog ? "writes log" : "writes series", "");
    if (!cluster_.work(number, lane) || !cluster_.is_up(number)) return;
    if (queue_.events() % kFilesCheckPeriod == 0) {
      if (auto broken = broken_bound_of_files(cluster_, number, options_.cluster))
        cluster_.oracle().report(std::move(*broken));
    }
    plan_done(number, lane, disk_delay(machine, disk_speed_.sync));
  });
}

void World::plan_done(std::size_t number, Lane lane, Time delay) {
  const std::uint64_t life = cluster_.life(number);
  queue_.after(delay, [this, number, lane, life] {
    if (cluster_.life(number) != life || !cluster_.is_up(number)) return;
    const Time stalled_until = machines_[number].stalled_until;
    if (stalled_until > queue_.now()) {
      return plan_done(number, lane, std::min(stalled_until - queue_.now(), kLookPeriod));
    }
    if (cluster_.done(number, lane)) wake(number);
  });
}

void World::stall_disk(std::size_t number, Time length) {
  machines_[number].stalled_until = std::max(machines_[number].stalled_until, queue_.now() + length);
}

// ---------------------------------------------------------------------------------------------------- healing

void World::calm() {
  const Time election = options_.tick * options_.cluster.raft.election_ticks_min;
  network_.calm(election / 10);
  cluster_.break_connections();
  disk_speed_ = {.work = std::min(options_.disk.work, election / 8),
                 .sync = std::min(options_.disk.sync, election / 8)};
}

void World::heal_network() {
  network_.heal();
  disk_speed_ = options_.disk;
}

void World::heal_machine(std::size_t number) {
  Machine& machine = machines_[number];
  machine.tick_length = options_.tick;
  machine.paused_until = 0;
  machine.stalled_until = 0;
  machine.foreign_until = 0;
  machine.disk_factor = 1;
  machine.down = 0;
  cluster_.disk(number).heal();
  cluster_.end_slow_read(number);
  for (std::size_t other = 0; other < size(); ++other) {
    cluster_.set_link(number, other, false);
    cluster_.set_link(other, number, false);
  }
  machine.is_healed = true;
  if (machine.is_rotten) cluster_.kill(number);
}

}  // namespace timestore::sim
