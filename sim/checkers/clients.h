// What clients were told, against the model at the index it belongs to and in the order of real time.
//
// A *write* is what a client wants stored; a *try* is one request for it, and a node may make several *attempts* to
// fulfil that, each of which submits it to a replica (a try without attempts is submitted once, by the client). A
// client that does not know how a try ended may submit the same entries again, with the same ids (if a node made them,
// those that the client was told). Every entry's attributes, {"op":N}, name the first try, so each committed command is
// known to belong to one write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/client/write.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/ledger.h"
#include "sim/checkers/model.h"
#include "sim/checkers/seen.h"

namespace timestore::sim {

class Clients {
 public:
  Clients(Findings& findings, const Ledger& ledger, const Model& model);

  OperationId next_operation() const { return operations_.size() + 1; }
  OperationId write_begins(const std::vector<TimeEntry>& entries, bool is_submitted);
  void attempt_begins(OperationId operation, const std::vector<TimeEntry>& entries);
  void attempt_ends(OperationId operation, const client::WriteEnd& end);
  void write_ends(OperationId operation, const client::WriteEnd& end);
  // Somebody else was told of this place in the log: whoever reads from now on sees it.
  void acknowledged(raft::Index index) { acknowledged_ = std::max(acknowledged_, index); }

  OperationId read_begins(const std::string& device_id);
  void read_ends(OperationId operation, const ReadSeen& seen);
  void read_fails(OperationId operation);

  // The model has applied the entry at `index`; these are its time entries.
  void committed(raft::Index index, raft::EntryKind kind, const std::vector<TimeEntry>& entries);

  void converged(std::size_t node, raft::Position applied, const std::vector<TimeEntry>& stored);

 private:
  enum class Kind : std::uint8_t { kWrite, kRead };
  struct Operation {
    Kind kind = Kind::kWrite;
    bool has_ended = false;
    bool is_stored = false;            // a write that was acknowledged as stored
    std::size_t write = 0;             // of a try: into writes_
    raft::Index floor = 0;             // of a read: what had been acknowledged when it began
    std::string device_id;             // of a read
    std::vector<TimeEntry> submitted;  // of a try
    // Of a try that a node makes attempts for:
    bool has_attempts = false;
    bool is_called_undone = false;
    std::size_t open_attempts = 0;     // that may have stored it
    std::vector<TimeEntry> attempted;  // the entries as last attempted, with their ids where they are known
  };
  struct Commit {
    raft::Index index = 0;
    std::vector<Guid> ids;
    bool is_claimed = false;  // by a try that was acknowledged
  };
  struct Write {
    std::vector<OperationId> tries;
    std::size_t submitted = 0;  // to a replica
    std::size_t refused = 0;    // of those certainly not in the log
    std::vector<Commit> commits;
  };

  Operation* end(OperationId operation, Kind kind);
  void refused(Write& write);
  bool is_committed_at_most_once(const Write& write);
  void acknowledged(OperationId number, const client::WriteEnd& end);
  void keep_acknowledged_entries(std::size_t node, const std::vector<TimeEntry>& stored);

  Rules rules_;
  const Ledger& ledger_;
  const Model& model_;
  std::vector<Operation> operations_;  // by number, from 1
  std::vector<Write> writes_;
  raft::Index acknowledged_ = 0;  // the newest index that some client knows to be visible
  bool has_compared_acknowledged_ = false;
};

}  // namespace timestore::sim
