#include "tests/sim/checkers/honest_cluster.h"

#include "engine/raft/step.h"
#include "engine/series/command.h"

namespace timestore::sim {

namespace {

raft::Configuration configuration_of(std::size_t nodes) {
  raft::Configuration configuration;
  for (std::size_t node = 0; node < nodes; ++node) configuration.voters.push_back({HonestCluster::name(node), ""});
  return configuration;
}

void write_to(std::vector<raft::Entry>& log, const raft::Write& write) {
  if (write.truncate_from) log.resize(*write.truncate_from - 1);
  log.insert(log.end(), write.entries.begin(), write.entries.end());
}

}  // namespace

HonestCluster::HonestCluster(std::size_t nodes)
    : configuration_(configuration_of(nodes)),
      oracle_({.nodes = nodes, .configuration = configuration_}),
      nodes_(nodes) {
  for (std::size_t node = 0; node < nodes; ++node) start(node);
}

store::LogFile::Recovered HonestCluster::recovered(std::size_t number, std::size_t writes_beyond) const {
  const Node& node = nodes_[number];
  store::LogFile::Recovered recovered;
  recovered.hard_state = node.hard_state;
  std::vector<raft::Entry> log = node.log;
  for (std::size_t write = 0; write < writes_beyond; ++write) {
    write_to(log, node.queue[write]);
    recovered.hard_state = node.queue[write].hard_state;
  }
  for (const raft::Entry& entry : log) recovered.trail.append(entry.term, entry.kind, entry.payload.size_bytes());
  return recovered;
}

void HonestCluster::start(std::size_t number, const store::LogFile::Recovered& recovered, raft::Index applied) {
  start(number, recovered, applied, configuration_);
}

void HonestCluster::start_waiting(std::size_t number) {
  store::LogFile::Recovered empty;
  empty.hard_state.novice = true;
  start(number, empty, 0, {});
}

void HonestCluster::start(std::size_t number, const store::LogFile::Recovered& recovered, raft::Index applied,
                          const raft::Configuration& members) {
  Node& node = nodes_[number];
  node.issued.resize(recovered.trail.last_index());
  node.log = node.issued;
  node.hard_state = recovered.hard_state;
  node.queue.clear();
  ++node.lives;
  node.core = raft::start({.id = name(number),
                           .configuration = members,
                           .hard_state = recovered.hard_state,
                           .trail = recovered.trail,
                           .applied = applied,
                           .seed = 100 * number + node.lives},
                          {});
  oracle_.started(number, recovered, node.core, applied);
}

void HonestCluster::turn(std::size_t number, std::vector<raft::Input> inputs) {
  Node& node = nodes_[number];
  raft::Effects effects = raft::step(node.core, inputs);
  oracle_.stepped(number, node.core, inputs, effects);
  if (effects.write) {
    write_to(node.issued, *effects.write);
    node.queue.push_back(std::move(*effects.write));
  }
  for (raft::Send& send : effects.sends) {
    if (auto* append = std::get_if<raft::AppendRequest>(&send.message)) {
      for (std::size_t i = 0; i < append->entries.size(); ++i) {
        append->entries[i].payload = node.issued[append->prev_index + i].payload;
      }
    }
    oracle_.sends(number, send);
    network_.push_back({number, std::move(send)});
  }
}

bool HonestCluster::write_done(std::size_t number) {
  Node& node = nodes_[number];
  if (node.queue.empty()) return false;
  const raft::Write write = std::move(node.queue.front());
  node.queue.pop_front();
  write_to(node.log, write);
  node.hard_state = write.hard_state;
  oracle_.wrote(number, write.id, true);
  turn(number, {raft::WriteDone{write.id}});
  return true;
}

void HonestCluster::settle() {
  for (bool is_busy = true; is_busy;) {
    is_busy = false;
    for (std::size_t node = 0; node < nodes_.size(); ++node) is_busy = write_done(node) || is_busy;
    if (network_.empty()) continue;
    is_busy = true;
    const Envelope envelope = std::move(network_.front());
    network_.pop_front();
    const std::size_t to = number_of(envelope.send.to);
    if (!nodes_[to].is_silent && !nodes_[envelope.from].is_silent) forge(envelope.from, to, envelope.send.message);
  }
}

void HonestCluster::forge(std::size_t from, std::size_t to, raft::Message message) {
  turn(to, {raft::Receive{name(from), std::move(message), 0}});
}

void HonestCluster::elect(std::size_t node) {
  turn(node, {raft::Campaign{}});
  settle();
  ASSERT_TRUE(core(node).is_leader());
}

raft::Index HonestCluster::propose(std::size_t node, const std::vector<TimeEntry>& entries) {
  turn(node, {raft::Propose{++last_proposal_, raft::Payload(encode_command(entries))}});
  return last(node);
}

void HonestCluster::elect_without_commit(std::size_t node) {
  const std::size_t voter = (node + 1) % nodes_.size();
  turn(node, {raft::Campaign{}});
  while (write_done(node)) continue;
  const raft::VoteRequest request{.term = core(node).term(),
                                  .candidate = name(node),
                                  .last_index = last(node),
                                  .last_term = core(node).trail.last_term(),
                                  .forced = true};
  forge(node, voter, request);
  while (write_done(voter)) continue;
  forge(voter, node, raft::VoteResponse{.term = request.term, .granted = true, .judged = core(node).trail.last()});
  network_.clear();
  ASSERT_TRUE(core(node).is_leader());
}

TimeEntry HonestCluster::entry(const std::string& device_id) {
  TimeEntry entry;
  entry.device_id = device_id;
  entry.attributes = "{\"op\":" + std::to_string(oracle_.next_operation()) + "}";
  return entry;
}

raft::Index HonestCluster::write(std::size_t leader) {
  const std::vector<TimeEntry> entries{entry()};
  oracle_.write_begins(0, entries);
  return propose(leader, entries);
}

raft::Index HonestCluster::commit(std::size_t leader) {
  const raft::Index index = write(leader);
  settle();
  EXPECT_GE(core(leader).commit, index);
  return index;
}

// ---------------------------------------------------------------------------------------------------- lies

raft::Write write_of(raft::WriteId id, raft::Term term, std::optional<raft::NodeId> vote) {
  raft::Write write;
  write.id = id;
  write.hard_state = {.term = term, .vote = std::move(vote)};
  return write;
}

void tell_write(HonestCluster& cluster, std::size_t node, raft::Write write, std::vector<raft::Input> inputs) {
  raft::Effects effects;
  effects.write = std::move(write);
  raft::State core = cluster.core(node);
  core.hard_state = effects.write->hard_state;
  if (effects.write->truncate_from) core.trail.truncate_from(*effects.write->truncate_from);
  for (const raft::Entry& entry : effects.write->entries) core.trail.append(entry.term, entry.kind, 0);
  core.last_write = effects.write->id;
  core.pending_writes.push_back({core.last_write, core.trail.last_index()});
  cluster.oracle().stepped(node, core, inputs, effects);
}

}  // namespace timestore::sim
