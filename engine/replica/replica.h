// One node: a consensus core, the log file, the series file and the callers who wait.
//
// Deterministic and single-threaded: everything here runs on one thread, the world's. What happens is decided by the
// core; settle() is the one place where its decisions are carried out, in the order of duty: persist, send, apply,
// answer. Inputs that arrive between two calls of settle() form one batch, and writes that become due while one is in
// flight share the next transaction and its one fsync (group commit).
//
// A replica whose disk fails is finished: it answers nobody any more, failure() says why, and the process should end
// and start again from what the disk holds.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/result.h"
#include "engine/raft/step.h"
#include "engine/replica/append_queue.h"
#include "engine/replica/entry_cache.h"
#include "engine/replica/ports.h"
#include "engine/series/time_entry.h"
#include "engine/store/log/log_file.h"
#include "engine/store/series/incoming_snapshot.h"
#include "engine/store/series/series_file.h"
#include "engine/store/series/snapshot.h"

namespace timestore::replica {

struct Options {
  raft::NodeId node;
  raft::Configuration configuration;  // for a first start; afterwards the stored one counts
  std::string series_path;
  std::string log_path;  // of the log file, for messages
  std::string vfs;       // empty: the operating system's
  raft::Options raft;
  std::uint64_t seed = 0;  // for election time-outs and ids
  std::uint64_t cache_bytes = std::uint64_t{8} << 20;
  std::uint64_t max_apply_bytes = std::uint64_t{1} << 20;  // of commands, in one transaction of the series file
  std::size_t max_apply_entries = 4096;
  std::size_t max_waiting_bytes = std::size_t{64} << 20;  // of commands submitted and not answered; more are refused

  // Of the entries that were applied so many are kept in the log, in number and in bytes, for followers that are slow;
  // whoever lags further needs a snapshot.
  std::uint64_t kept_entries = 100'000;
  std::uint64_t kept_bytes = std::uint64_t{64} << 20;
  std::uint64_t snapshot_chunk_bytes = std::uint64_t{256} << 10;
  std::uint64_t snapshot_bytes_per_tick = std::uint64_t{1} << 20;  // read for others, all together
};

// How a write ended.
struct WriteEnd {
  enum class Kind : std::uint8_t {
    kApplied,    // durable on a quorum and applied here: `result` says what became of it
    kNotLeader,  // certainly not stored; the leader may be known
    kBusy,       // certainly not stored: too much is waiting already
    kDiskFull,   // certainly not stored: this node leads, and its disk has no space
    kUnknown,    // leadership or this node was lost: it may or may not be stored
  };
  Kind kind = Kind::kUnknown;
  store::ApplyResult result;
  std::vector<TimeEntry> entries;  // with their ids, also when the outcome is unknown
  raft::Index applied = 0;
};
using WriteCallback = std::function<void(WriteEnd)>;
using WriteTicket = std::uint64_t;

// How a request to read ended. Once granted, any read of this node's series file sees everything up to `index`, and for
// read() that is every write that was acknowledged before the request. Refused: this node is not the leader, or failed.
using ReadCallback = std::function<void(bool granted, raft::Index index)>;
using ReadTicket = std::uint64_t;

// How a change of members ended. Done: the entry that begins it is committed, so that it will be completed; who is to
// vote becomes a voter when it has caught up, which status() shows.
struct ChangeEnd {
  enum class Kind : std::uint8_t {
    kDone,
    kRefused,    // nothing has changed; `refusal` says why
    kNotLeader,  // certainly not done; the leader may be known
    kUnknown,    // leadership or this node was lost: it may or may not be done
  };
  Kind kind = Kind::kUnknown;
  raft::Refusal refusal = raft::Refusal::kNone;
  raft::Index index = 0;  // of the entry, when done
};
using ChangeCallback = std::function<void(ChangeEnd)>;

struct Status {
  struct Peer {
    enum class Role : std::uint8_t { kVoter, kLearner, kJoining, kOutgoing };
    raft::NodeId id;
    std::string url;
    Role role = Role::kVoter;
    raft::Index match = 0;
    std::uint32_t silent_ticks = 0;  // since it last answered; meaningless but on the leader
  };
  enum class Role : std::uint8_t { kFollower, kCandidate, kLeader };
  Role role = Role::kFollower;
  raft::NodeId node;
  raft::NodeId leader;  // empty: not known
  raft::Term term = 0;
  raft::Index commit = 0;
  raft::Index applied = 0;
  raft::Index first = 0;
  raft::Index last = 0;
  std::uint64_t state_hash = 0;  // of the series file at `applied`
  bool is_joint = false;         // a change of the voters is on its way
  bool is_novice = false;        // no leader has admitted this node yet since its disk was empty
  std::vector<Peer> peers;       // every member, in the order of ids; this node too, if it is one
};

// A snapshot for others: made when the first one asks, and kept until nobody has asked for a while.
struct Lending {
  std::shared_ptr<store::SnapshotWriter> writer;  // while it is made; used on the series lane only
  std::shared_ptr<store::Snapshot> snapshot;      // likewise
  std::optional<raft::SnapshotMeta> meta;         // when it is made
  raft::Index applied = 0;                        // what it holds, or will hold at least
  bool is_reading = false;                        // one part at a time
  std::uint64_t budget_bytes = 0;                 // that may yet be read in this tick
  std::uint32_t idle_ticks = 0;
};
// A snapshot on its way here, asked for part by part, with one question or one job at a time.
struct Fetching {
  raft::NodeId from;
  raft::SnapshotMeta meta;                            // all zeros: not known yet
  std::shared_ptr<store::IncomingSnapshot> incoming;  // used on the series lane only; null: not begun
  std::uint64_t offset = 0;                           // of the part that is expected
  bool is_working = false;                            // on a lane
  bool is_finished = false;                           // whole, verified and durable: to be installed
  std::uint32_t silent_ticks = 0;                     // since it was asked for
  std::uint32_t untold_ticks = 0;                     // since a leader said that it is needed
};

class Replica {
 public:
  // Takes over the open log file, opens (or on a first start creates) the series file, and checks that the two belong
  // together and to this node.
  [[nodiscard]] static Result<std::unique_ptr<Replica>> open(const Options& options, Ports ports,
                                                             std::unique_ptr<store::LogFile> log);

  // Requires that no lane runs a job of this replica any more.
  ~Replica();

  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // ---- inputs; settle() acts on them
  void tick();
  void receive(raft::NodeId from, raft::Message message, raft::Correlation correlation);
  void peer_unreachable(raft::NodeId peer);
  WriteTicket submit(std::vector<TimeEntry> entries, WriteCallback callback);  // nil ids are given here
  void give_up(WriteTicket ticket);  // a write that still waits ends for its caller: as unknown, if it is in the log
  void give_up_all();                // and so does everybody else who waits
  ReadTicket read(ReadCallback callback);
  ReadTicket await_applied(raft::Index index, ReadCallback callback);  // granted as soon as `index` is applied here
  void give_up_read(ReadTicket ticket);                                // a read that still waits is refused
  void campaign();
  void step_down();
  void transfer(raft::NodeId to);  // hands leadership over; empty: to whoever has most of the log
  void change_members(raft::Change change, ChangeCallback callback);

  void settle();

  // ---- what is known
  bool is_leader() const { return core_.is_leader(); }
  const raft::NodeId& leader() const { return core_.leader; }
  bool is_awaited() const;  // somebody waits for the end of a write or a read
  const raft::State& core() const { return core_; }
  const raft::Configuration& configuration() const { return core_.configuration(); }  // in force, committed or not
  Status status() const;
  raft::Index applied() const { return applied_; }            // visible in the series file
  std::uint64_t state_hash() const { return state_hash_; }    // of the series file, there
  bool is_lending() const { return lending_.has_value(); }    // it holds a snapshot for others, or makes one
  bool is_fetching() const { return fetching_.has_value(); }  // it takes a snapshot from another node
  std::uint64_t fetched_bytes() const { return fetching_ ? fetching_->offset : 0; }  // of it
  std::size_t waiting_bytes() const { return waiting_bytes_; }                       // of writes without an end
  bool has_full_disk() const {
    return is_log_full_ || is_series_full_;
  }  // it goes on by itself when there is space again
  std::uint64_t cached_bytes() const { return cache_.size_bytes(); }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  struct Submission {
    WriteTicket ticket = 0;
    std::vector<TimeEntry> entries;
    WriteCallback callback;  // empty: the caller has given up
    std::size_t size_bytes = 0;
  };
  struct Waiting {  // a submission that became a proposal
    Submission submission;
    raft::Position position;  // where it stands in this leader's log
  };
  struct Committed {
    Submission submission;
    raft::Index index = 0;
  };
  struct WaitingRead {
    ReadTicket ticket = 0;
    raft::Index index = 0;
    ReadCallback callback;
  };

  Replica(const Options& options, Ports ports, std::unique_ptr<store::LogFile> log,
          std::unique_ptr<store::SeriesFile> series, raft::State core);

  // While leadership is handed over, submissions wait here: soon they can be proposed, or have another leader.
  bool may_propose() const { return !submissions_.empty() && core_.takes_proposals() == core_.is_leader(); }
  raft::Effects step();
  void propose_submissions();
  void persist(std::optional<raft::Write> write);
  void send(std::vector<raft::Send> sends);
  void apply(raft::Index through);
  void answer(const std::vector<raft::ReadEnd>& reads, const std::vector<raft::Fate>& fates);

  template <typename Work, typename Then>
  void on_lane(Lane lane, Work work, Then then);
  void start_writing();
  void wrote(raft::WriteId last);
  void wait_for_space(bool& is_full);
  void start_applying();
  void apply_entries(raft::Index first, std::vector<raft::Entry> entries);
  void applied(raft::Index first, std::vector<store::ApplyResult> results);

  // ---- sending.cc
  void send_append(raft::Send append);
  void fetch(const raft::NodeId& follower);
  void fetched(const raft::NodeId& follower, const AppendQueue::Range& range, const std::vector<raft::Entry>& stored);

  // ---- compacting.cc
  void compact_when_due();
  raft::Index wanted_base() const;
  void checkpoint();

  // ---- reads.cc
  void answer_reads(const std::vector<raft::ReadEnd>& ends);
  void answer_applied_reads();
  static void refuse(ReadCallback& callback);

  // ---- lending.cc
  void lend(const raft::SnapshotRequest& request, raft::Correlation correlation);
  void make_snapshot();
  void go_on_making();
  void read_part(const raft::SnapshotRequest& request, raft::Correlation correlation);
  void answer_with(raft::NodeId follower, raft::Correlation correlation, raft::SnapshotResponse part);
  void tick_lending();
  void end_lending();

  // ---- fetching.cc
  void fetch_snapshot(const raft::NodeId& from);
  void ask_for_part();
  void take_part(const raft::NodeId& from, const raft::SnapshotResponse& part);
  void begin_taking(const raft::SnapshotMeta& meta);
  void add_part(const raft::SnapshotResponse& part);
  void go_on_taking();
  void install_when_possible();
  void install();
  void installed(raft::Position last, std::optional<raft::Configuration> configuration, std::uint64_t state_hash);
  void tick_fetching();
  bool is_useful(const raft::SnapshotMeta& meta) const;

  void give_up(Submission& submission);
  bool end_change(const raft::Fate& fate);
  void finish(Submission submission, WriteEnd::Kind kind, store::ApplyResult result = {});
  void fail(Error error);

  Options options_;
  Ports ports_;
  std::unique_ptr<store::LogFile> log_;        // used on the log lane only
  std::unique_ptr<store::SeriesFile> series_;  // used on the series lane only
  raft::State core_;
  EntryCache cache_;
  std::optional<Error> failure_;

  std::vector<raft::Input> inputs_;           // for the next step
  std::optional<raft::Input> new_beginning_;  // of the log: the first of them
  std::vector<raft::Receive> parcels_;        // parts of snapshots, and who asks for them
  std::vector<Submission> submissions_;       // not proposed yet

  std::vector<raft::Write> unwritten_;  // due, not handed to the log lane yet
  bool is_writing_ = false;
  bool is_log_full_ = false;             // the last write found no space
  bool is_series_full_ = false;          // and the last group to apply
  std::uint32_t ticks_until_retry_ = 0;  // of what found no space
  raft::Index apply_through_ = 0;
  raft::Index applied_ = 0;  // visible in the series file
  std::uint64_t state_hash_ = 0;
  bool is_applying_ = false;  // or installing a snapshot

  raft::Index series_durable_ = 0;  // no crash takes the series file behind this entry
  bool is_checkpointing_ = false;
  std::uint32_t ticks_until_checkpoint_ = 0;  // when the last one found no space, or a reader in the way
  bool is_compacting_ = false;
  raft::WriteId compacting_write_ = 0;  // 0: the core has not been asked yet
  std::optional<Lending> lending_;
  std::optional<Fetching> fetching_;

  std::map<raft::NodeId, AppendQueue> append_queues_;  // of the followers for whom the log file is being read

  WriteTicket last_ticket_ = 0;  // of writes and changes of members: the ids of their proposals
  raft::ReadId last_read_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::map<raft::ProposalId, Waiting> proposals_;  // without a fate
  std::deque<Committed> committed_;                // not applied
  std::map<raft::ProposalId, ChangeCallback> changes_;
  std::map<raft::ReadId, ReadCallback> reads_;  // not granted; a read's id is its ticket
  std::vector<WaitingRead> granted_;            // granted, not applied far enough

  Prng salts_;
  raft::Term salt_term_ = 0;
  std::uint64_t salt_ = 0;
};

// Does `work` on a lane and goes on with `then` here. An error ends the replica.
template <typename Work, typename Then>
void Replica::on_lane(Lane lane, Work work, Then then) {
  auto outcome = std::make_shared<std::optional<std::invoke_result_t<Work>>>();
  Job job;
  job.work = [work = std::move(work), outcome]() mutable { outcome->emplace(work()); };
  job.done = [this, then = std::move(then), outcome]() mutable {
    if (!outcome->value()) return fail(outcome->value().error());
    then(std::move(outcome->value()));
  };
  ports_.lanes.run(lane, std::move(job));
}

}  // namespace timestore::replica
