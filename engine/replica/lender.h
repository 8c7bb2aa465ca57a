// Others take a snapshot from this node (paper, section 7), part by part, while it goes on with its work.
//
// A snapshot is made when the first one asks, and kept until nobody has asked for a while. Nothing is sent unasked, so
// whoever has nothing to write the snapshot to slows nobody down. One part is read at a time, and so many bytes in a
// tick; whoever finds no room is told to ask again. While a snapshot is lent, the log keeps what comes after it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/raft/state.h"
#include "engine/replica/jobs.h"
#include "engine/replica/options.h"
#include "engine/replica/shared_machine.h"

namespace timestore::replica {

class Lender {
 public:
  Lender(const Options& options, const raft::State& core, SharedMachine& machine, Jobs& jobs, Transport& transport)
      : options_(options), core_(core), machine_(machine), jobs_(jobs), transport_(transport) {}

  void answer(const raft::NodeId& from, const raft::SnapshotRequest& request, raft::Correlation correlation);
  void tick();

  bool is_lending() const { return lending_.has_value(); }  // or makes what is to be lent
  std::optional<raft::Index> lent() const;                  // the log is needed after this entry

 private:
  struct Lending {
    std::shared_ptr<machine::SnapshotWriter> writer;  // while it is made; used on the machine's lane only
    std::shared_ptr<machine::Snapshot> snapshot;      // when it is made; likewise
    raft::SnapshotMeta meta = {};                     // likewise
    raft::Index applied = 0;                          // what it holds, or will hold at least
    bool is_reading = false;                          // one part at a time
    std::uint64_t budget_bytes = 0;                   // that may yet be read in this tick
    std::uint32_t idle_ticks = 0;
    bool is_made() const { return snapshot != nullptr; }
  };

  void make();
  void go_on_making();
  void read_part(const raft::SnapshotRequest& request, raft::Correlation correlation);
  void send(raft::NodeId follower, raft::Correlation correlation, raft::SnapshotResponse part);
  void end();

  const Options& options_;
  const raft::State& core_;
  SharedMachine& machine_;
  Jobs& jobs_;
  Transport& transport_;
  std::optional<Lending> lending_;
};

}  // namespace timestore::replica
