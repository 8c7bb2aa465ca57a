// One node: a consensus core, the log file, the state machine and the callers who wait.
//
// Deterministic and single-threaded: everything here runs on one thread, the world's. What happens is decided by the
// core; settle() is the one place where its decisions are carried out, in the order of duty: persist, send, apply,
// answer. Inputs that arrive between two calls of settle() form one batch, and writes that become due while one is in
// flight share the next transaction and its one fsync (group commit).
//
// Each duty is a part with a state of its own. The parts know the core (to look at), the lanes, and what they share; of
// each other they know little. What follows from what is told here.
//
// A replica whose disk fails, or that meets what a newer release wrote, is finished: it answers nobody any more,
// failure() says why, and the process should end and start again from what the disk holds.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/step.h"
#include "engine/replica/applier.h"
#include "engine/replica/changes.h"
#include "engine/replica/compactor.h"
#include "engine/replica/entry_cache.h"
#include "engine/replica/fetcher.h"
#include "engine/replica/inbox.h"
#include "engine/replica/jobs.h"
#include "engine/replica/lender.h"
#include "engine/replica/log_writer.h"
#include "engine/replica/options.h"
#include "engine/replica/ports.h"
#include "engine/replica/reads.h"
#include "engine/replica/sender.h"
#include "engine/replica/shared_machine.h"
#include "engine/replica/space.h"
#include "engine/replica/status.h"
#include "engine/replica/writers.h"
#include "engine/store/log/log_file.h"

namespace timestore::replica {

class Replica {
 public:
  // Takes over the open log file and the machine, and checks that the two belong together and to this node.
  [[nodiscard]] static Result<std::unique_ptr<Replica>> open(const Options& options, Ports ports,
                                                             std::unique_ptr<store::LogFile> log,
                                                             std::unique_ptr<machine::StateMachine> machine);

  // Requires that no lane runs a job of this replica any more.
  ~Replica();

  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // ---- inputs; settle() acts on them
  void tick();
  void receive(raft::NodeId from, raft::Message message, raft::Correlation correlation);
  void peer_unreachable(raft::NodeId peer);
  WriteTicket submit(machine::Draft draft, WriteCallback callback);
  void give_up(WriteTicket ticket);  // a write that still waits ends for its caller: as unknown, if it is in the log
  void give_up_all();                // and so does everybody else who waits
  ReadTicket read(ReadCallback callback);
  ReadTicket await_applied(raft::Index index, ReadCallback callback);  // granted as soon as `index` is applied here
  void give_up_read(ReadTicket ticket);                                // a read that still waits is refused
  void campaign();
  void step_down();
  void transfer(raft::NodeId to);  // hands leadership over; empty: to whoever has most of the log
  void change_members(raft::Change change, ChangeCallback callback);
  void expect(raft::ClusterId cluster);  // which lets this node in: no other is followed

  void settle();

  // ---- what is known
  bool is_leader() const { return core_.is_leader(); }
  const raft::NodeId& leader() const { return core_.leader; }
  bool is_awaited() const;  // somebody waits for the end of a write or a read
  const raft::State& core() const { return core_; }
  const raft::Configuration& configuration() const { return core_.configuration(); }  // in force, committed or not
  Status status() const { return status_of(core_, machine_.standing()); }
  raft::Index applied() const { return machine_.applied(); }                   // visible in the state machine
  std::uint64_t state_hash() const { return machine_.standing().state_hash; }  // there
  raft::Index durable() const { return machine_.standing().durable; }          // of it: what no crash takes back
  std::uint64_t unreadable() const { return unreadable_; }  // commands that were skipped since this replica was opened
  bool is_lending() const { return lender_.is_lending(); }  // it holds a snapshot for others, or makes one
  bool is_fetching() const { return fetcher_.is_fetching(); }               // it takes a snapshot from another node
  std::uint64_t fetched_bytes() const { return fetcher_.fetched_bytes(); }  // of it
  std::size_t waiting_bytes() const { return writers_.waiting_bytes(); }    // of writes without an end
  bool has_full_disk() const { return space_.is_missing(); }  // it goes on by itself when there is space again
  std::uint64_t cached_bytes() const { return cache_.size_bytes(); }
  const std::optional<Error>& failure() const { return jobs_.failure(); }

 private:
  Replica(const Options& options, Ports ports, std::unique_ptr<store::LogFile> log,
          std::unique_ptr<machine::StateMachine> machine, raft::State core);

  raft::Effects step();
  void apply(raft::Index through);
  void answer(const std::vector<raft::ReadEnd>& reads, const std::vector<raft::Fate>& fates);
  void take_parcels();

  void applied(raft::Index first, std::vector<machine::Outcome> outcomes);
  void installation_ended(bool is_installed);
  void fail();

  const Options options_;
  const Ports ports_;
  std::unique_ptr<store::LogFile> log_;  // used on the log lane only
  SharedMachine machine_;
  raft::State core_;
  EntryCache cache_;
  Jobs jobs_;
  Space space_;
  Inbox inbox_;
  std::vector<raft::Receive> parcels_;  // parts of snapshots, and who asks for them
  raft::ProposalId last_proposal_ = 0;  // writes and changes of members
  std::uint64_t unreadable_ = 0;

  LogWriter log_writer_;
  Sender sender_;
  Applier applier_;
  Writers writers_;
  Changes changes_;
  Reads reads_;
  Lender lender_;
  Compactor compactor_;
  Fetcher fetcher_;
};

}  // namespace timestore::replica
