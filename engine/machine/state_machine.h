// The port between a replica and what it keeps alike on all nodes: a state machine, which is a function of the log
// alone.
//
// A replica knows what stands here and nothing else of its machine: it cannot read a command, nor what an outcome says.
// A machine knows nothing of terms, leaders or peers but the positions of log entries.
//
// All of it is used by one thread at a time (the machine's lane). Errors end the replica, except where it is said that
// they do not. A full disk is no error: where it matters it has an answer of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/cluster_id.h"
#include "engine/raft/configuration.h"
#include "engine/raft/level.h"
#include "engine/raft/message.h"
#include "engine/raft/types.h"

namespace timestore::machine {

// What became of one log entry. Its meaning belongs to the machine, and to whoever made the command.
struct Outcome {
  std::uint32_t code = 0;
  raft::Payload detail = {};   // absent: nothing more is to be said
  bool is_unreadable = false;  // nobody can read the command: it is skipped, on every node alike
  bool operator==(const Outcome&) const = default;
};

// Where a machine stands between two calls.
struct Standing {
  raft::Position applied;
  std::uint64_t state_hash = 0;  // over everything ever applied: the same on every node at the same position
  raft::Index durable = 0;       // an applied index that no crash can take back
  bool operator==(const Standing&) const = default;
};

// ------------------------------------------------------------------------------------------------- snapshots, leaving

struct SnapshotPart {
  std::string bytes;
  std::uint32_t checksum = 0;  // over them
};

// A snapshot that is complete and can be lent, whatever the machine applies meanwhile. It may outlive the machine.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual const raft::SnapshotMeta& meta() const = 0;

  // Whether a part may begin there; anybody may ask for anything.
  virtual bool has_part_at(std::uint64_t offset) const = 0;

  // The bytes from there, at least one, about `max_bytes` at most. Requires has_part_at(offset). An error ends this
  // snapshot, and nothing else.
  [[nodiscard]] virtual Result<SnapshotPart> read_part(std::uint64_t offset, std::uint64_t max_bytes) = 0;
};

// A snapshot in the making, one step after the other, while the machine applies. When it is destroyed it is over.
class SnapshotWriter {
 public:
  virtual ~SnapshotWriter() = default;
  virtual raft::Index applied() const = 0;  // what the snapshot will hold

  struct Step {
    bool is_over = false;
    std::unique_ptr<Snapshot> snapshot = nullptr;  // null, and it is over: it could not be made, and may be tried again
  };
  // About `max_bytes` more. An error says that the machine itself is damaged.
  [[nodiscard]] virtual Result<Step> step(std::uint64_t max_bytes) = 0;
};

// ------------------------------------------------------------------------------------------------ snapshots, arriving

// A snapshot from another node, part by part, until it can take the place of the machine that receives it (which it
// must not outlive). Nothing that arrives is believed before it is verified. An error ends this snapshot, and nothing
// else.
class IncomingSnapshot {
 public:
  virtual ~IncomingSnapshot() = default;
  virtual std::uint64_t next_offset() const = 0;  // of the part that is wanted next
  virtual bool is_complete() const = 0;           // no part is wanted any more

  // False: it is not the part that is wanted, or it is torn, and it was not taken.
  [[nodiscard]] virtual Result<bool> add_part(std::uint64_t offset, std::string_view bytes, std::uint32_t checksum) = 0;

  // Verifies the whole and makes it durable. Requires that it is complete.
  [[nodiscard]] virtual Result<void> finish() = 0;

  virtual raft::Level level() const = 0;  // that it has applied. Requires that it is finished

  // The machine is in the state of the snapshot from then on, durably. False: not now, and nothing has changed. A crash
  // leaves the old state or the new one, whole. Requires that it is finished, and that nobody else uses the machine. An
  // error here is an error of the machine.
  [[nodiscard]] virtual Result<bool> install() = 0;
};

// -------------------------------------------------------------------------------------------------------- the machine

class StateMachine {
 public:
  virtual ~StateMachine() = default;

  // What an operator calls it, as the beginning of a sentence: "The series file /data/ts.db".
  virtual std::string name() const = 0;

  virtual Standing standing() const = 0;
  virtual std::optional<raft::Configuration> configuration() const = 0;  // the last one applied; none before the first
  virtual raft::Level level() const = 0;                                 // likewise, of the cluster's features
  virtual raft::ClusterId cluster() const = 0;                           // likewise, which it is; zero: not told

  // Applies the entries `first`, `first` + 1, ...; what was applied is visible to readers when it returns. One outcome
  // for each. Fewer than entries: for the rest there was no space, nothing of it has changed, and it is to be tried
  // again. The entries that one call brings make no difference to the state. A command that a newer release wrote is an
  // error that says so, and nothing of the call is applied. Requires first == standing().applied.index + 1.
  [[nodiscard]] virtual Result<std::vector<Outcome>> apply(raft::Index first, std::span<const raft::Entry> entries) = 0;

  // Makes as much durable as can be now; standing().durable tells how far that came. Only what is durable may be
  // missing from the log.
  [[nodiscard]] virtual Result<void> make_durable() = 0;

  // Begins a snapshot, which will hold at least what is durable now; one at a time. Null: not now. (Whether that means
  // damage, the next apply() tells.)
  virtual std::unique_ptr<SnapshotWriter> begin_snapshot() = 0;

  // Begins to receive a snapshot, or goes on with it where the same one was given up before. An error: this one cannot
  // be received now, and nothing has changed.
  [[nodiscard]] virtual Result<std::unique_ptr<IncomingSnapshot>> receive(const raft::SnapshotMeta& announced) = 0;
};

}  // namespace timestore::machine
