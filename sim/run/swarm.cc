#include "sim/run/swarm.h"

#include <algorithm>

namespace timestore::sim {

namespace {

template <typename T, std::size_t kSize>
T pick(Stream& choices, const T (&values)[kSize]) {
  return values[choices.below(kSize)];
}

raft::Options draw_raft(Stream choices) {
  raft::Options raft;
  raft.election_ticks_min = static_cast<std::uint32_t>(choices.between(8, 30));
  raft.election_ticks_max = raft.election_ticks_min + static_cast<std::uint32_t>(choices.between(4, 30));
  raft.heartbeat_ticks = static_cast<std::uint32_t>(choices.between(2, raft.election_ticks_min / 3));
  raft.orphan_ticks = static_cast<std::uint32_t>(choices.between(10, 200));
  raft.max_append_entries = pick<std::uint32_t>(choices, {64, 1, 256, 5, 1024});
  raft.max_append_bytes = pick<std::uint64_t>(choices, {1 << 20, 300, 1 << 16, 4'000});
  raft.max_inflight_appends = static_cast<std::uint32_t>(choices.between(1, 6));
  raft.max_inflight_bytes = pick<std::uint64_t>(choices, {4 << 20, 600, 1 << 18, 8'000});
  return raft;
}

NetworkOptions draw_network(Stream choices) {
  NetworkOptions network;
  network.delay = pick<Time>(choices, {100, 20, 1'000, 10'000});
  network.jitter = pick<Time>(choices, {100, 0, 2'000, 20'000});
  network.reordering_delay = choices.between(1, 200) * kMillisecond;
  network.straggling_delay = choices.between(1, 20) * kSecond;
  return network;
}

LoadOptions draw_load(Stream choices) {
  LoadOptions load;
  load.clients = choices.between(1, 6);
  load.pause = pick<Time>(choices, {400, 150, 800, 2'000}) * kMillisecond * load.clients;
  load.burst = pick<std::size_t>(choices, {32, 1, 64, 128});
  load.pause *= (load.burst + 63) / 64;  // large bursts make large groups, not more work
  load.batch = pick<std::size_t>(choices, {1, 2, 1, 4});
  load.devices = choices.between(1, 12);
  load.padding_bytes = pick<std::size_t>(choices, {0, 0, 100, 3'000});
  load.read_percent = static_cast<std::uint32_t>(choices.between(5, 60));
  load.own_id_percent = static_cast<std::uint32_t>(choices.below(101));
  load.repeat_percent = static_cast<std::uint32_t>(choices.below(30));
  load.patience = pick<Time>(choices, {2'000, 100, 500, 10'000}) * kMillisecond;
  load.padded_percent = pick<std::uint32_t>(choices, {10, 10, 10, 100});  // a file shall have rows of every size
  return load;
}

// A fifth of the seeds mix releases: nodes begin with any of those that there are. Every other time there is one that
// is newer than this source, whose level brings commands that say the same in another version.
void draw_releases(Swarm& swarm, bool is_forced, Stream choices) {
  ClusterOptions& cluster = swarm.world.cluster;
  cluster.raft.level = raft::kHighestLevel;
  const bool is_mixed = choices.chance(4, 9);
  if (!is_mixed && !is_forced) swarm.faults.strengths.erase("upgrades");
  const std::uint32_t strength = swarm.faults.strength("upgrades");
  if (strength == 0) return;
  const raft::Level newest = raft::kHighestLevel + static_cast<raft::Level>(choices.below(2));
  for (std::size_t node = 0; node < cluster.size; ++node) {
    const auto below_newest = static_cast<raft::Level>(choices.below(newest + 1));
    cluster.releases.push_back({.level = newest - below_newest, .holds_level = choices.below(8) == 7});
  }
  swarm.world.newest_level = newest;
  swarm.upgrades = {.pause = swarm.faults.pause * 4 / strength, .down = swarm.faults.length};
}

// Half of the worlds send requests as `net` does. In the others each travels by itself, for cores must bear more than
// links do to them.
std::optional<client::Link::Options> draw_links(Stream choices) {
  if (choices.below(2) == 0) return std::nullopt;
  client::Link::Options links;
  links.max_waiting = pick<std::size_t>(choices, {client::kMaxWaitingRequests, 2, 4});
  links.max_waiting_bytes = pick<std::uint64_t>(choices, {client::kMaxWaitingBytes, client::kMaxWaitingBytes, 2'000});
  links.max_joined_bytes = pick<std::uint64_t>(choices, {client::kMaxJoinedBytes, client::kMaxJoinedBytes, 300, 5'000});
  links.answer_time = pick<Time>(choices, {1'000, 300, 3'000}) * kMillisecond;
  return links;
}

// In a quarter of the seeds points expire. There the histories of clients are not searched: what was stored does not
// stay.
void draw_retention(Swarm& swarm, Stream choices) {
  const bool is_on = choices.chance(1, 4);
  const Time span = pick<Time>(choices, {10, 3, 30}) * kSecond;
  const Time pause = pick<Time>(choices, {20, 5, 60}) * kSecond;
  if (!is_on) return;
  swarm.retention = {.pause = pause, .span = span};
  swarm.load.span = span;
  swarm.world.cluster.searches_linearizability = false;
}

// In a third of the seeds somebody writes lines.
void draw_lines(Swarm& swarm, Stream choices) {
  const bool is_on = choices.chance(1, 3);
  const Time pause = pick<Time>(choices, {300, 100, 1'000}) * kMillisecond;
  const auto lines = pick<std::uint64_t>(choices, {4, 1, 20});
  if (!is_on) return;
  swarm.lines = {.pause = pause, .lines = lines, .devices = swarm.load.devices, .span = swarm.load.span};
  swarm.load.asks_of_lines = true;
}

// In a third of the seeds somebody deletes. There histories are not searched either.
void draw_deletes(Swarm& swarm, Stream choices) {
  const bool is_on = choices.chance(1, 3);
  const Time pause = pick<Time>(choices, {1'000, 300, 3'000}) * kMillisecond;
  if (!is_on) return;
  swarm.deletes = {.pause = pause, .devices = swarm.load.devices, .span = swarm.load.span};
  swarm.world.cluster.searches_linearizability = false;
}

}  // namespace

// Sizes at which few points matter: seals come often, and merges go in many steps.
store::SeriesShape draw_series(Stream series) {
  store::SeriesShape shape;
  shape.seal_points = pick<std::uint64_t>(series, {100, 30, 1'000, 8, 300, 1 << 16, 100, 1});
  shape.seal_bytes = pick<std::uint64_t>(series, {1 << 20, 20'000, 1 << 20, 3'000, 1 << 20, 500});
  shape.partition_width_ns = pick<std::int64_t>(series, {3'600, 1, 86'400, 100'000'000}) * 1'000'000'000;
  shape.fan_out = pick<std::uint64_t>(series, {8, 2, 3});
  shape.least_step_points = pick<std::uint64_t>(series, {1 << 17, 1, 20, 200});
  shape.least_points_of_its_own = pick<std::uint64_t>(series, {4'096, 1, 10});
  shape.piece_bytes = pick<std::uint64_t>(series, {16'384, 100, 1'000});
  shape.block_points = pick<std::uint64_t>(series, {1'024, 3, 30});
  shape.least_wide_points = pick<std::uint64_t>(series, {16, 1, 4});
  return shape;
}

Swarm draw_swarm(const RunOptions& options, Choices& choices) {
  Swarm swarm;
  Stream world = choices.stream("swarm.world");
  const std::size_t sizes[] = {3, 5, 3, 5, 4, 2, 1, 6, 7, 3};
  const std::size_t size = pick(world, sizes);
  swarm.world.cluster.size = options.nodes.value_or(size);
  swarm.world.cluster.seed = choices.stream("swarm.cores").below(~std::uint64_t{0});
  swarm.world.cluster.raft = draw_raft(choices.stream("swarm.raft"));
  swarm.world.cluster.cache_bytes = pick<std::uint64_t>(world, {1 << 16, 1 << 20, 2'000, 1 << 20});
  swarm.world.cluster.max_apply_entries = pick<std::size_t>(world, {256, 1, 7, 4096});
  swarm.world.cluster.max_waiting_bytes = pick<std::size_t>(world, {1 << 22, 1 << 22, 1 << 22, 20'000});
  Stream log = choices.stream("swarm.log");
  swarm.world.cluster.kept_entries = pick<std::uint64_t>(log, {100'000, 8, 50, 300});
  swarm.world.cluster.kept_bytes = pick<std::uint64_t>(log, {1 << 26, 1 << 26, 30'000});
  swarm.world.cluster.snapshot_chunk_bytes = pick<std::uint64_t>(log, {1 << 14, 1 << 18});
  swarm.world.cluster.snapshot_bytes_per_tick = pick<std::uint64_t>(log, {1 << 20, 1 << 20, 1 << 16});
  swarm.world.cluster.series = draw_series(choices.stream("swarm.series"));
  swarm.world.cluster.searches_linearizability = world.below(4) == 0;
  swarm.world.tick = pick<Time>(world, {20, 10, 50}) * kMillisecond;
  swarm.world.gather = pick<Time>(world, {0, 50, 500, 5'000});
  swarm.world.notices_loss = pick<Time>(world, {0, 100, 1'000}) * kMillisecond;
  swarm.world.disk.work = pick<Time>(world, {20, 200, 2'000});
  swarm.world.disk.sync = pick<Time>(world, {200, 2'000, 20'000});
  swarm.faults.pause = pick<Time>(world, {500, 100, 1'500, 5'000}) * kMillisecond;
  swarm.faults.length = pick<Time>(world, {1'000, 200, 4'000, 10'000}) * kMillisecond;
  swarm.world.network = draw_network(choices.stream("swarm.network"));
  swarm.load = draw_load(choices.stream("swarm.load"));
  swarm.world.cluster.links = draw_links(choices.stream("swarm.links"));
  Stream parts = choices.stream("swarm.parts");
  swarm.world.network.cut_short = pick<std::uint32_t>(parts, {0, 1'000, 20'000});

  for (const FaultKind& kind : fault_kinds()) {
    Stream fault = choices.stream("swarm.fault", Hasher().add(kind.name).value());
    const bool is_on = fault.chance(45, 100);
    const auto drawn = static_cast<std::uint32_t>(fault.between(1, kMaxStrength));
    const auto forced = options.faults.find(kind.name);
    const std::uint32_t strength = forced != options.faults.end()
                                       ? std::min(forced->second.value_or(drawn), kMaxStrength)
                                   : is_on ? drawn
                                           : 0;
    if (strength > 0) swarm.faults.strengths.emplace(kind.name, strength);
  }
  Stream members = choices.stream("swarm.members");
  const bool has_outsiders = members.below(3) == 2;
  const std::uint64_t outsiders = members.below((swarm.world.cluster.size + 1) / 2);
  if (has_outsiders && swarm.faults.strength("members") > 0) swarm.world.cluster.outsiders = outsiders;
  draw_releases(swarm, options.faults.contains("upgrades"), choices.stream("swarm.releases"));
  draw_retention(swarm, choices.stream("swarm.retention"));
  draw_lines(swarm, choices.stream("swarm.lines"));
  draw_deletes(swarm, choices.stream("swarm.deletes"));
  constexpr std::uint32_t kPerMillion[] = {0, 1'000, 20'000, 150'000};
  swarm.world.network.loss = kPerMillion[swarm.faults.strength("loss")];
  swarm.world.network.duplication = kPerMillion[swarm.faults.strength("duplication")];
  swarm.world.network.reordering = kPerMillion[swarm.faults.strength("reordering")];
  swarm.world.network.straggling = kPerMillion[swarm.faults.strength("straggling")] / 10;
  swarm.world.tears_recoveries = swarm.faults.strength("tear") > 0;
  return swarm;
}

}  // namespace timestore::sim
