#include "tests/engine/raft/core_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "engine/raft/invariants.h"

namespace timestore::raft::testing {

namespace {

// A schedule stops at the first broken sentence; both GoogleTest and RapidCheck report the exception's text.
void require(bool condition, const std::string& sentence) {
  if (!condition) throw std::runtime_error("broken: " + sentence);
}

Trail trail_of(const std::vector<Entry>& log) {
  Trail trail;
  for (const Entry& entry : log) trail.append(entry.term, entry.kind, entry.payload.size_bytes());
  return trail;
}

void apply(Disk& disk, const Write& write) {
  if (write.truncate_from) disk.log.resize(*write.truncate_from - 1);
  if (!write.entries.empty()) require(write.first_index == disk.log.size() + 1, "a write continues the log on disk");
  disk.log.insert(disk.log.end(), write.entries.begin(), write.entries.end());
  disk.hard_state = write.hard_state;
}

// What the log will hold once every queued write is done.
std::vector<Entry> log_with_queue(const Disk& disk) {
  Disk copy = disk;
  for (const Write& write : disk.queue) apply(copy, write);
  return copy.log;
}

}  // namespace

CoreCluster::CoreCluster(std::size_t size, std::uint64_t seed, Options options)
    : nodes_(size), cut_(size, false), options_(options), seed_(seed) {
  for (std::size_t number = 0; number < size; ++number) restart(number, 0);
}

std::size_t CoreCluster::number_of(const NodeId& id) const {
  return static_cast<std::size_t>(std::stoul(id.substr(1))) - 1;
}

void CoreCluster::restart(std::size_t number, Index applied_on_disk) {
  Node& node = nodes_[number];
  Configuration configuration;
  for (std::size_t i = 0; i < nodes_.size(); ++i) configuration.voters.push_back({name(i), ""});
  ++node.lives;
  node.applied = applied_on_disk;
  node.up = true;
  node.state = start({.id = name(number),
                      .configuration = configuration,
                      .hard_state = node.disk.hard_state,
                      .trail = trail_of(node.disk.log),
                      .applied = applied_on_disk,
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

void CoreCluster::take_turn(std::size_t number, std::span<const Input> inputs) {
  Node& node = nodes_[number];
  const State before = node.state;
  Effects effects = step(node.state, inputs);
  const auto sentence = violated(node.state);
  require(!sentence, name(number) + ": " + std::string(sentence.value_or("")));
  const auto between = violated_between(before, node.state);
  require(!between, name(number) + ": " + std::string(between.value_or("")));
  carry_out(number, std::move(effects));
  check_cluster(number);
}

void CoreCluster::carry_out(std::size_t number, Effects effects) {
  Node& node = nodes_[number];
  if (effects.write) node.disk.queue.push_back(std::move(*effects.write));
  for (Send& send : effects.sends) {
    check_promise(node, send);
    if (auto* append = std::get_if<AppendRequest>(&send.message)) {
      const std::vector<Entry> log = log_with_queue(node.disk);
      for (std::size_t i = 0; i < append->entries.size(); ++i) {
        append->entries[i].payload = log.at(append->prev_index + i).payload;
      }
    }
    if (!cut_[number] && !cut_[number_of(send.to)]) {
      network_.push_back({node.state.id, send.to, std::move(send.message)});
    }
  }
  note_committed(node);
  for (const Fate& fate : effects.fates) {
    require(fates_.emplace(fate.id, fate).second, "a proposal has one fate");
    const auto found = committed_.find(fate.position.index);
    const bool is_there = found != committed_.end() && found->second.payload.view() == proposed_.at(fate.id);
    if (fate.kind == Fate::Kind::kCommitted) require(is_there, "a proposal told committed is committed");
  }
  for (const ReadEnd& end : effects.reads) {
    require(read_ends_.emplace(end.id, end).second, "a read ends once");
    if (end.granted) require(end.index >= read_floor_.at(end.id), "a read sees what was committed before it began");
  }
  if (effects.apply_through > node.applied) {
    node.applied = effects.apply_through;
    input(number, Applied{node.applied});
  }
}

void CoreCluster::check_promise(const Node& node, const Send& send) const {
  const Disk& disk = node.disk;
  const Node& to = nodes_[number_of(send.to)];
  if (const auto* vote = std::get_if<VoteRequest>(&send.message)) {
    require(disk.hard_state == HardState{vote->term, node.state.id},
            "a vote request leaves after the vote for oneself is durable");
    require(vote->last_index <= disk.log.size() &&
                (vote->last_index == 0 || disk.log[vote->last_index - 1].term == vote->last_term),
            "a candidate advertises only durable entries");
  } else if (const auto* answer = std::get_if<VoteResponse>(&send.message)) {
    require(!answer->granted || disk.hard_state == HardState{answer->term, send.to},
            "a vote leaves after it is durable");
  } else if (const auto* response = std::get_if<AppendResponse>(&send.message)) {
    require(disk.hard_state.term >= response->term, "an answer's term is durable");
    if (!response->success) return;
    require(response->match <= disk.log.size(), "an acknowledged entry is durable");
    if (!to.up || !to.state.is_leader() || to.state.term() != response->term) return;
    const std::vector<Entry> leaders = log_with_queue(to.disk);
    for (Index index = 1; index <= response->match; ++index) {
      require(disk.log[index - 1] == leaders.at(index - 1), "an acknowledged entry is the leader's");
    }
  }
}

void CoreCluster::note_committed(const Node& node) {
  const std::vector<Entry> log = log_with_queue(node.disk);
  for (Index index = 1; index <= node.state.commit; ++index) {
    const Entry& entry = log.at(index - 1);
    const auto [place, is_new] = committed_.emplace(index, entry);
    require(place->second == entry, "one entry per committed index, on every node");
    if (is_new) committed_in_.emplace(index, node.state.term());
  }
}

void CoreCluster::check_cluster(std::size_t number) {
  const Node& node = nodes_[number];
  if (!node.state.is_leader()) return;
  const auto [place, is_new] = leaders_.emplace(node.state.term(), node.state.id);
  require(place->second == node.state.id, "one leader per term");
  if (!is_new) return;
  const std::vector<Entry> log = log_with_queue(node.disk);
  for (const auto& [index, entry] : committed_) {
    if (committed_in_.at(index) >= node.state.term()) continue;
    require(index <= log.size() && log[index - 1] == entry, "a leader holds everything committed before its term");
  }
}

void CoreCluster::write_done(std::size_t number) {
  Node& node = nodes_[number];
  if (!node.up || node.disk.queue.empty()) return;
  const Write write = node.disk.queue.front();
  node.disk.queue.erase(node.disk.queue.begin());
  apply(node.disk, write);
  input(number, WriteDone{write.id});
}

void CoreCluster::deliver(std::size_t position, bool keep) {
  const Envelope envelope = network_.at(position);
  if (!keep) network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(position));
  const std::size_t to = number_of(envelope.to);
  if (cut_[to] || cut_[number_of(envelope.from)]) return;
  input(to, Receive{envelope.from, envelope.message});
}

ProposalId CoreCluster::propose(std::size_t number) {
  const ProposalId id = ++last_proposal_;
  proposed_[id] = "command " + std::to_string(id);
  input(number, Propose{id, Payload(proposed_[id])});
  return id;
}

ReadId CoreCluster::read(std::size_t number) {
  const ReadId id = ++last_read_;
  read_floor_[id] = committed();
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
      everywhere = everywhere && (!nodes_[i].up || cut_[i] || nodes_[i].state.commit >= start);
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
