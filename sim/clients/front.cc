#include "sim/clients/front.h"

#include <algorithm>
#include <utility>

#include "engine/base/mark.h"

namespace timestore::sim {

namespace {

using Step = client::Attempts::Step;

}  // namespace

Front::Front(World& world, Choices& choices) : world_(world), sent_(world.size(), 0) {
  for (std::size_t node = 0; node < world.size(); ++node) requests_.push_back(choices.stream("front.request", node));
  world.set_doorman(*this);
}

// Ids of the nodes' making look like no client's.
Guid Front::make_id() {
  const std::uint64_t number = ++last_id_;
  Guid id;
  for (std::size_t i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  id.bytes[0] = 0x01;
  id.bytes[6] = 0x70;  // version 7
  id.bytes[8] = 0x80;
  return id;
}

client::Leadership Front::leadership(std::size_t node) const {
  const Replica& replica = world_.cluster()[node];
  return {.is_leader = replica.is_leader(), .leader = replica.leader(), .term = replica.core().term()};
}

void Front::write(std::size_t node, OperationId operation, client::Content content, Time deadline, WriteDone done) {
  Call call{.node = node, .operation = operation, .written = std::move(done), .deadline = deadline};
  call.write.emplace(client::Submission::Options{.self = Cluster::name(node),
                                                 .is_forwarded = false,
                                                 .deadline = deadline,
                                                 .make_id = [this] { return make_id(); }},
                     std::move(content));
  go_on_later(begin(std::move(call)), 0);
}

void Front::read(std::size_t node, Time deadline, ReadDone done) {
  Call call{.node = node, .read = std::move(done), .deadline = deadline};
  call.attempts.emplace(client::Attempts::Options{
      .self = Cluster::name(node), .effect = client::Effect::kNone, .is_forwarded = false, .deadline = deadline});
  go_on_later(begin(std::move(call)), 0);
}

void Front::run(std::size_t node, Errand errand, Time deadline) {
  Call call{.node = node, .deadline = deadline};
  call.attempts.emplace(client::Attempts::Options{
      .self = Cluster::name(node), .effect = client::Effect::kAnyNew, .is_forwarded = false, .deadline = deadline});
  call.errand = std::make_shared<Once>(Once{.errand = std::move(errand)});
  call.read = [](bool, raft::Index) {};
  go_on_later(begin(std::move(call)), 0);
}

void Front::report(const char* rule, const Call& call, const std::string& what) {
  world_.cluster().oracle().report(
      {.checker = "clients",
       .rule = rule,
       .detail = Cluster::name(call.node) + ", operation " + std::to_string(call.operation) + ": " + what});
}

Front::CallId Front::begin(Call call) {
  call.begun = world_.now();
  calls_.emplace(++last_call_, std::move(call));
  return last_call_;
}

void Front::go_on_later(CallId id, Time delay) {
  world_.after(delay, [this, id] { go_on(id); });
}

void Front::go_on(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = found->second;
  const client::Leadership known = leadership(call.node);
  const Step step = call.write ? call.write->next(known, world_.now()) : call.attempts->next(known, world_.now());
  switch (step.kind) {
    case Step::Kind::kTry:
      if (step.to != Cluster::name(call.node)) return ask(id, step);
      if (call.errand) return run_here(id, step);
      return call.write ? try_here(id, step) : read_here(id, step);
    case Step::Kind::kWait:
      if (std::exchange(call.planned, step.until) != step.until) go_on_later(id, step.until - world_.now());
      return;
    case Step::Kind::kEnd:
      return finish(id);
  }
}

void Front::finish(CallId id) {
  Call call = std::move(calls_.extract(id).mapped());
  if (world_.now() > call.deadline) {
    report("a request is answered by its deadline", call, to_text(world_.now() - call.deadline) + " later");
  }
  if (call.write) return call.written(call.write->end());
  const client::Attempts::Verdict verdict = call.attempts->verdict();
  if (!call.errand) return call.read(verdict == client::Attempts::Verdict::kDone, call.granted);
  const bool is_undone = verdict == client::Attempts::Verdict::kNotTaken;
  if (verdict == client::Attempts::Verdict::kUnknown) TIMESTORE_MARK("front: what became of an errand is unknown");
  if (is_undone && !call.is_forwarded) {
    TIMESTORE_MARK("front: nobody did an errand");
    call.errand->is_called_undone = true;
    if (call.errand->effects > 0) report("an errand that is called undone was not done", call, "it was");
  }
  call.read(!is_undone, 0);
}

// ---------------------------------------------------------------------------------------------------- here

void Front::try_here(CallId id, const Step& step) {
  Call& call = calls_.at(id);
  const std::size_t node = call.node;
  const OperationId operation = call.operation;
  const auto lines = call.write->lines();
  if (!lines) world_.cluster().oracle().attempt_begins(operation, call.write->entries());
  const auto ended = [this, id, operation, is_of_lines = lines != nullptr,
                      attempt = step.attempt](client::WriteEnd end) {
    if (!is_of_lines) world_.cluster().oracle().attempt_ends(operation, end);
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    found->second.write->ended(attempt, std::move(end), world_.now());
    go_on_later(id, 0);
  };
  Replica& replica = world_.cluster()[node];
  const auto ticket =
      lines ? client::submit(replica, lines, ended) : client::submit(replica, call.write->entries(), ended);
  world_.after(step.until - world_.now(), [this, node, ticket, life = world_.cluster().life(node)] {
    if (world_.cluster().is_up(node) && world_.cluster().life(node) == life) world_.cluster()[node].give_up(ticket);
  });
  world_.wake(node);
}

void Front::read_here(CallId id, const Step& step) {
  const std::size_t node = calls_.at(id).node;
  const auto ended = [this, id, attempt = step.attempt](bool is_granted, raft::Index index) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    found->second.granted = index;
    found->second.attempts->ended(attempt, is_granted ? client::Outcome::kDone : client::Outcome::kNotTaken,
                                  world_.now());
    go_on_later(id, 0);
  };
  const auto ticket = world_.cluster()[node].read(ended);
  world_.after(step.until - world_.now(), [this, node, ticket, life = world_.cluster().life(node)] {
    if (!world_.cluster().is_up(node) || world_.cluster().life(node) != life) return;
    world_.cluster()[node].give_up_read(ticket);
  });
  world_.wake(node);
}

// The one who asked hears that it was done, or certainly not, whatever that did.
void Front::run_here(CallId id, const Step& step) {
  const Call& call = calls_.at(id);
  const std::size_t node = call.node;
  const auto errand = call.errand;
  if (call.is_forwarded) TIMESTORE_MARK("front: an errand was handed on");
  if (!call.is_double && ++errand->effects > 1) report("an errand is done once at most", call, "and now again");
  if (errand->is_called_undone) report("an errand that is called undone was not done", call, "it is now");
  const auto ended = [this, id, errand, is_double = call.is_double, attempt = step.attempt](client::Outcome outcome) {
    if (outcome == client::Outcome::kNotTaken && !is_double) --errand->effects;
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    found->second.attempts->ended(attempt, outcome, world_.now());
    go_on_later(id, 0);
  };
  errand->errand(node, [ended](bool is_done) { ended(is_done ? client::Outcome::kDone : client::Outcome::kNotTaken); });
  world_.after(step.until - world_.now(), [this, id, attempt = step.attempt] {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    if (found->second.attempts->ended(attempt, client::Outcome::kUndecided, world_.now())) go_on(id);
  });
}

// ---------------------------------------------------------------------------------------------------- what nodes do

void Front::leadership_changed(std::size_t node) {
  for (const auto& [id, call] : calls_) {
    if (call.node == node) go_on_later(id, 0);
  }
}

// The connections of all who wait here break. Nobody is told anything but that.
void Front::stopped(std::size_t node) {
  std::vector<Call> broken;
  for (auto call = calls_.begin(); call != calls_.end();) {
    if (call->second.node != node) {
      ++call;
      continue;
    }
    if (!call->second.is_forwarded) broken.push_back(std::move(call->second));
    call = calls_.erase(call);
  }
  for (Call& call : broken) {
    if (call.write) {
      call.written({.kind = client::WriteEnd::Kind::kUnknown, .result = {}, .entries = call.write->entries()});
    } else {
      call.read(false, 0);
    }
  }
}

}  // namespace timestore::sim
