// The clients of a scenario: what they asked of which node, and how it ended. They tell the oracle everything.
//
// Proposals are p1, p2, ..., reads r1, r2, ... and changes of members c1, c2, ... in the order in which they were made.
// Endings are told as lines; a granted read looks into the series file only in finish_reads(), as a reader's own
// connection does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/world/cluster.h"

namespace timestore::sim::script {

struct Proposal {
  enum class Fate : std::uint8_t {
    kPending,
    kStored,      // committed and applied; stored now or before, with the same id and content
    kConflict,    // committed and applied; its id is stored with other content, so nothing was stored
    kRefused,     // never in any log
    kSuperseded,  // was in a log, and certainly never will be committed
    kUnknown,     // may yet be committed
    kBusy,        // never in any log: too much is waiting
  };
  Fate fate = Fate::kPending;
  std::size_t node = 0;
  std::vector<TimeEntry> entries;  // with their ids, once known
  OperationId operation = 0;
  replica::WriteTicket ticket = 0;
  bool was_logged = false;  // it survived a turn after which nothing waits outside the log, so it got a place there
};
inline constexpr std::string_view kProposalFates[] = {"pending",    "stored",  "conflict", "refused",
                                                      "superseded", "unknown", "busy"};

struct ReadRequest {
  enum class State : std::uint8_t { kPending, kGranted, kAnswered, kRefused };
  State state = State::kPending;
  std::size_t node = 0;  // whose series file is read
  std::string device_id;
  OperationId operation = 0;
  ReadSeen seen;
};

struct ChangeRequest {
  enum class Fate : std::uint8_t {
    kPending,
    kCommitted,   // the entry that begins it is, so it will be completed
    kRefused,     // never in any log; `refusal` says why
    kSuperseded,  // was in a log, and certainly never will be committed
    kUnknown,     // may yet be committed
  };
  Fate fate = Fate::kPending;
  raft::Refusal refusal = raft::Refusal::kNone;
};
inline constexpr std::string_view kChangeFates[] = {"pending", "committed", "refused", "superseded", "unknown"};
inline constexpr std::string_view kRefusals[] = {"none",           "not-leader",     "not-ready",    "busy",
                                                 "unknown-member", "already-member", "loses-quorum", "last-voter",
                                                 "malformed",      "too-many",       "too-old"};

// "a=1": a device and its value.
[[nodiscard]] std::string describe(std::span<const TimeEntry> entries);

class Clients {
 public:
  explicit Clients(Cluster& cluster) : cluster_(cluster) {}
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // Each requires that the node is up, and only hands over: the node acts when it settles.
  void propose(std::size_t node, std::vector<TimeEntry> entries);  // attributes are given here
  void retry(std::size_t node, std::size_t proposal);              // the same entries, with their ids as far as known
  void give_up(std::size_t proposal);
  void read(std::size_t node, std::string device_id);
  void read_by(std::size_t node, std::size_t leader, std::string device_id);  // `leader` grants, `node` is read

  void change_members(std::size_t node, raft::Change change);

  void settled(std::size_t node);  // what still waits there is in its log
  void finish_reads();             // of those that were granted since

  const std::vector<Proposal>& proposals() const { return proposals_; }
  const std::vector<ReadRequest>& reads() const { return reads_; }
  const std::vector<ChangeRequest>& changes() const { return changes_; }
  std::vector<std::string> take_news() { return std::exchange(news_, {}); }

 private:
  void submit(std::size_t node, std::vector<TimeEntry> entries);
  void ended(std::size_t proposal, const client::WriteEnd& end);
  std::size_t begin_read(std::size_t node, std::string device_id);
  void await(std::size_t read, raft::Index index);
  void granted(std::size_t read, raft::Index index);
  void refused(std::size_t read);
  void look(std::size_t read);
  void ended(std::size_t change, const replica::ChangeEnd& end);

  Cluster& cluster_;
  Time now_ = 0;  // counts what clients do and hear: enough for an order in real time
  std::vector<Proposal> proposals_;
  std::vector<ReadRequest> reads_;
  std::vector<ChangeRequest> changes_;
  std::vector<std::pair<std::size_t, raft::Index>> forwarded_;  // granted by a leader, to be awaited at the node read
  std::vector<std::string> news_;
};

}  // namespace timestore::sim::script
