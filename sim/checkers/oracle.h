// What must hold of a whole cluster, checked while it runs.
//
// The cluster and its clients report everything that happens; the oracle keeps a second, simple account of it (what
// each disk has durably promised, which entries are committed, what a client may see) and names the first sentence that
// is broken. It only listens: a world with and without an oracle is the same to the last bit. It shares no
// code with what it checks beyond the vocabulary of messages and entries.
//
//   promises          the durable image alone justifies each message when it is sent; restarts hold what was promised
//   ledger            Raft's invariants after every turn; one leader per term; one entry per committed index
//   stability         no term is entered, and no leader deposed, without need
//   membership        members change one step after the other, through joint configurations, when it is safe
//   identity          a cluster has one id; what another cluster says changes nothing; nobody founds beside data
//   levels            releases are mixed without one meeting what it does not know
//   reads             a read is granted by a majority that was asked after it, with everything committed before it
//   replication       the appends to a follower leave no gap
//   links             one request at a time; an answer is taken for its own request; what is joined loses nothing
//   model             the commands of the ledger applied in order: results and contents that clients may see
//   deletes           a delete is done once for each time that it was submitted, and what is said of it is so
//   expiry            points go when they have aged, and no sooner
//   clients           each answer against the model at its index, in real-time order; exactly-once; nothing lost
//   linearizability   a blind search over a sample of the histories, which does not believe any index
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/client/link.h"
#include "engine/client/write.h"
#include "engine/raft/state.h"
#include "engine/series/line_write.h"
#include "engine/store/series/series_shape.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/seen.h"
#include "sim/words/event_queue.h"

namespace timestore::sim {

class Oracle {
 public:
  struct Options {
    std::size_t nodes = 0;
    raft::Configuration configuration;  // node number n is configuration.voters[n]
    bool knows_commands = true;         // they are time entries; otherwise nobody judges what they mean
    store::SeriesShape series = {};     // of the files, if they are
    std::function<Time()> now = [] { return Time{0}; };
    // A blind search costs much; the world draws it for a share of the seeds.
    bool searches_linearizability = true;
  };
  explicit Oracle(const Options& options);
  ~Oracle();
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  // The first sentence that was broken.
  const std::optional<Violation>& violation() const;
  // For checkers outside: liveness, bounds, the wire, a broken TIMESTORE_CHECK. Only the first counts.
  void report(Violation violation);

  // ---- what nodes do
  // A log file was opened. The life that should follow may never begin.
  void found(std::size_t node, const store::LogFile::Recovered& recovered);
  // A life begins: what the log file held when it was opened, and what the series file has applied.
  void started(std::size_t node, const store::LogFile::Recovered& recovered, const raft::State& core,
               std::uint64_t state_hash);
  // The core has taken a turn; none of its effects has been carried out. The payloads are in `effects.write`.
  void stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
               const raft::Effects& effects);
  // A job of the log lane that writes through `last` was run and succeeded, says the store; `is_synced`: the disk
  // knows of nothing in the log file that a loss of power could take back.
  void wrote(std::size_t node, raft::WriteId last, bool is_synced);
  // A node of another cluster says something to this one: until the end, nobody hears of what comes in. `has_changed`:
  // the core is not what it was. Fair only to a node that knows which cluster it belongs to.
  bool is_settled(std::size_t node) const;
  void foreigner_begins() { hears_foreigner_ = true; }
  void foreigner_ends(std::size_t node, bool has_changed, const std::string& what);
  // A message leaves the node. An append request has all its payloads.
  void sends(std::size_t node, const raft::Send& send);
  // The core sends a request over a link; a request leaves over the link; its exchange is given up, or answered.
  void sends_over_link(std::size_t from, std::size_t to, const raft::Message& request);
  void leaves(std::size_t from, std::size_t to, const raft::Message& request, client::ExchangeId exchange);
  void given_up(std::size_t from, std::size_t to, client::Purpose purpose);
  void answered(std::size_t from, std::size_t to, client::Purpose purpose, client::ExchangeId exchange);
  // After every settle; `durable` is the machine's.
  void applied(std::size_t node, raft::Index applied, std::uint64_t state_hash, raft::Index durable);
  void stopped(std::size_t node);  // the process has ended, in whatever way
  void lost(std::size_t node);     // the disk and everything on it is gone for good

  // ---- what clients see
  // The entries as they are submitted; nil ids are given by the node. Each carries the attributes {"op":N}, N being the
  // operation's id, which next_operation() has told.
  OperationId next_operation() const;
  // `kByAttempts`: it is not submitted yet; a node that has taken the request tells of each attempt.
  enum class Submitted : std::uint8_t { kHere, kByAttempts };
  OperationId write_begins(Time now, const std::vector<TimeEntry>& entries, Submitted how = Submitted::kHere);
  void attempt_begins(OperationId operation, const std::vector<TimeEntry>& entries);  // submitted to some replica
  void attempt_ends(OperationId operation, const client::WriteEnd& end);
  void write_ends(Time now, OperationId operation, const client::WriteEnd& end);
  // Of lines: each operation has the number in an integer field `op n`, which next_line_operation() has told.
  std::uint64_t next_line_operation() const { return line_operations_ + 1; }
  void lines_begin(std::shared_ptr<const LineWrite> write);
  void lines_doubled(std::uint64_t operation);
  void lines_end(std::uint64_t operation, const client::WriteEnd& end);
  // Of deletes, which count apart as well (deletes.h).
  std::uint64_t next_delete() const { return deletes_ + 1; }
  std::optional<Guid> stored_id(std::uint64_t draw) const;  // of an entry that is or was stored
  void delete_begins(const DeleteOrder& order);
  void delete_submitted(std::uint64_t operation);
  void delete_ends(std::uint64_t operation, const client::WriteEnd& end);
  OperationId read_begins(Time now, const std::string& device_id);
  void read_ends(Time now, OperationId operation, const ReadSeen& seen);
  void read_fails(Time now, OperationId operation);

  // ---- at the end, when a healed cluster has settled: every node that lives holds everything that was acknowledged,
  // once, and nothing that nobody asked for. `stored` is everything in the node's series file, in its order.
  void converged(std::size_t node, raft::Position applied, std::uint64_t state_hash,
                 const std::vector<TimeEntry>& stored);
  // All rows of its series file, as one number, and how far it is sealed.
  void rows(std::size_t node, raft::Index sealed, std::uint64_t hash);
  // What a query of everything in one database gave there.
  void converged(std::size_t node, raft::Index applied, const AnswerSeen& answer);
  void finish();  // searches the histories

  // ---- for the world
  bool is_novice(std::size_t node) const;  // its disk was empty, and no leader has admitted it since

  raft::Level highest_level() const;                             // that stands in anybody's log, or ever stood there
  bool was_put_back(std::size_t node, raft::Level level) const;  // it ran a release that knows more than this level

  // ---- for the report
  raft::Index committed() const;          // the newest committed index
  std::uint64_t committed_bytes() const;  // of commands, up to there
  std::uint64_t leaders() const;          // terms that had a leader
  std::uint64_t searched_histories() const;
  std::uint64_t left_out_histories() const;  // of seeds whose histories are searched: too long or too hard

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool hears_foreigner_ = false;
  std::uint64_t line_operations_ = 0;
  std::uint64_t deletes_ = 0;
};

}  // namespace timestore::sim
