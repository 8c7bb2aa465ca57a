#include "sim/clients/deleter.h"

#include <algorithm>
#include <string>

#include "engine/base/mark.h"
#include "engine/client/write.h"
#include "sim/checkers/deletes.h"
#include "sim/words/wall_clock.h"

namespace timestore::sim {

Deleter::Deleter(World& world, Front* front, const DeleteOptions& options, Choices& choices)
    : world_(world), front_(front), options_(options), choices_(choices.stream("deletes")) {}

void Deleter::begin() {
  is_active_ = options_.pause > 0;
  if (is_active_) plan_next();
}

void Deleter::plan_next() {
  Stream choices = choices_.on(++occasion_);
  const Time pause = choices.between(options_.pause / 2, options_.pause * 3 / 2);
  world_.after(pause, [this, choices] {
    if (!is_active_) return;
    act(choices);
    plan_next();
  });
}

void Deleter::act(Stream choices) {
  const std::uint64_t whom = choices.below(2 * world_.size());
  const auto leader = world_.cluster().leader();
  const std::size_t node = whom < world_.size() || !leader ? whom % world_.size() : *leader;
  Oracle& oracle = world_.cluster().oracle();
  const std::uint64_t operation = oracle.next_delete();
  const DeleteOrder order = make_order(choices, operation);
  if (!world_.cluster().is_up(node)) return;
  oracle.delete_begins(order);
  const auto errand = [this, operation, order](std::size_t at, const std::function<void(bool)>& end) {
    submit(at, operation, order, end);
  };
  if (front_ != nullptr) return front_->run(node, errand, world_.now() + client::kErrandTime);
  errand(node, [](bool) {});
}

void Deleter::submit(std::size_t node, std::uint64_t operation, const DeleteOrder& order,
                     const std::function<void(bool)>& end) {
  world_.note(node, "is told to delete", "operation " + std::to_string(operation));
  world_.cluster().oracle().delete_submitted(operation);
  client::submit(world_.cluster()[node], order, [this, operation, end](const client::WriteEnd& how) {
    if (how.kind == client::WriteEnd::Kind::kTooEarly) TIMESTORE_MARK("deletes: a member may not know them yet");
    world_.cluster().oracle().delete_ends(operation, how);
    end(how.kind != client::WriteEnd::Kind::kNotLeader);
  });
  world_.wake(node);
}

// Times as those of other clients' points, so that ranges begin and end at points.
DeleteOrder Deleter::make_order(Stream& choices, std::uint64_t operation) const {
  using Kind = DeletedName::Kind;
  const std::uint64_t kind = choices.below(8);
  const std::uint64_t draw = choices.below(1'000'000);
  const std::uint64_t first = choices.below(450);
  const std::uint64_t length = choices.below(60);
  const std::string device = "device-" + std::to_string(choices.below(options_.devices));
  const std::string tag(1, static_cast<char>('a' + choices.below(3)));
  const bool is_other = choices.chance(1, 3);
  const bool is_bounded = choices.chance(3, 4);
  const bool is_late = choices.chance(1, 4);
  const std::uint64_t back = choices.below(30);
  const Oracle& oracle = world_.cluster().oracle();
  DeleteOrder order;
  if (is_late) order.up_to = oracle.committed() - std::min(oracle.committed(), back);
  if (kind < 3) {
    const auto id = oracle.stored_id(draw);
    order.ids = {id.value_or(Guid())};
    if (const auto other = oracle.stored_id(draw / 7); kind == 2 && other) order.ids.push_back(*other);
    sign(order, operation);
    return order;
  }
  if (kind >= 6 && is_other) order.database = "other";
  if (is_bounded && options_.span == 0) {
    order.first_ns = wall_ns(0) + static_cast<std::int64_t>(first % 100) * 10'000'000;
    order.last_ns = order.first_ns + static_cast<std::int64_t>(length / 4) * 10'000'000;
  } else if (is_bounded) {
    order.first_ns = wall_ns(world_.now()) - nanoseconds(options_.span) * static_cast<std::int64_t>(first) / 300;
    order.last_ns = order.first_ns + nanoseconds(options_.span) * static_cast<std::int64_t>(length) / 300;
  }
  if (kind == 3) order.names = {{.kind = Kind::kDevice, .name = device}};
  if (kind == 4) order.names = {{.is_prefix = true, .name = device}};
  if (kind == 5) order.names = {{.is_prefix = is_bounded, .name = is_bounded ? "" : device}};
  if (kind == 6) order.names = {{.kind = Kind::kLine, .name = "m,t=" + tag + " f"}, {.name = device}};
  if (kind == 7) order.names = {{.kind = Kind::kLine, .is_prefix = true, .name = is_bounded ? "" : "m,t=" + tag}};
  sign(order, operation);
  return order;
}

}  // namespace timestore::sim
