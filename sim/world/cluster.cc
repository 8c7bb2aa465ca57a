#include "sim/world/cluster.h"

#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/base/mark.h"
#include "engine/store/series/series_machine.h"
#include "sim/world/file_rows.h"
#include "sim/world/inquiries.h"

namespace timestore::sim {

namespace {

constexpr const char* kLogPath = "log.db";
constexpr const char* kLogWalPath = "log.db-wal";  // every transaction goes there first
constexpr const char* kSeriesPath = "series.db";

raft::Configuration configuration_of(std::size_t size) {
  raft::Configuration configuration;
  for (std::size_t number = 0; number < size; ++number) {
    configuration.voters.push_back(Cluster::member(number));
  }
  return configuration;
}

}  // namespace

Cluster::Cluster(const ClusterOptions& options, Choices& choices, Pacer& pacer)
    : options_(options),
      pacer_(pacer),
      sqlite_(choices),
      oracle_({.nodes = options.size,
               .configuration = configuration_of(options.size),
               .knows_commands = options.machine == nullptr,
               .series = options.series,
               .now = [&pacer] { return pacer.now(); },
               .searches_linearizability = options.searches_linearizability}),
      cut_(options.size * options.size, false) {
  for (std::size_t number = 0; number < options.size; ++number) {
    nodes_.push_back(std::make_unique<Node>(*this, number, Disk(choices.stream("disk", number))));
    nodes_.back()->founds = number + options.outsiders < options.size;
    nodes_.back()->release =
        options.releases.empty() ? Release{options.raft.level, options.raft.holds_level} : options.releases.at(number);
  }
}

// Nobody is told any more: who waited may be gone already.
Cluster::~Cluster() {
  for (const auto& node : nodes_) {
    node->reader.reset();
    node->slow_reader.reset();
    node->replica.reset();
  }
}

std::optional<std::size_t> Cluster::leader() const {
  std::optional<std::size_t> best;
  for (std::size_t number = 0; number < size(); ++number) {
    if (!is_up(number) || !core(number).is_leader()) continue;
    if (!best || core(number).term() > core(*best).term()) best = number;
  }
  return best;
}

// ---------------------------------------------------------------------------------------------------- nodes

replica::Options Cluster::options_of(const Node& node) const {
  replica::Options options;
  options.node = name(node.number);
  if (node.founds) options.configuration = configuration_of(size() - options_.outsiders);
  options.log_path = kLogPath;
  options.raft = options_.raft;
  options.raft.level = node.release.level;
  options.raft.holds_level = node.release.holds_level;
  options.seed = Hasher().add(options_.seed).add(node.number).add(node.life).value();
  options.cache_bytes = options_.cache_bytes;
  options.max_apply_entries = options_.max_apply_entries;
  options.max_waiting_bytes = options_.max_waiting_bytes;
  options.kept_entries = options_.kept_entries;
  options.kept_bytes = options_.kept_bytes;
  options.snapshot_chunk_bytes = options_.snapshot_chunk_bytes;
  options.snapshot_bytes_per_tick = options_.snapshot_bytes_per_tick;
  return options;
}

Result<void> Cluster::start(std::size_t number) {
  Node& node = *nodes_[number];
  TIMESTORE_CHECK(node.replica == nullptr, "a node is started when it is down");
  ++node.life;
  auto opened = open(node);
  if (opened) return {};
  end_life(node);
  if (node.disk.is_off()) {
    node.disk.lose_power(node.crash_policy);
  } else {
    node.disk.kill();
  }
  return opened;
}

Result<void> Cluster::open(Node& node) {
  const replica::Options options = options_of(node);
  const std::string vfs = node.vfs.name();
  auto log = store::LogFile::open(options.log_path, vfs);
  if (!log) return tl::unexpected(log.error());
  const store::LogFile::Recovered recovered = (*log)->recovered();
  oracle_.found(node.number, recovered);
  auto machine = open_machine(node, options.raft.level);
  if (!machine) return tl::unexpected(machine.error());
  auto replica = Replica::open(options, {.transport = node, .lanes = node, .witness = &node}, std::move(*log),
                               std::move(*machine));
  if (!replica) return tl::unexpected(replica.error());
  node.replica = std::move(*replica);
  if (options_.links) node.links.assign(size() * client::kPurposes.size(), client::Link(*options_.links));
  oracle_.started(node.number, recovered, node.replica->core(), node.replica->state_hash());
  return {};
}

Result<std::unique_ptr<machine::StateMachine>> Cluster::open_machine(Node& node, raft::Level known) {
  if (options_.machine) return options_.machine(node.vfs.name());
  node.board = std::make_shared<store::PlainFreshBoard>();
  return store::SeriesMachine::open(kSeriesPath, node.vfs.name(),
                                    {.known = known, .shape = options_.series, .board = node.board});
}

// Everybody who waits at the node hears that the outcome is unknown, as they would when their connection breaks.
void Cluster::end_life(Node& node) {
  node.reader.reset();
  node.slow_reader.reset();
  node.was_read_slowly = false;
  if (node.replica) {
    node.replica->give_up_all();
    node.replica.reset();
  }
  for (LaneState& lane : node.lanes) lane = {};
  node.questions.clear();
  node.links.clear();
}

void Cluster::stop(Node& node, StopReason reason, const std::string& why) {
  end_life(node);
  oracle_.stopped(node.number);
  pacer_.stopped(node.number, reason, why);
}

void Cluster::kill(std::size_t number) {
  Node& node = *nodes_[number];
  if (!node.replica) return;
  node.disk.kill();
  stop(node, StopReason::kKilled, "killed");
}

void Cluster::lose_power(std::size_t number, CrashPolicy policy) {
  Node& node = *nodes_[number];
  node.disk.lose_power(policy);
  if (node.replica) stop(node, StopReason::kPowerLost, "lost power: " + std::string(name_of(policy)));
}

void Cluster::lose_disk(std::size_t number, bool founds) {
  Node& node = *nodes_[number];
  node.founds = founds;
  node.disk.kill();
  if (node.replica) stop(node, StopReason::kPowerLost, "lost its disk");
  node.disk.wipe();
  oracle_.lost(number);
}

void Cluster::stop_if_broken(Node& node) {
  if (!node.replica) return;
  if (node.disk.is_off()) {
    lose_power(node.number, node.crash_policy);
  } else if (node.replica->failure()) {
    const std::string why = node.replica->failure()->message;
    node.disk.kill();
    stop(node, StopReason::kFailed, why);
  }
}

void Cluster::settle(std::size_t number) {
  Node& node = *nodes_[number];
  if (!node.replica) return;
  node.replica->settle();
  stop_if_broken(node);
  if (!node.replica) return;
  oracle_.applied(number, node.replica->applied(), node.replica->state_hash(), node.replica->durable());
}

void Cluster::Node::stepped(const raft::State& core, std::span<const raft::Input> inputs,
                            const raft::Effects& effects) {
  cluster.oracle_.stepped(number, core, inputs, effects);
  for (const raft::Event& event : effects.events) cluster.pacer_.decided(number, event);
}

void Cluster::Node::wrote(raft::WriteId through) {
  cluster.oracle_.wrote(number, through, disk.is_synced(kLogWalPath));
}

// ---------------------------------------------------------------------------------------------------- lanes

void Cluster::Node::run(Lane lane, Job job) {
  LaneState& state = cluster.lane_of(number, lane);
  state.jobs.push_back(std::move(job));
  if (state.jobs.size() == 1) cluster.pacer_.queued(number, lane);
}

bool Cluster::work(std::size_t number, Lane lane) {
  Node& node = *nodes_[number];
  LaneState& state = lane_of(number, lane);
  if (!node.replica || state.jobs.empty() || state.is_worked) return false;
  state.jobs.front().work();
  if (node.disk.is_off()) {
    TIMESTORE_MARK("sim: the power went in the middle of a job");
    lose_power(number, node.crash_policy);
    return true;
  }
  state.is_worked = true;
  return true;
}

bool Cluster::done(std::size_t number, Lane lane) {
  Node& node = *nodes_[number];
  LaneState& state = lane_of(number, lane);
  if (!node.replica || !state.is_worked) return false;
  const Job job = std::move(state.jobs.front());
  state.jobs.pop_front();
  state.is_worked = false;
  if (!state.jobs.empty()) pacer_.queued(number, lane);
  job.done();
  return true;
}

bool Cluster::run_lane(std::size_t number, Lane lane) {
  if (!work(number, lane)) return false;
  if (done(number, lane)) settle(number);
  return true;
}

// ---------------------------------------------------------------------------------------------------- reading

Result<ReadSeen> Cluster::read_series(std::size_t number, const std::string& device_id,
                                      const std::optional<Inquiry>& inquiry) {
  Node& node = *nodes_[number];
  TIMESTORE_CHECK(node.replica != nullptr, "a node that is down cannot be read");
  if (!node.reader) {
    auto reader = store::SeriesReader::open(kSeriesPath, node.vfs.name(), node.board);
    if (!reader) return tl::unexpected(reader.error());
    node.reader = std::move(*reader);
  }
  auto position = node.reader->begin();
  if (!position) return tl::unexpected(position.error());
  ReadSeen seen{.granted = 0, .position = *position, .entries = {}};
  const auto scanned = node.reader->scan({.device_id = device_id}, [&](const TimeEntry& entry) {
    seen.entries.push_back(entry);
    return true;
  });
  Result<void> asked;
  if (scanned && inquiry) {
    auto lines = ask(*node.reader, *inquiry);
    if (lines) seen.answer = AnswerSeen{.inquiry = *inquiry, .lines = std::move(*lines)};
    if (!lines) asked = tl::unexpected(std::move(lines.error()));
  }
  node.reader->end();
  if (!scanned) return tl::unexpected(scanned.error());
  if (!asked) return tl::unexpected(asked.error());
  return seen;
}

Result<std::uint64_t> Cluster::rows(std::size_t number) {
  return hash_of_rows(kSeriesPath, nodes_[number]->vfs.name());
}

Result<std::vector<TimeEntry>> Cluster::stored(std::size_t number) {
  auto reader = store::SeriesReader::open(kSeriesPath, nodes_[number]->vfs.name(), nodes_[number]->board);
  if (!reader) return tl::unexpected(reader.error());
  if (auto position = (*reader)->begin(); !position) return tl::unexpected(position.error());
  std::vector<TimeEntry> entries;
  auto scanned = (*reader)->scan({}, [&](const TimeEntry& entry) {
    entries.push_back(entry);
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return entries;
}

void Cluster::begin_slow_read(std::size_t number) {
  Node& node = *nodes_[number];
  if (!node.replica || node.slow_reader) return;
  auto reader = store::SeriesReader::open(kSeriesPath, node.vfs.name(), node.board);
  if (!reader || !(*reader)->begin()) return;
  node.slow_reader = std::move(*reader);
  node.was_read_slowly = true;
}

std::uint64_t Cluster::hash() {
  Hasher hasher;
  for (const auto& node : nodes_) {
    hasher.add(node->life).add(node->disk.hash()).add(node->replica ? raft::hash_of(node->replica->core()) : 0);
  }
  return hasher.value();
}

}  // namespace timestore::sim
