// Those who wait for a write: until it may be proposed, until it is committed, until it is applied here.
//
//   submit ──> submitted ──propose──> proposed ──end(fate)──> committed ──applied──> told
//
// Each is told once how it ended. Who gives up is told at once, and the write goes its way.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/prng.h"
#include "engine/machine/draft.h"
#include "engine/raft/effects.h"
#include "engine/raft/state.h"
#include "engine/replica/options.h"
#include "engine/replica/shared_machine.h"
#include "engine/replica/space.h"

namespace timestore::replica {

// How a write ended.
struct WriteEnd {
  enum class Kind : std::uint8_t {
    kApplied,    // durable on a quorum and applied here: `outcome` says what became of it
    kNotLeader,  // certainly not stored; the leader may be known
    kBusy,       // certainly not stored: too much is waiting already
    kDiskFull,   // certainly not stored: this node leads, and its disk has no space
    kTooEarly,   // certainly not stored: the feature level in force does not allow it yet
    kUnknown,    // leadership or this node was lost: it may or may not be stored
  };
  Kind kind = Kind::kUnknown;
  machine::Outcome outcome;
  std::optional<machine::Place> place;  // where it was proposed, also when the outcome is unknown; none: nowhere
  raft::Index applied = 0;
};
using WriteCallback = std::function<void(WriteEnd)>;
using WriteTicket = raft::ProposalId;

class Writers {
 public:
  Writers(const Options& options, const raft::State& core, const SharedMachine& machine, const Space& space);

  // Tickets rise. The ticket is the proposal's id.
  void submit(WriteTicket ticket, machine::Draft draft, WriteCallback callback);
  void give_up(WriteTicket ticket);  // one that still waits ends as unknown, if it is in the log
  void give_up_all();

  // While leadership is handed over, what is submitted waits here: soon it can be proposed, or has another leader.
  bool may_propose() const { return !submitted_.empty() && core_.takes_proposals() == core_.is_leader(); }

  // All that may be, for the beginning of the core's turn. Where this node does not lead, the core refuses them all.
  [[nodiscard]] std::vector<raft::Input> propose();

  void end(const raft::Fate& fate);  // requires that it is that of a write
  void applied(raft::Index first, std::vector<machine::Outcome> outcomes);
  void hide(raft::Index through);  // a snapshot has brought the entries up to there: their outcomes are not known here
  void fail();                     // nobody is left waiting

  bool is_awaited() const { return !submitted_.empty() || !proposed_.empty() || !committed_.empty(); }
  std::size_t waiting_bytes() const { return waiting_bytes_; }  // of writes without an end

 private:
  struct Write {
    WriteTicket ticket = 0;
    machine::Draft draft;                 // until it is proposed
    std::optional<machine::Place> place;  // since then
    WriteCallback callback;               // empty: the caller has given up
    std::size_t size_bytes = 0;
  };

  void give_up(Write& write);
  void finish(Write write, WriteEnd::Kind kind, machine::Outcome outcome = {});

  const std::size_t max_waiting_bytes_;
  const raft::State& core_;
  const SharedMachine& machine_;
  const Space& space_;

  std::vector<Write> submitted_;
  std::map<WriteTicket, Write> proposed_;  // without a fate
  std::deque<Write> committed_;            // not applied, in the order of the log
  std::size_t waiting_bytes_ = 0;

  Prng salts_;  // one for each term
  raft::Term salt_term_ = 0;
  std::uint64_t salt_ = 0;
};

}  // namespace timestore::replica
