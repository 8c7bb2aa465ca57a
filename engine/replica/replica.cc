#include "engine/replica/replica.h"

#include <utility>

namespace timestore::replica {

Replica::Replica(const Options& options, Ports ports, std::unique_ptr<store::LogFile> log,
                 std::unique_ptr<machine::StateMachine> machine, raft::State core)
    : options_(options),
      ports_(ports),
      log_(std::move(log)),
      machine_(std::move(machine)),
      core_(std::move(core)),
      cache_(options.cache_bytes),
      jobs_(ports.lanes, [this] { fail(); }),
      space_(options.raft.heartbeat_ticks),
      log_writer_(*log_, cache_, jobs_, inbox_, space_, ports.witness),
      sender_(core_, *log_, cache_, jobs_, ports.transport),
      applier_(options_, *log_, cache_, machine_, jobs_, space_,
               [this](raft::Index first, auto outcomes) { applied(first, std::move(outcomes)); }),
      writers_(options_, core_, machine_, space_),
      reads_(machine_),
      lender_(options_, core_, machine_, jobs_, ports.transport),
      compactor_(options_, core_, machine_, jobs_, log_writer_, lender_),
      fetcher_(options_, core_, *log_, machine_, jobs_, log_writer_, ports.transport,
               [this](bool is_installed) { installation_ended(is_installed); }) {}

Replica::~Replica() = default;

// ---------------------------------------------------------------------------------------------------- inputs

void Replica::tick() {
  inbox_.add(raft::Tick{});
  if (failure()) return;
  if (core_.is_full != space_.is_missing()) inbox_.add(raft::Room{!space_.is_missing()});
  if (space_.tick()) {
    log_writer_.start();
    applier_.start();
  }
  compactor_.tick();
  lender_.tick();
  fetcher_.tick();
  compactor_.compact_when_due();
}

void Replica::receive(raft::NodeId from, raft::Message message, raft::Correlation correlation) {
  const bool is_parcel =
      std::holds_alternative<raft::SnapshotRequest>(message) || std::holds_alternative<raft::SnapshotResponse>(message);
  raft::Receive receipt{std::move(from), std::move(message), correlation};
  if (is_parcel) {
    parcels_.push_back(std::move(receipt));
  } else {
    inbox_.add(std::move(receipt));
  }
}

void Replica::peer_unreachable(raft::NodeId peer) { inbox_.add(raft::PeerUnreachable{std::move(peer)}); }

void Replica::campaign() { inbox_.add(raft::Campaign{}); }

void Replica::step_down() { inbox_.add(raft::StepDown{}); }

void Replica::transfer(raft::NodeId to) { inbox_.add(raft::Transfer{std::move(to)}); }

void Replica::expect(raft::ClusterId cluster) { inbox_.add(raft::ExpectCluster{cluster}); }

void Replica::change_members(raft::Change change, ChangeCallback callback) {
  const raft::ProposalId id = ++last_proposal_;
  changes_.begin(id, std::move(callback));
  inbox_.add(raft::ChangeMembers{id, std::move(change)});
}

WriteTicket Replica::submit(machine::Draft draft, WriteCallback callback) {
  const WriteTicket ticket = ++last_proposal_;
  writers_.submit(ticket, std::move(draft), std::move(callback));
  return ticket;
}

void Replica::give_up(WriteTicket ticket) { writers_.give_up(ticket); }

void Replica::give_up_all() {
  writers_.give_up_all();
  changes_.give_up_all();
  reads_.give_up_all();
}

ReadTicket Replica::read(ReadCallback callback) {
  const ReadTicket ticket = reads_.ask(std::move(callback));
  inbox_.add(raft::Read{ticket});
  return ticket;
}

ReadTicket Replica::await_applied(raft::Index index, ReadCallback callback) {
  const ReadTicket ticket = reads_.await(index, std::move(callback));
  if (failure()) fail();
  if (core_.contradiction) reads_.give_up_all();
  reads_.applied();
  return ticket;
}

void Replica::give_up_read(ReadTicket ticket) { reads_.give_up(ticket); }

// ---------------------------------------------------------------------------------------------------- duties

void Replica::settle() {
  while (!failure() && (!inbox_.is_empty() || writers_.may_propose())) {
    raft::Effects effects = step();
    if (core_.contradiction) reads_.give_up_all();
    if (effects.too_new > 0) return jobs_.fail(raft::too_new(effects.too_new, core_.options.level));
    log_writer_.persist(std::move(effects.write));
    sender_.send(std::move(effects.sends));
    apply(effects.apply_through);
    answer(effects.reads, effects.fates);
    if (!effects.snapshot_from.empty()) fetcher_.fetch(effects.snapshot_from);
  }
  take_parcels();
  if (failure()) fail();  // whoever came since must hear of it too
}

raft::Effects Replica::step() {
  const std::vector<raft::Input> inputs = inbox_.take(writers_.propose());
  raft::Effects effects = raft::step(core_, inputs);
  if (ports_.witness != nullptr) ports_.witness->stepped(core_, inputs, effects);
  return effects;
}

void Replica::apply(raft::Index through) {
  applier_.apply(through);
  cache_.shrink(core_.durable);
}

void Replica::answer(const std::vector<raft::ReadEnd>& reads, const std::vector<raft::Fate>& fates) {
  for (const raft::Fate& fate : fates) {
    if (!changes_.end(fate)) writers_.end(fate);
  }
  reads_.end(reads);
}

// Snapshots travel beside the core.
void Replica::take_parcels() {
  for (const raft::Receive& parcel : std::exchange(parcels_, {})) {
    if (failure()) return;
    if (const auto* request = std::get_if<raft::SnapshotRequest>(&parcel.message)) {
      lender_.answer(parcel.from, *request, parcel.correlation);
    }
    if (const auto* part = std::get_if<raft::SnapshotResponse>(&parcel.message)) fetcher_.take(parcel.from, *part);
  }
}

// ---------------------------------------------------------------------------------------------------- what follows

void Replica::applied(raft::Index first, std::vector<machine::Outcome> outcomes) {
  for (const machine::Outcome& outcome : outcomes) unreadable_ += outcome.is_unreadable ? 1 : 0;
  inbox_.add(raft::Applied{machine_.applied()});
  writers_.applied(first, std::move(outcomes));
  reads_.applied();
  compactor_.compact_when_due();
  fetcher_.install_when_possible();
  applier_.start();
}

void Replica::installation_ended(bool is_installed) {
  if (is_installed) {
    writers_.hide(machine_.applied());
    reads_.applied();
  }
  applier_.start();
}

void Replica::fail() {
  inbox_.clear();
  parcels_.clear();
  writers_.fail();
  changes_.fail();
  reads_.fail();
}

bool Replica::is_awaited() const { return writers_.is_awaited() || changes_.is_awaited() || reads_.is_awaited(); }

}  // namespace timestore::replica
