#include "sim/clients/probe.h"

#include <string>
#include <utility>

#include "engine/client/write.h"
#include "sim/words/wall_clock.h"

namespace timestore::sim {

namespace {

constexpr const char* kDevice = "probe";

}  // namespace

std::optional<std::size_t> Probe::leader() const {
  const Cluster& cluster = world_.cluster();
  std::optional<std::size_t> found;
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (!cluster.is_up(node) || !cluster.core(node).is_leader() || !via(node)) continue;
    if (!found || cluster.core(node).term() > cluster.core(*found).term()) found = node;
  }
  return found;
}

std::optional<std::size_t> Probe::via(std::size_t leader) const {
  const Cluster& cluster = world_.cluster();
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (!whom_[node] || !cluster.is_up(node) || cluster.core(node).leader != Cluster::name(leader)) continue;
    if (cluster.core(node).term() != cluster.core(leader).term()) continue;
    if (!cluster.is_link_cut(node, leader) && !cluster.is_link_cut(leader, node)) return node;
  }
  return std::nullopt;
}

void Probe::begin() { ask(); }

void Probe::ask() {
  if (is_over_ || is_done()) return;
  if (const auto node = leader()) {
    if (!has_written_ && writes_at_ != node) write(*node);
    if (!has_read_ && reads_at_ != node) read(*node);
  }
  const WorldOptions& options = world_.options();
  world_.after(options.tick * options.cluster.raft.heartbeat_ticks, [this] { ask(); });
}

void Probe::write(std::size_t node) {
  Oracle& oracle = world_.cluster().oracle();
  TimeEntry entry;
  entry.device_id = kDevice;
  entry.timestamp_ns = wall_ns(world_.now());
  entry.value = 1;
  entry.attributes = "{\"op\":" + std::to_string(oracle.next_operation()) + "}";
  const OperationId operation = oracle.write_begins(world_.now(), {entry});
  writes_at_ = node;
  client::submit(world_.cluster()[node], {entry}, [this, operation, node](const client::WriteEnd& end) {
    if (writes_at_ == node) writes_at_.reset();
    has_written_ = has_written_ || end.kind == client::WriteEnd::Kind::kApplied;
    world_.cluster().oracle().write_ends(world_.now(), operation, end);
  });
  world_.wake(node);
}

// The leader tells how far a read must see, and the node that was asked answers from its own file.
void Probe::read(std::size_t leader) {
  const OperationId operation = world_.cluster().oracle().read_begins(world_.now(), kDevice);
  reads_at_ = leader;
  world_.cluster()[leader].read([this, operation, leader](bool is_granted, raft::Index index) {
    world_.after(0, [this, operation, leader, is_granted, index] {
      if (reads_at_ == leader) reads_at_.reset();
      const auto node = world_.cluster().is_up(leader) ? via(leader) : std::nullopt;
      if (!is_granted || !node) return world_.cluster().oracle().read_fails(world_.now(), operation);
      world_.cluster()[*node].await_applied(
          index, [this, operation, node = *node, index](bool is_applied, raft::Index) {
            if (!is_applied) return world_.cluster().oracle().read_fails(world_.now(), operation);
            world_.after(0, [this, operation, node, index] { read_at(operation, node, index); });
          });
    });
  });
  world_.wake(leader);
}

void Probe::read_at(OperationId operation, std::size_t node, raft::Index index) {
  Oracle& oracle = world_.cluster().oracle();
  if (!world_.cluster().is_up(node)) return oracle.read_fails(world_.now(), operation);
  auto seen = world_.cluster().read_series(node, kDevice);
  if (!seen) {
    oracle.read_fails(world_.now(), operation);
    return world_.could_not_read(node, seen.error().message);
  }
  seen->granted = index;
  has_read_ = true;
  oracle.read_ends(world_.now(), operation, *seen);
}

}  // namespace timestore::sim
