// The log file: what this node has promised.
//
// Hard state, log entries, where they begin, and the node's identity, in one SQLite file in WAL mode with
// synchronous=FULL and exclusive locking. The promise: when write() returns, everything in it is durable, all of it or
// (after a crash) none of it. When it fails, what reached the disk is unknowable, so the object refuses every further
// call: the replica must stop and recover from the file. Only a full disk (Error::is_full) is no such failure: then the
// file is as it was, and the same write may be tried again.
//
// It is used by one thread at a time. It knows nothing of roles, peers or the state machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/cluster_id.h"
#include "engine/raft/configuration.h"
#include "engine/raft/effects.h"
#include "engine/raft/trail.h"

namespace timestore::store {

class LogFile {
 public:
  struct Identity {
    raft::NodeId node;
    raft::Configuration configuration;  // where the log begins: at first, what the node was first started with
    bool operator==(const Identity&) const = default;
  };

  // What the file held when it was opened.
  struct Recovered {
    std::optional<Identity> identity;  // none: the file is new
    raft::HardState hard_state;        // of a new file: a novice's, which initialize() makes durable
    raft::Trail trail;
    std::vector<std::pair<raft::Index, raft::Configuration>> configurations = {};  // in the log, in its order
    raft::Level level = raft::kOriginalLevel;                                      // where the log begins
    std::vector<std::pair<raft::Index, raft::Level>> levels = {};                  // in the log, in its order
    raft::ClusterId cluster = {};                                                  // where the log begins
    std::vector<std::pair<raft::Index, raft::ClusterId>> clusters = {};            // in the log, in its order
    std::optional<raft::Position> installing = {};                                 // note_installation()
  };

  // Opens or creates the file. Every entry's checksum and the sequence of indices and terms are verified; damage is an
  // error that names the file, the place and what is wrong. `vfs` names a registered SQLite VFS, empty the default.
  [[nodiscard]] static Result<std::unique_ptr<LogFile>> open(const std::string& path, const std::string& vfs = "");
  ~LogFile();

  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  const Recovered& recovered() const;

  // Makes the identity durable. Requires a file without one.
  [[nodiscard]] Result<void> initialize(const Identity& identity);

  // Makes the writes durable, in order, in one transaction. Requires an identity.
  //
  // Beginning after a later entry removes those up to it one by one while nobody can append: 3 to 15 ms for a thousand
  // of them (200 B to 20 kB each), so whoever compacts takes about so many at a time. The file keeps its size; its
  // pages are used again.
  [[nodiscard]] Result<void> write(std::span<const raft::Write> writes);

  // Makes durable that the series file is about to be replaced by one of this position (reconcile.h). It is
  // forgotten when the log begins after another entry. Requires an identity.
  [[nodiscard]] Result<void> note_installation(raft::Position position);

  // The entry that the log begins after: it cannot be read any more, nor can those before it.
  raft::Position base() const;

  // The entries from `first`, at least one, then as many as fit into `max_bytes` of payload, up to `max_count`.
  // Entries beyond the end are not an error: fewer are returned (none, when `first` is beyond the end). Requires
  // first > base().index.
  [[nodiscard]] Result<std::vector<raft::Entry>> read(raft::Index first, std::size_t max_count,
                                                      std::uint64_t max_bytes);

 private:
  struct Connection;
  explicit LogFile(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace timestore::store
