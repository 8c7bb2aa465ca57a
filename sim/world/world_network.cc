// How messages travel through the world, and what their senders hear of those that do not arrive.
#include <algorithm>
#include <string>
#include <utility>

#include "engine/base/mark.h"
#include "sim/world/foreigner.h"
#include "sim/world/world.h"

namespace timestore::sim {

namespace {

const char* kind_of(const raft::Message& message) {
  struct {
    const char* operator()(const raft::VoteRequest&) const { return "vote?"; }
    const char* operator()(const raft::VoteResponse&) const { return "vote!"; }
    const char* operator()(const raft::PreVoteRequest&) const { return "pre-vote?"; }
    const char* operator()(const raft::PreVoteResponse&) const { return "pre-vote!"; }
    const char* operator()(const raft::AppendRequest&) const { return "append?"; }
    const char* operator()(const raft::AppendResponse&) const { return "append!"; }
    const char* operator()(const raft::SnapshotRequest&) const { return "snapshot?"; }
    const char* operator()(const raft::SnapshotResponse&) const { return "snapshot!"; }
    const char* operator()(const raft::TimeoutNow&) const { return "take over"; }
    const char* operator()(const raft::NotOurs&) const { return "not ours!"; }
  } kind;
  return std::visit(kind, message);
}

}  // namespace

void World::posted(MessageId id) {
  const Wire& wire = cluster_.messages().at(id);
  ++messages_;
  hasher_.add(queue_.now()).add(wire.from).add(wire.to).add(wire.bytes);
  if (trace_)
    trace(wire.from, "sends " + Cluster::name(wire.to), std::string(kind_of(wire.message)) + " " + wire.text());
  const bool is_part = std::holds_alternative<raft::SnapshotResponse>(wire.message);
  const bool is_order = std::holds_alternative<raft::TimeoutNow>(wire.message);
  const Parcel parcel = is_part                           ? Parcel::kSnapshot
                        : is_order && !wire.ends_exchange ? Parcel::kOrder
                                                          : Parcel::kMessage;
  const auto arrival = network_.send(queue_.now(), wire.from, wire.to, wire.bytes.size(), parcel);
  if (!arrival) {
    if (trace_) trace(wire.from, "loses", wire.text());
    if (options_.notices_loss > 0) tell_undelivered(wire, options_.notices_loss);
    return cluster_.drop(id);
  }
  const bool is_request = wire.exchange.id != 0 && !wire.ends_exchange;
  if (is_request && !network_.is_healed() && options_.network.cut_short > 0) {
    const std::size_t link = wire.from * size() + wire.to;
    if (parts_[link].on(++requests_[link]).chance(options_.network.cut_short, 1'000'000)) {
      return arrive_in_part(id, arrival->delay);
    }
  }
  if (!arrival->second_delay) return plan_arrival(id, arrival->delay, false);
  plan_arrival(id, arrival->delay, true);
  plan_arrival(id, *arrival->second_delay, false);
}

void World::plan_arrival(MessageId id, Time delay, bool keep) {
  queue_.after(delay, [this, id, keep] { arrive(id, keep); });
}

void World::arrive(MessageId id, bool keep) {
  const auto found = cluster_.messages().find(id);
  if (found == cluster_.messages().end()) return;  // its first arrival waited for a paused node, and the second came
  const Wire& wire = found->second;
  const std::size_t to = wire.to;
  if (cluster_.is_link_cut(wire.from, to)) {
    TIMESTORE_MARK("network: a message was under way when its link was cut");
    if (options_.notices_loss > 0) tell_undelivered(wire, options_.notices_loss);
    if (!keep) cluster_.drop(id);
    return;
  }
  const Time paused_until = machines_[to].paused_until;
  if (paused_until > queue_.now()) return plan_arrival(id, std::min(paused_until - queue_.now(), kLookPeriod), keep);
  if (machines_[to].foreign_until > queue_.now() && !wire.ends_exchange && wire.correlation == 0) {
    TIMESTORE_MARK("network: a request reached a node of another cluster");
    const std::size_t from = wire.from;
    if (keep) return;  // it will arrive again
    cluster_.misdirect(id, machines_[to].foreign);
    return wake(from);
  }
  if (trace_ && cluster_.is_up(to)) trace(to, "hears " + Cluster::name(wire.from), wire.text());
  if (!cluster_.is_up(to)) tell_undelivered(wire, options_.network.delay);  // the connection is refused
  cluster_.deliver(id, keep);
  wake(to);
}

void World::impersonate(std::size_t number, const raft::ClusterId& cluster, Time length) {
  Machine& machine = machines_[number];
  const bool is_new = machine.foreign_until <= queue_.now();
  machine.foreign_until = std::max(machine.foreign_until, queue_.now() + length);
  machine.foreign = cluster;
  if (is_new) plan_foreigner(number);
}

// It says something about as often as a leader does.
void World::plan_foreigner(std::size_t number) {
  queue_.after(options_.tick * options_.cluster.raft.heartbeat_ticks, [this, number] {
    Machine& machine = machines_[number];
    if (machine.foreign_until <= queue_.now()) return;
    Stream choices = machine.choices.named("foreign").on(queue_.events());
    const std::size_t to = choices.below(size());
    const bool is_reached = to != number && cluster_.is_up(to) && machines_[to].paused_until <= queue_.now();
    if (is_reached) {
      raft::Message said = foreign_request(cluster_.core(to), Cluster::name(number), machine.foreign, choices);
      if (cluster_.hear_foreigner(to, number, std::move(said))) {
        TIMESTORE_MARK("network: a node of another cluster called");
      }
      wake(to);
    }
    plan_foreigner(number);
  });
}

// The connection breaks in the middle of a request: it means nothing to the one who is asked, and the other learns of
// it.
void World::arrive_in_part(MessageId id, Time delay) {
  TIMESTORE_MARK("network: a request arrived in part");
  const Wire& wire = cluster_.messages().at(id);
  tell_undelivered(wire, delay + options_.network.delay);
  cluster_.drop(id);
}

// As a transport does that gets no answer to a request.
void World::tell_undelivered(const Wire& wire, Time later) {
  if (wire.exchange.id != 0) {
    Wire end{
        .from = wire.asker(), .to = wire.asked_node(), .message = {}, .bytes = {}, .correlation = 0, .asked = nullptr};
    end.exchange = wire.exchange;
    return queue_.after(later, [this, end = std::move(end)] {
      cluster_.end_exchange_in_failure(end);
      wake(end.from);
    });
  }
  if (!std::holds_alternative<raft::AppendRequest>(wire.message)) return;
  queue_.after(later, [this, from = wire.from, to = wire.to, life = cluster_.life(wire.from)] {
    if (cluster_.life(from) != life || !cluster_.is_up(from)) return;
    cluster_[from].peer_unreachable(Cluster::name(to));
    wake(from);
  });
}

}  // namespace timestore::sim
