#include "engine/replica/writers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::replica {

namespace {
constexpr const char* kNoCommand = "-";  // a proposal has one, even if nobody will take it
}  // namespace

Writers::Writers(const Options& options, const raft::State& core, const SharedMachine& machine, const Space& space)
    : max_waiting_bytes_(options.max_waiting_bytes),
      core_(core),
      machine_(machine),
      space_(space),
      salts_(options.seed ^ 0x73616c7473) {}

void Writers::submit(WriteTicket ticket, machine::Draft draft, WriteCallback callback) {
  const std::size_t size_bytes = draft.size_bytes;
  Write write{.ticket = ticket,
              .draft = std::move(draft),
              .place = std::nullopt,
              .callback = std::move(callback),
              .size_bytes = 0};
  if (space_.is_missing() && core_.is_leader()) {
    TIMESTORE_MARK("replica: a write was refused because the disk is full");
    return finish(std::move(write), WriteEnd::Kind::kDiskFull);
  }
  if (waiting_bytes_ + size_bytes > max_waiting_bytes_) return finish(std::move(write), WriteEnd::Kind::kBusy);
  write.size_bytes = size_bytes;
  waiting_bytes_ += size_bytes;
  submitted_.push_back(std::move(write));
}

// Writes are proposed in the order of their tickets, and committed in that order too. So each of the three places where
// one may wait is sorted by them.
void Writers::give_up(WriteTicket ticket) {
  const auto submitted = std::ranges::lower_bound(submitted_, ticket, {}, &Write::ticket);
  if (submitted != submitted_.end() && submitted->ticket == ticket) {  // in no log yet: it never will be
    Write write = std::move(*submitted);
    submitted_.erase(submitted);
    return finish(std::move(write), WriteEnd::Kind::kNotLeader);
  }
  if (const auto proposed = proposed_.find(ticket); proposed != proposed_.end()) return give_up(proposed->second);
  const auto committed = std::ranges::lower_bound(committed_, ticket, {}, &Write::ticket);
  if (committed != committed_.end() && committed->ticket == ticket) give_up(*committed);
}

void Writers::give_up_all() {
  for (Write& write : std::exchange(submitted_, {})) finish(std::move(write), WriteEnd::Kind::kNotLeader);
  for (auto& [ticket, write] : proposed_) give_up(write);
  for (Write& write : committed_) give_up(write);
}

void Writers::give_up(Write& write) {
  if (!write.callback) return;
  TIMESTORE_MARK("replica: a write was given up while it may be in the log");
  std::exchange(write.callback, {})(
      {.kind = WriteEnd::Kind::kUnknown, .outcome = {}, .place = write.place, .applied = machine_.applied()});
}

std::vector<raft::Input> Writers::propose() {
  std::vector<raft::Input> inputs;
  if (!submitted_.empty() && !may_propose()) TIMESTORE_MARK("replica: writes waited for the end of a handover");
  if (!may_propose()) return inputs;
  inputs.reserve(submitted_.size());
  if (std::exchange(salt_term_, core_.term()) != core_.term()) salt_ = salts_.next();
  raft::Position position{.term = core_.term(), .index = core_.trail.last_index()};
  for (Write& write : std::exchange(submitted_, {})) {
    if (core_.is_leader() && core_.level() < write.draft.least_level) {
      TIMESTORE_MARK("replica: a write was refused because of the level");
      finish(std::move(write), WriteEnd::Kind::kTooEarly);
      continue;
    }
    ++position.index;
    std::string command = kNoCommand;
    if (core_.is_leader()) {
      write.place = {.position = position, .salt = salt_, .level = core_.level()};
      command = write.draft.command(*write.place);
    }
    write.draft = {};
    const WriteTicket ticket = write.ticket;
    inputs.emplace_back(raft::Propose{ticket, raft::Payload(std::move(command))});
    proposed_.emplace(ticket, std::move(write));
  }
  return inputs;
}

void Writers::end(const raft::Fate& fate) {
  auto found = proposed_.extract(fate.id);
  TIMESTORE_CHECK(!found.empty(), "a fate belongs to a proposal that waits for it");
  Write& write = found.mapped();
  switch (fate.kind) {
    case raft::Fate::Kind::kCommitted:
      TIMESTORE_CHECK(write.place && fate.position == write.place->position,
                      "a proposal is committed where its ids say");
      if (fate.position.index <= machine_.applied()) return finish(std::move(write), WriteEnd::Kind::kUnknown);
      TIMESTORE_CHECK(committed_.empty() || committed_.back().place->position.index < fate.position.index,
                      "fates come in order");
      return committed_.push_back(std::move(write));
    case raft::Fate::Kind::kRefused:
    case raft::Fate::Kind::kSuperseded:
      return finish(std::move(write), WriteEnd::Kind::kNotLeader);
    case raft::Fate::Kind::kUnknown:
      return finish(std::move(write), WriteEnd::Kind::kUnknown);
  }
}

void Writers::applied(raft::Index first, std::vector<machine::Outcome> outcomes) {
  for (; !committed_.empty(); committed_.pop_front()) {
    Write& oldest = committed_.front();
    const raft::Index index = oldest.place->position.index;
    if (index > machine_.applied()) return;
    finish(std::move(oldest), WriteEnd::Kind::kApplied, std::move(outcomes[index - first]));
  }
}

void Writers::hide(raft::Index through) {
  for (; !committed_.empty() && committed_.front().place->position.index <= through; committed_.pop_front()) {
    finish(std::move(committed_.front()), WriteEnd::Kind::kUnknown);
  }
}

void Writers::finish(Write write, WriteEnd::Kind kind, machine::Outcome outcome) {
  waiting_bytes_ -= write.size_bytes;
  if (!write.callback) return TIMESTORE_MARK("replica: the end of a write came when its caller had gone");
  write.callback({.kind = kind, .outcome = std::move(outcome), .place = write.place, .applied = machine_.applied()});
}

// What was proposed may yet be committed by others, what was not is certainly not stored.
void Writers::fail() {
  for (Write& write : std::exchange(submitted_, {})) finish(std::move(write), WriteEnd::Kind::kNotLeader);
  for (auto& [ticket, write] : std::exchange(proposed_, {})) finish(std::move(write), WriteEnd::Kind::kUnknown);
  for (Write& write : std::exchange(committed_, {})) finish(std::move(write), WriteEnd::Kind::kUnknown);
}

}  // namespace timestore::replica
