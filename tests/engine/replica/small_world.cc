#include "tests/engine/replica/small_world.h"

#include <filesystem>

#include "engine/base/check.h"
#include "engine/store/series/series_machine.h"
#include "engine/wire/codec.h"

namespace timestore::replica::testing {

namespace {

// In memory where that can be had: what is tested here is who waits for a sync, not how long it takes.
std::filesystem::path fastest_directory() {
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

Result<std::unique_ptr<machine::StateMachine>> open_series(const std::string& path, raft::Level known) {
  return store::SeriesMachine::open(path, "", {.known = known, .shape = {.seal_bytes = 1}});  // each entry is sealed
}

std::size_t number_of(const raft::NodeId& id) { return static_cast<std::size_t>(std::stoul(id.substr(1))) - 1; }

template <typename T>
T decoded(Result<T> result) {
  TIMESTORE_CHECK(result.has_value(), "what a replica sends, the codec reads");
  return std::move(*result);
}

}  // namespace

SmallWorld::SmallWorld(std::size_t size, std::uint64_t seed) : directory_(fastest_directory()), seed_(seed) {
  options.raft.election_ticks_min = 5;
  options.raft.election_ticks_max = 10;
  options.raft.heartbeat_ticks = 2;
  options.raft.orphan_ticks = 20;
  options.raft.max_append_entries = 4;
  options.cache_bytes = 1000;  // so small that followers which lag make the log file be read
  options.max_apply_entries = 8;
  for (std::size_t i = 0; i < size; ++i) options.configuration.voters.push_back({name(i), "http://" + name(i)});
  for (std::size_t number = 0; number < size; ++number) {
    nodes_.push_back(std::make_unique<Node>());
    nodes_.back()->world = this;
    nodes_.back()->number = number;
  }
}

SmallWorld::~SmallWorld() {
  for (std::size_t number = 0; number < size(); ++number) crash(number);
}

std::string SmallWorld::series_path(std::size_t number) const { return directory_.file(name(number) + ".db"); }
std::string SmallWorld::log_path(std::size_t number) const { return directory_.file(name(number) + ".raft.db"); }

Result<void> SmallWorld::start(std::size_t number) {
  options.node = name(number);
  options.log_path = log_path(number);
  options.seed = seed_ * 1000 + ++lives_;
  auto log = store::LogFile::open(options.log_path);
  if (!log) return tl::unexpected(log.error());
  Node& node = *nodes_[number];
  auto machine = open_machine ? open_machine(number) : open_series(series_path(number), options.raft.level);
  if (!machine) return tl::unexpected(machine.error());
  auto replica = Replica::open(options, {.transport = node, .lanes = node}, std::move(*log), std::move(*machine));
  if (!replica) return tl::unexpected(replica.error());
  node.replica = std::move(*replica);
  return {};
}

void SmallWorld::crash(std::size_t number) {
  Node& node = *nodes_[number];
  node.lanes.clear();
  node.questions.clear();
  node.replica.reset();
}

void SmallWorld::Node::run(Lane lane, Job job) { lanes[lane].push_back(std::move(job)); }

void SmallWorld::Node::send(raft::Send send) {
  Wire wire{.from = SmallWorld::name(number),
            .to = send.to,
            .message = std::move(send.message),
            .correlation = send.correlation,
            .asked = std::nullopt};
  if (send.correlation != 0) {
    const auto question = questions.extract(send.correlation);
    if (!question.empty()) wire.asked = question.mapped();
  }
  if (!is_cut) world->network_.push_back(std::move(wire));
}

void SmallWorld::settle(std::size_t number) {
  if (is_up(number)) nodes_[number]->replica->settle();
}

bool SmallWorld::run_lane(std::size_t number, Lane lane) {
  Node& node = *nodes_[number];
  if (!node.replica || node.lanes[lane].empty()) return false;
  const Job job = std::move(node.lanes[lane].front());
  node.lanes[lane].pop_front();
  job.work();
  job.done();
  node.replica->settle();
  return true;
}

bool SmallWorld::deliver(std::size_t position) {
  if (position >= network_.size()) return false;
  Wire wire = std::move(network_[position]);
  drop(position);
  Node& to = *nodes_[number_of(wire.to)];
  if (to.is_cut || !to.replica || nodes_[number_of(wire.from)]->is_cut) return true;
  receive(to, std::move(wire));
  to.replica->settle();
  return true;
}

void SmallWorld::drop(std::size_t position) {
  network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(position));
}

void SmallWorld::receive(Node& to, Wire wire) {
  const raft::Message* asked = wire.asked ? &*wire.asked : nullptr;
  raft::Message message = decoded(raft::decode(wire.message.index(), raft::encode(wire.message), asked));
  if (on_arrival && !on_arrival(name(to.number), message)) return;
  raft::Correlation correlation = 0;
  if (raft::has_answer(message)) {
    correlation = ++to.last_question;
    to.questions.emplace(correlation, message);
  }
  to.replica->receive(wire.from, std::move(message), correlation);
}

void SmallWorld::settle_everything() {
  for (bool busy = true; busy;) {
    for (std::size_t number = 0; number < size(); ++number) settle(number);
    busy = deliver(0);
    for (std::size_t number = 0; number < size(); ++number) {
      busy = run_lane(number, Lane::kLog) || busy;
      busy = run_lane(number, Lane::kSeries) || busy;
    }
  }
}

void SmallWorld::tick() {
  for (std::size_t number = 0; number < size(); ++number) {
    if (is_up(number)) nodes_[number]->replica->tick();
  }
  settle_everything();
}

bool SmallWorld::elect() {
  for (int round = 0; round < 400; ++round) {
    tick();
    const auto chosen = leader();
    if (!chosen) continue;
    const raft::State& core = nodes_[*chosen]->replica->core();
    bool all_follow = core.commit == core.trail.last_index();
    for (std::size_t number = 0; number < size(); ++number) {
      if (!is_up(number) || nodes_[number]->is_cut) continue;
      const raft::State& other = nodes_[number]->replica->core();
      all_follow = all_follow && other.leader == core.id && other.commit == core.commit;
    }
    if (all_follow) return true;
  }
  return false;
}

std::optional<std::size_t> SmallWorld::leader() const {
  std::optional<std::size_t> best;
  for (std::size_t number = 0; number < size(); ++number) {
    const Node& node = *nodes_[number];
    if (!node.replica || node.is_cut || !node.replica->is_leader()) continue;
    if (!best || node.replica->core().term() > nodes_[*best]->replica->core().term()) best = number;
  }
  return best;
}

std::vector<TimeEntry> SmallWorld::stored(std::size_t number) const {
  auto reader = store::SeriesReader::open(series_path(number));
  TIMESTORE_CHECK(reader.has_value() && (*reader)->begin().has_value(), "the series file can be read");
  std::vector<TimeEntry> entries;
  const auto scanned = (*reader)->scan({}, [&](const TimeEntry& entry) {
    entries.push_back(entry);
    return true;
  });
  TIMESTORE_CHECK(scanned.has_value(), "the series file can be read to its end");
  return entries;
}

}  // namespace timestore::replica::testing
