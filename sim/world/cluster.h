// Whole nodes on simulated disks, joined by an imagined network: the mechanism of the world, without time or chance.
//
// Every node is the very replica that runs in production, with real SQLite over a simulated disk. Every message passes
// through the codec of its link, JSON or frames, and must arrive as it was sent, field by field. Nothing happens by
// itself: somebody must tick, deliver a message, run the work of a lane. That somebody is a script, a test, or the
// simulation, whose pacer is told what has become possible.
//
// The oracle hears of everything. A node whose disk loses power in the middle of its work, or whose replica fails,
// stops there and then; starting it again is the caller's decision.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/client/link.h"
#include "engine/machine/state_machine.h"
#include "engine/replica/replica.h"
#include "engine/store/series/series_reader.h"
#include "engine/store/series/series_shape.h"
#include "sim/checkers/oracle.h"
#include "sim/disk/disk.h"
#include "sim/disk/vfs.h"
#include "sim/words/choices.h"

namespace timestore::sim {

using replica::Job;
using replica::Lane;
using replica::Replica;

using MessageId = std::uint64_t;  // in the order of sending, from 1

// Of a message that travels over a link: which request on its way it is, or ends.
struct Exchange {
  client::Purpose purpose = client::Purpose::kAppends;
  client::ExchangeId id = 0;  // 0: it travels by itself
  std::uint64_t life = 0;     // of the node that asks
};

// A message on its way.
struct Wire {
  std::size_t from = 0;
  std::size_t to = 0;
  raft::Message message;
  std::string bytes;                           // that travel; a receipt has none
  bool is_frame = false;                       // else they are JSON
  raft::Correlation correlation = 0;           // of an answer: the question's, as the answering node numbered it
  std::shared_ptr<const raft::Message> asked;  // of an answer, without payloads
  Exchange exchange = {};
  bool ends_exchange = false;  // an answer, or (`is_receipt`) the bare end of a request that has none
  bool is_receipt = false;
  std::string text() const;  // the message as JSON, for people
  std::size_t asker() const { return ends_exchange ? to : from; }
  std::size_t asked_node() const { return ends_exchange ? from : to; }
};

enum class StopReason : std::uint8_t {
  kKilled,  // the process alone: the page cache stays
  kPowerLost,
  kFailed,  // the replica gave up: failure() said why
};

// Decides when what has become possible happens. The defaults: never by itself.
class Pacer {
 public:
  virtual ~Pacer() = default;
  virtual Time now() const { return 0; }
  virtual void posted(MessageId) {}                                     // a message is on its way
  virtual void decided(std::size_t, const raft::Event&) {}              // the core of a node has
  virtual void queued(std::size_t, Lane) {}                             // a job stands at the head of an idle lane
  virtual void stopped(std::size_t, StopReason, const std::string&) {}  // a node is down; the reason in words
};

// What a node runs: a release is known by the highest feature level that it knows.
struct Release {
  raft::Level level = raft::kOriginalLevel;
  bool holds_level = false;  // it runs with --hold-level
  bool operator==(const Release&) const = default;
};

struct ClusterOptions {
  std::size_t size = 3;
  std::size_t outsiders = 0;  // the last so many of them: they have no configuration, and wait to be let in
  std::uint64_t seed = 1;     // of the cores' time-outs and of ids
  raft::Options raft;
  std::uint64_t cache_bytes = 1 << 16;
  std::size_t max_apply_entries = 64;
  std::size_t max_waiting_bytes = std::size_t{1} << 22;
  std::uint64_t kept_entries = 100'000;
  std::uint64_t kept_bytes = std::uint64_t{1} << 26;
  std::uint64_t snapshot_chunk_bytes = std::uint64_t{1} << 18;
  std::uint64_t snapshot_bytes_per_tick = std::uint64_t{1} << 20;
  bool searches_linearizability = true;
  // What opens the state machine of a node on its disk, through this VFS. None: the series file, the only one whose
  // commands the oracle understands and whose contents can be read.
  std::function<Result<std::unique_ptr<machine::StateMachine>>(const std::string& vfs)> machine = nullptr;
  store::SeriesShape series = {};      // of files that are made
  std::vector<Release> releases = {};  // of the nodes; empty: what `raft` says
  // Requests travel as `net` sends them: over links that join them, one at a time. Without: each by itself, in any
  // order.
  std::optional<client::Link::Options> links = std::nullopt;
};

class Cluster {
 public:
  Cluster(const ClusterOptions& options, Choices& choices, Pacer& pacer);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  static raft::NodeId name(std::size_t number) { return "n" + std::to_string(number + 1); }
  static raft::Member member(std::size_t number) { return {name(number), "http://" + name(number)}; }
  std::size_t size() const { return nodes_.size(); }
  bool is_up(std::size_t number) const { return nodes_[number]->replica != nullptr; }
  Replica& operator[](std::size_t number) { return *nodes_[number]->replica; }
  const raft::State& core(std::size_t number) const { return nodes_[number]->replica->core(); }
  Disk& disk(std::size_t number) { return nodes_[number]->disk; }
  Oracle& oracle() { return oracle_; }
  const Oracle& oracle() const { return oracle_; }
  std::optional<std::size_t> leader() const;  // of the highest term, among those that are up
  std::uint64_t life(std::size_t number) const { return nodes_[number]->life; }

  // ---- nodes
  [[nodiscard]] Result<void> start(std::size_t number);  // an error: its files refuse, and say why
  void kill(std::size_t number);
  void lose_power(std::size_t number, CrashPolicy policy);
  // For good, or it starts again with an empty disk: as a node that waits to be let in, or, which is unfair except
  // where all the others hold entries, with the settings of a founder.
  void lose_disk(std::size_t number, bool founds = false);

  // From its next start on. The disk is the same.
  void set_release(std::size_t number, Release release) { nodes_[number]->release = release; }
  Release release(std::size_t number) const { return nodes_[number]->release; }

  // When the disk has lost power under the node (Disk::lose_power_at), this is what survives.
  void set_crash_policy(std::size_t number, CrashPolicy policy) { nodes_[number]->crash_policy = policy; }

  // Lets the replica act on its inputs. Requires nothing: a node that is down does nothing.
  void settle(std::size_t number);

  // ---- lanes: a job is first worked on, then done (between the two its effect is on the disk, but the replica does
  // not know). False: there was nothing to do.
  bool work(std::size_t number, Lane lane);
  bool done(std::size_t number, Lane lane);
  bool run_lane(std::size_t number, Lane lane);  // both, and settle
  bool is_idle(std::size_t number, Lane lane) const { return lane_of(number, lane).jobs.empty(); }
  std::size_t jobs(std::size_t number, Lane lane) const { return lane_of(number, lane).jobs.size(); }

  // ---- network
  const std::map<MessageId, Wire>& messages() const { return messages_; }
  void deliver(MessageId id, bool keep = false);  // receives and does not settle. `keep`: it will arrive again
  void drop(MessageId id) { messages_.erase(id); }
  void tick_links(std::size_t number);  // gives up what has been on its way for too long; sends what has paused
  void end_exchange_in_failure(const Wire& wire);  // its asker hears of it; nothing when that was given up before
  void break_connections();                        // what was lost on its way over links is noticed everywhere
  void set_link(std::size_t from, std::size_t to, bool is_cut);  // one direction; affects what is sent from now on
  bool is_link_cut(std::size_t from, std::size_t to) const { return cut_[from * size() + to]; }

  // A node of another cluster says this under the name of `as`. True: the node was up, and knew which cluster it
  // belongs to; it has heard it in a turn of its own, and the oracle has seen that nothing has changed.
  bool hear_foreigner(std::size_t number, std::size_t as, raft::Message message);
  // What `wire` asks of another node arrives at one of another cluster, which answers.
  void misdirect(MessageId id, const raft::ClusterId& cluster);

  // ---- reading, as a reader's own connection does
  [[nodiscard]] Result<ReadSeen> read_series(std::size_t number, const std::string& device_id,
                                             const std::optional<Inquiry>& inquiry = {});
  [[nodiscard]] Result<std::vector<TimeEntry>> stored(std::size_t number);
  [[nodiscard]] Result<std::uint64_t> rows(std::size_t number);  // of its series file (file_rows.h)

  // What is in force at the entry that the node applied last. Requires that it is up; nothing of another machine.
  Retention retention(std::size_t number) const {
    const auto& board = nodes_[number]->board;
    return board ? board->look().retention : Retention();
  }

  // A reader that begins to read and takes its time: meanwhile it sees the present state.
  void begin_slow_read(std::size_t number);
  void end_slow_read(std::size_t number) { nodes_[number]->slow_reader.reset(); }
  bool was_read_slowly(std::size_t number) const { return nodes_[number]->was_read_slowly; }  // in this life

  // Of everything that is up: cores, disks. Equal runs have equal hashes.
  std::uint64_t hash();

 private:
  struct LaneState {
    std::deque<Job> jobs;
    bool is_worked = false;  // the work of the first job is done, its end is not told yet
  };
  struct Question {
    std::shared_ptr<const raft::Message> asked;
    Exchange exchange;
  };
  struct Node final : replica::Transport, replica::Lanes, replica::Witness {
    Node(Cluster& in, std::size_t with_number, Disk on_disk) : cluster(in), number(with_number), disk(on_disk) {}

    Cluster& cluster;
    std::size_t number;
    Disk disk;
    Vfs vfs{disk};
    CrashPolicy crash_policy = CrashPolicy::kNothing;
    std::uint64_t life = 0;
    bool founds = false;  // its settings say who founds the cluster
    Release release = {};
    std::array<LaneState, 2> lanes;
    std::map<raft::Correlation, Question> questions;  // not answered yet
    std::vector<client::Link> links;                  // of this life; see link_of()
    raft::Correlation last_question = 0;
    std::unique_ptr<Replica> replica;
    std::shared_ptr<store::FreshBoard> board;  // of this life
    std::unique_ptr<store::SeriesReader> reader;
    std::unique_ptr<store::SeriesReader> slow_reader;
    bool was_read_slowly = false;

    void send(raft::Send send) override;
    void run(Lane lane, Job job) override;
    void stepped(const raft::State& core, std::span<const raft::Input> inputs, const raft::Effects& effects) override;
    void wrote(raft::WriteId through) override;
  };

  const LaneState& lane_of(std::size_t number, Lane lane) const {
    return nodes_[number]->lanes[static_cast<std::size_t>(lane)];
  }
  LaneState& lane_of(std::size_t number, Lane lane) { return nodes_[number]->lanes[static_cast<std::size_t>(lane)]; }
  replica::Options options_of(const Node& node) const;
  Result<void> open(Node& node);
  Result<std::unique_ptr<machine::StateMachine>> open_machine(Node& node, raft::Level known);
  void end_life(Node& node);
  void stop(Node& node, StopReason reason, const std::string& why);
  void stop_if_broken(Node& node);
  void receive(Node& to, MessageId id, const Wire& wire);
  raft::Message read(MessageId id, const Wire& wire);
  client::Link& link_of(std::size_t from, std::size_t to, client::Purpose purpose) {
    return nodes_[from]->links[to * client::kPurposes.size() + static_cast<std::size_t>(purpose)];
  }
  void send_over_link(std::size_t from, std::size_t to, raft::Message request);
  void pump(std::size_t from, std::size_t to, client::Purpose purpose);
  void fail(std::size_t from, std::size_t to, client::Purpose purpose, client::ExchangeId exchange);
  void post(Wire wire);
  bool take_end(const Wire& wire);
  bool is_given_up(const Wire& request);
  void acknowledge(const Wire& wire);

  ClusterOptions options_;
  Pacer& pacer_;
  SqliteWorld sqlite_;
  Oracle oracle_;
  std::vector<bool> cut_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<MessageId, Wire> messages_;
  MessageId last_message_ = 0;
  bool hears_foreigner_ = false;  // what it is answered goes to nobody here
};

}  // namespace timestore::sim
