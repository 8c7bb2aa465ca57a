#include "tests/engine/raft/core_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "engine/raft/invariants.h"

namespace timestore::raft::testing {

namespace {

bool begins_anew(const std::vector<Input>& batch) {
  return !batch.empty() &&
         (std::holds_alternative<Compact>(batch.front()) || std::holds_alternative<SnapshotInstalled>(batch.front()));
}

void apply(Disk& disk, const Write& write) {
  replay(disk.log, write);
  disk.hard_state = write.hard_state;
}

}  // namespace

CoreCluster::CoreCluster(std::size_t founders, std::uint64_t seed, Options options, std::size_t outsiders)
    : founders_(founders),
      nodes_(founders + outsiders),
      cut_(founders + outsiders, false),
      options_(options),
      seed_(seed) {
  for (std::size_t number = 0; number < size(); ++number) restart(number, 0);
}

std::size_t CoreCluster::number_of(const NodeId& id) const {
  return static_cast<std::size_t>(std::stoul(id.substr(1))) - 1;
}

void CoreCluster::restart(std::size_t number, Index applied_on_disk) {
  Node& node = nodes_[number];
  Configuration configuration;
  for (std::size_t i = 0; i < founders_ && number < founders_; ++i) configuration.voters.push_back({name(i), ""});
  ++node.lives;
  Disk& disk = node.disk;
  if (disk.log.base.configuration.voters.empty()) disk.log.base.configuration = configuration;
  // A snapshot took the state machine's place, but the crash came before the log could follow.
  if (!disk.log.holds(disk.state_machine.last)) disk.log = {.base = disk.state_machine, .entries = {}};
  std::vector<std::pair<Index, Configuration>> configurations;
  std::vector<std::pair<Index, Level>> levels;
  std::vector<std::pair<Index, ClusterId>> clusters;
  for (Index index = disk.log.base.last.index + 1; index <= disk.log.last_index(); ++index) {
    const Entry& entry = disk.log.at(index);
    if (const auto id = entry.kind == EntryKind::kNoop ? decode_cluster(entry.payload.view()) : std::nullopt) {
      clusters.emplace_back(index, *id);
    }
    if (entry.kind == EntryKind::kLevel) levels.emplace_back(index, decode_level(entry.payload.view()).value());
    if (entry.kind != EntryKind::kMembers) continue;
    configurations.emplace_back(index, decode_configuration(entry.payload.view()).value());
  }
  node.log = disk.log;
  node.compared = 0;
  node.applied = std::max(applied_on_disk, disk.state_machine.last.index);
  node.snapshot_from.clear();
  node.up = true;
  node.state = start({.id = name(number),
                      .configuration = disk.log.base.configuration,
                      .hard_state = disk.hard_state,
                      .trail = trail_of(disk.log),
                      .configurations = std::move(configurations),
                      .level = disk.log.base.level,
                      .levels = std::move(levels),
                      .cluster = disk.log.base.cluster,
                      .clusters = std::move(clusters),
                      .applied = node.applied,
                      .seed = seed_ * 1000 + number * 100 + node.lives},
                     options_);
}

void CoreCluster::crash(std::size_t number, std::size_t surviving_writes) {
  Node& node = nodes_[number];
  node.up = false;
  const std::size_t kept = std::min(surviving_writes, node.disk.queue.size());
  for (std::size_t i = 0; i < kept; ++i) apply(node.disk, node.disk.queue[i]);
  node.disk.queue.clear();
  node.batch.clear();
  node.gathers = false;
  // Nobody is left to hear the fate of its proposals and reads.
  std::erase_if(waiting_proposals_, [&](const auto& waiting) { return waiting.second == number; });
  std::erase_if(waiting_changes_, [&](const auto& waiting) { return waiting.second == number; });
  std::erase_if(waiting_reads_, [&](const auto& waiting) { return waiting.second.number == number; });
}

void CoreCluster::forget(std::size_t number) {
  wipe(number);
  nodes_[number].disk.hard_state.novice = false;
}

void CoreCluster::wipe(std::size_t number) {
  nodes_[number].disk = {};
  nodes_[number].applied = 0;
}

bool CoreCluster::is_member(std::size_t number) const {
  const auto first = leader();
  return !first || nodes_[*first].state.configuration().is_member(name(number));
}

void CoreCluster::input(std::size_t number, Input input) {
  Node& node = nodes_[number];
  if (!node.up) return;
  if (!node.gathers) return take_turn(number, std::span<const Input>(&input, 1));
  node.batch.push_back(std::move(input));
}

void CoreCluster::gather(std::size_t number, bool gathers) {
  Node& node = nodes_[number];
  node.gathers = gathers;
  if (!gathers && node.up && !node.batch.empty()) take_turn(number, std::exchange(node.batch, {}));
}

// First in its batch; there is no more than one.
void CoreCluster::begin_anew(std::size_t number, Input beginning) {
  Node& node = nodes_[number];
  if (!node.gathers) return input(number, std::move(beginning));
  node.batch.insert(node.batch.begin(), std::move(beginning));
}

void CoreCluster::compact(std::size_t number, Index through) {
  Node& node = nodes_[number];
  through = std::min(through, node.state.applied);
  if (!node.up || begins_anew(node.batch) || through <= node.log.base.last.index) return;
  if (through > node.disk.state_machine.last.index) {
    node.disk.state_machine = {{node.log.at(through).term, through},
                               node.state.configurations.at(through),
                               node.state.levels.at(through),
                               node.state.clusters.at(through)};
  }
  begin_anew(number, Compact{through});
}

void CoreCluster::install_snapshot(std::size_t number, std::size_t of) {
  Node& node = nodes_[number];
  const Node& other = nodes_[of];
  if (!node.up || !other.up || begins_anew(node.batch) || begins_anew(other.batch) || other.applied <= node.applied)
    return;
  const PlainLog& log = other.log;
  const Base snapshot{
      other.applied == log.base.last.index ? log.base.last : Position{log.at(other.applied).term, other.applied},
      other.state.configurations.at(other.applied), other.state.levels.at(other.applied),
      other.state.clusters.at(other.applied)};
  if (snapshot.last.term > node.disk.hard_state.term) return;
  node.disk.state_machine = snapshot;
  node.applied = snapshot.last.index;
  begin_anew(number, SnapshotInstalled{snapshot.last, snapshot.configuration, snapshot.level, snapshot.cluster});
}

bool CoreCluster::take_snapshots() {
  bool was_sent = false;
  for (std::size_t number = 0; number < size(); ++number) {
    const NodeId from = std::exchange(nodes_[number].snapshot_from, {});
    if (from.empty()) continue;
    was_sent = true;
    install_snapshot(number, number_of(from));
  }
  return was_sent;
}

void CoreCluster::take_turn(std::size_t number, std::span<const Input> inputs) {
  Node& node = nodes_[number];
  const State before = node.state;
  Effects effects = step(node.state, inputs);
  for (const auto& sentence : {violated(node.state), violated_between(before, node.state)}) {
    require(!sentence, sentence.value_or(""));
  }
  carry_out(number, std::move(effects));
  check_cluster(number);
}

void CoreCluster::carry_out(std::size_t number, Effects effects) {
  Node& node = nodes_[number];
  if (effects.write) {
    require(effects.write->truncate_from.value_or(node.compared + 1) > node.compared,
            "a committed entry is never removed");
    replay(node.log, *effects.write);
    node.disk.queue.push_back(std::move(*effects.write));
  }
  for (Send& send : effects.sends) {
    check_promise(node, send);
    if (auto* append = std::get_if<AppendRequest>(&send.message)) {
      for (std::size_t i = 0; i < append->entries.size(); ++i) {
        append->entries[i].payload = node.log.at(append->prev_index + 1 + i).payload;
      }
    }
    if (!cut_[number] && !cut_[number_of(send.to)]) {
      network_.push_back({node.state.id, send.to, std::move(send.message)});
    }
  }
  note_committed(node);
  if (!effects.snapshot_from.empty()) node.snapshot_from = effects.snapshot_from;
  for (const Fate& fate : effects.fates) note_fate(fate);
  for (const ReadEnd& end : effects.reads) {
    const auto waiting = waiting_reads_.find(end.id);
    require(waiting != waiting_reads_.end(), "a read ends once");
    require(!end.granted || end.index >= waiting->second.floor, "a read sees what was committed before it began");
    waiting_reads_.erase(waiting);
    read_ends_.emplace(end.id, end);
  }
  if (effects.apply_through > node.applied) {
    node.applied = effects.apply_through;
    input(number, Applied{node.applied});
  }
}

void CoreCluster::write_done(std::size_t number, std::size_t writes) {
  Node& node = nodes_[number];
  if (!node.up || node.disk.queue.empty()) return;
  const auto end = node.disk.queue.begin() + static_cast<std::ptrdiff_t>(std::min(writes, node.disk.queue.size()));
  const WriteId last = std::prev(end)->id;
  std::for_each(node.disk.queue.begin(), end, [&](const Write& write) { apply(node.disk, write); });
  node.disk.queue.erase(node.disk.queue.begin(), end);
  input(number, WriteDone{last});
}

void CoreCluster::deliver(std::size_t position, bool keep) {
  Envelope envelope = keep ? network_.at(position) : std::move(network_.at(position));
  if (!keep) network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(position));
  const std::size_t to = number_of(envelope.to);
  if (cut_[to] || cut_[number_of(envelope.from)]) return;
  if (nodes_[to].up) ++deliveries_;
  input(to, Receive{envelope.from, std::move(envelope.message)});
}

ProposalId CoreCluster::propose(std::size_t number) {
  const ProposalId id = ++last_proposal_;
  if (nodes_[number].up) waiting_proposals_.emplace(id, number);
  input(number, Propose{id, Payload(command(id))});
  return id;
}

ProposalId CoreCluster::change(std::size_t number, Change change) {
  const ProposalId id = ++last_proposal_;
  if (nodes_[number].up) waiting_changes_.emplace(id, number);
  input(number, ChangeMembers{id, std::move(change)});
  return id;
}

ReadId CoreCluster::read(std::size_t number) {
  const ReadId id = ++last_read_;
  if (nodes_[number].up) waiting_reads_.emplace(id, WaitingRead{.number = number, .floor = committed()});
  input(number, Read{id});
  return id;
}

void CoreCluster::settle(std::size_t ticks) {
  for (std::size_t round = 0; round <= ticks; ++round) {
    for (bool busy = true; busy;) {
      busy = !network_.empty();
      if (busy) deliver(0);
      for (std::size_t number = 0; number < size(); ++number) {
        busy = busy || (nodes_[number].up && !nodes_[number].disk.queue.empty());
        write_done(number);
      }
      busy = take_snapshots() || busy;
    }
    if (round < ticks) {
      for (std::size_t number = 0; number < size(); ++number) tick(number);
    }
  }
}

bool CoreCluster::elect() {
  for (std::size_t attempt = 0; attempt < 200; ++attempt) {
    settle(options_.heartbeat_ticks);
    const auto number = leader();
    if (!number) continue;
    const Node& chosen = nodes_[*number];
    const Index start = std::get<Leader>(chosen.state.role).term_start;
    bool everywhere = true;
    for (std::size_t i = 0; i < size(); ++i) {
      const bool is_asked = nodes_[i].up && !cut_[i] && is_member(i);
      everywhere = everywhere && (!is_asked || nodes_[i].state.commit >= start);
    }
    if (everywhere) return true;
  }
  return false;
}

std::optional<std::size_t> CoreCluster::leader() const {
  std::optional<std::size_t> best;
  for (std::size_t number = 0; number < nodes_.size(); ++number) {
    const Node& node = nodes_[number];
    if (!node.up || cut_[number] || !node.state.is_leader()) continue;
    if (!best || node.state.term() > nodes_[*best].state.term()) best = number;
  }
  return best;
}

}  // namespace timestore::raft::testing
