#include "sim/checkers/oracle.h"

#include <utility>

#include "sim/checkers/clients.h"
#include "sim/checkers/deletes.h"
#include "sim/checkers/elections.h"
#include "sim/checkers/entries.h"
#include "sim/checkers/expiry.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/histories.h"
#include "sim/checkers/identity.h"
#include "sim/checkers/ledger.h"
#include "sim/checkers/levels.h"
#include "sim/checkers/line_writes.h"
#include "sim/checkers/links.h"
#include "sim/checkers/members.h"
#include "sim/checkers/membership.h"
#include "sim/checkers/model.h"
#include "sim/checkers/promises.h"
#include "sim/checkers/reads.h"
#include "sim/checkers/replication.h"
#include "sim/checkers/seals.h"
#include "sim/checkers/shadows.h"
#include "sim/checkers/stability.h"

namespace timestore::sim {

// Each account rests on those above it. Once a sentence is broken, they hear of nothing more.
struct Oracle::State {
  explicit State(const Options& options)
      : shadows(findings, entries, options.nodes),
        members(options.nodes),
        elections(findings, shadows, options.configuration),
        stability(findings, members, options.nodes),
        membership(findings, members, options.nodes),
        levels(findings, options.nodes),
        promises(findings, shadows, entries, elections),
        ledger(findings, shadows, members, elections),
        identity(findings, shadows, entries, elections),
        reads(findings, members, ledger, elections, options.nodes),
        replication(findings, options.nodes),
        links(findings, options.nodes),
        seals(findings, options.series),
        expiry(findings),
        line_writes(findings, model),
        deletes(findings, model),
        clients(findings, ledger, model),
        histories(findings, options.searches_linearizability && options.knows_commands),
        knows_commands(options.knows_commands),
        now(options.now) {}

  Findings findings;
  Entries entries{findings};
  Shadows shadows;
  Members members;
  Elections elections;
  Stability stability;
  Membership membership;
  Levels levels;
  Promises promises;
  Ledger ledger;
  Identity identity;
  Reads reads;
  Replication replication;
  Links links;
  Model model;
  Seals seals;
  Expiry expiry;
  LineWrites line_writes;
  Deletes deletes;
  Clients clients;
  Histories histories;
  bool knows_commands;
  std::function<Time()> now;
  raft::Index followed = 0;  // of the ledger
  std::uint64_t committed_bytes = 0;

  bool is_over() const { return findings.any(); }
  void follow_ledger();
};

// What the ledger has learned, the model applies.
void Oracle::State::follow_ledger() {
  while (!is_over() && followed < ledger.size()) {
    const raft::Position position = ledger.at(++followed);
    const raft::Entry& entry = *entries.find(position);
    committed_bytes += entry.payload.size_bytes();
    if (knows_commands) {
      const std::size_t points = model.stored();
      const Retention before = model.retention();
      clients.committed(position.index, entry.kind, model.apply(entry));
      seals.committed(entry.payload.size_bytes(), model.stored() - points);
      expiry.committed(now(), before, model.retention());
      if (model.last_lines()) line_writes.committed(position.index, *model.last_lines());
      if (model.last_delete()) deletes.committed(position.index, *model.last_delete());
    }
    levels.committed(position.index, entry);
    identity.committed(position.index, entry);
    if (entry.kind == raft::EntryKind::kMembers) membership.committed(position.index, entry);
  }
}

Oracle::Oracle(const Options& options) : state_(std::make_unique<State>(options)) {}
Oracle::~Oracle() = default;

const std::optional<Violation>& Oracle::violation() const { return state_->findings.first(); }
void Oracle::report(Violation violation) { state_->findings.report(std::move(violation)); }

// ---------------------------------------------------------------------------------------------------- nodes

void Oracle::found(std::size_t node, const store::LogFile::Recovered& recovered) {
  if (!state_->is_over()) state_->shadows.found(node, recovered);
}

void Oracle::started(std::size_t node, const store::LogFile::Recovered& recovered, const raft::State& core,
                     std::uint64_t state_hash) {
  if (state_->is_over()) return;
  state_->shadows.started(node, recovered, core);
  if (state_->is_over()) return;
  state_->members.started(node, core);
  state_->elections.started(node);
  state_->stability.started(node, core);
  state_->membership.started(node, core);
  state_->reads.started(node);
  state_->replication.started(node);
  state_->links.started(node);
  state_->identity.started(node, core);
  state_->ledger.started(node, core, state_hash);
  if (!state_->is_over()) state_->levels.started(node, core);
}

void Oracle::stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
                     const raft::Effects& effects) {
  if (state_->is_over()) return;
  if (hears_foreigner_) inputs = {};
  state_->shadows.stepped(node, core, effects);
  if (state_->is_over()) return;
  state_->members.stepped(node, core);
  const Reign* begun = state_->elections.stepped(node, core, inputs, effects);
  if (state_->is_over()) return;
  state_->stability.stepped(node, core, inputs);
  state_->membership.stepped(node, core, inputs, effects);
  state_->reads.stepped(node, core, inputs, effects);
  state_->replication.stepped(node, core, inputs);
  state_->ledger.stepped(node, core, inputs, effects, begun);
  state_->follow_ledger();
  state_->identity.stepped(node, core, begun);
  if (!state_->is_over()) state_->levels.stepped(node, core, inputs, effects);
}

void Oracle::wrote(std::size_t node, raft::WriteId last, bool is_synced) {
  if (!state_->is_over()) state_->shadows.wrote(node, last, is_synced);
}

void Oracle::sends(std::size_t node, const raft::Send& send) {
  if (state_->is_over()) return;
  state_->promises.sends(node, send, state_->ledger.size());
  state_->stability.sends(node, send);
  state_->replication.sends(node, send);
  state_->levels.sends(node, send);
  state_->identity.sends(node, send);
}

bool Oracle::is_settled(std::size_t node) const { return state_->identity.is_settled(node); }

void Oracle::foreigner_ends(std::size_t node, bool has_changed, const std::string& what) {
  hears_foreigner_ = false;
  if (!state_->is_over()) state_->identity.met_foreigner(node, has_changed, what);
}

void Oracle::sends_over_link(std::size_t from, std::size_t to, const raft::Message& request) {
  if (!state_->is_over()) state_->links.sends(from, to, request);
}

void Oracle::leaves(std::size_t from, std::size_t to, const raft::Message& request, client::ExchangeId exchange) {
  if (!state_->is_over()) state_->links.leaves(from, to, request, exchange);
}

void Oracle::given_up(std::size_t from, std::size_t to, client::Purpose purpose) {
  if (!state_->is_over()) state_->links.given_up(from, to, purpose);
}

void Oracle::answered(std::size_t from, std::size_t to, client::Purpose purpose, client::ExchangeId exchange) {
  if (!state_->is_over()) state_->links.answered(from, to, purpose, exchange);
}

void Oracle::applied(std::size_t node, raft::Index applied, std::uint64_t state_hash, raft::Index durable) {
  if (state_->is_over()) return;
  state_->ledger.applied(node, applied, state_hash);
  if (state_->knows_commands) state_->seals.applied(node, applied, durable);
  state_->levels.applied(node, applied);
}

// What was asked for and not yet written may or may not be there when the node starts again: the shadows know already.
void Oracle::stopped(std::size_t) {}

void Oracle::lost(std::size_t node) {
  if (!state_->is_over()) state_->shadows.lost(node);
}

// ---------------------------------------------------------------------------------------------------- clients

OperationId Oracle::next_operation() const { return state_->clients.next_operation(); }

OperationId Oracle::write_begins(Time, const std::vector<TimeEntry>& entries, Submitted how) {
  const OperationId operation = state_->clients.write_begins(entries, how == Submitted::kHere);
  state_->histories.write_begins(operation, entries);
  return operation;
}

void Oracle::write_ends(Time, OperationId operation, const client::WriteEnd& end) {
  if (state_->is_over()) return;
  state_->clients.write_ends(operation, end);
  state_->histories.write_ends(operation, end);
}

void Oracle::attempt_begins(OperationId operation, const std::vector<TimeEntry>& entries) {
  if (!state_->is_over()) state_->clients.attempt_begins(operation, entries);
}

void Oracle::attempt_ends(OperationId operation, const client::WriteEnd& end) {
  if (!state_->is_over()) state_->clients.attempt_ends(operation, end);
}

void Oracle::lines_begin(std::shared_ptr<const LineWrite> write) {
  state_->line_writes.begins(++line_operations_, std::move(write));
}

void Oracle::lines_doubled(std::uint64_t operation) { state_->line_writes.doubled(operation); }

void Oracle::lines_end(std::uint64_t operation, const client::WriteEnd& end) {
  if (!state_->is_over()) state_->line_writes.ended(operation, end);
}

std::optional<Guid> Oracle::stored_id(std::uint64_t draw) const { return state_->model.stored_id(draw); }

void Oracle::delete_begins(const DeleteOrder& order) { state_->deletes.begins(++deletes_, order); }

void Oracle::delete_submitted(std::uint64_t operation) { state_->deletes.submitted(operation); }

void Oracle::delete_ends(std::uint64_t operation, const client::WriteEnd& end) {
  if (!state_->is_over()) state_->clients.acknowledged(state_->deletes.ended(operation, end));
}

OperationId Oracle::read_begins(Time, const std::string& device_id) {
  const OperationId operation = state_->clients.read_begins(device_id);
  state_->histories.read_begins(operation, device_id);
  return operation;
}

void Oracle::read_ends(Time, OperationId operation, const ReadSeen& seen) {
  if (state_->is_over()) return;
  state_->clients.read_ends(operation, seen);
  state_->histories.read_ends(operation, seen.entries);
}

void Oracle::read_fails(Time, OperationId operation) {
  if (!state_->is_over()) state_->clients.read_fails(operation);
}

// ---------------------------------------------------------------------------------------------------- at the end

void Oracle::converged(std::size_t node, raft::Position applied, std::uint64_t state_hash,
                       const std::vector<TimeEntry>& stored) {
  if (state_->is_over()) return;
  state_->ledger.applied(node, applied.index, state_hash);
  if (!state_->is_over() && state_->knows_commands) state_->clients.converged(node, applied, stored);
}

void Oracle::converged(std::size_t node, raft::Index applied, const AnswerSeen& answer) {
  if (state_->is_over() || !state_->knows_commands) return;
  if (const auto difference = state_->model.difference(applied, answer)) {
    report({.checker = "clients",
            .rule = "a healed node answers what the log says",
            .detail = facts("node", node + 1, "applied", applied) + ": " + *difference});
  }
}

void Oracle::rows(std::size_t node, raft::Index sealed, std::uint64_t hash) {
  if (!state_->is_over()) state_->seals.rows(node, sealed, hash);
}

void Oracle::finish() {
  if (!state_->is_over()) state_->histories.search();
}

raft::Index Oracle::committed() const { return state_->ledger.size(); }
raft::Level Oracle::highest_level() const { return state_->levels.highest(); }
bool Oracle::was_put_back(std::size_t node, raft::Level level) const {
  return state_->levels.was_put_back(node, level);
}
bool Oracle::is_novice(std::size_t node) const { return state_->shadows.is_novice(node); }
std::uint64_t Oracle::committed_bytes() const { return state_->committed_bytes; }
std::uint64_t Oracle::leaders() const { return state_->elections.reigns().size(); }
std::uint64_t Oracle::searched_histories() const { return state_->histories.searched(); }
std::uint64_t Oracle::left_out_histories() const { return state_->histories.left_out(); }

}  // namespace timestore::sim
