// A running node without its HTTP face: the replica on its own thread, with real time, real lanes and real peers.
//
// Every public function may be called from any thread. Those that begin something return at once, and call `done` once,
// on the engine's thread, when it has ended or the deadline has passed; `done` must neither wait nor take long. Those
// that wait do so up to a deadline.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/result.h"
#include "engine/client/attempts.h"
#include "engine/client/edge_keeper.h"
#include "engine/client/write.h"
#include "engine/replica/replica.h"
#include "net/base/clock.h"
#include "net/node/alarms.h"
#include "net/node/lane_thread.h"
#include "net/node/news.h"
#include "net/node/shared_fresh_board.h"
#include "net/peers/http_transport.h"

namespace timestore::net {

using client::Leadership;

class Node {
 public:
  struct Options {
    replica::Options replica;
    std::string series_path;
    // Where readers find what is not in that file yet.
    std::shared_ptr<store::FreshBoard> board = std::make_shared<SharedFreshBoard>();
    // Where the settings say that members are. It holds for as long as the configuration says of them what it says at
    // the start; the others are where that says.
    std::map<raft::NodeId, HostPort> addresses;
    std::chrono::milliseconds tick{10};
    std::function<void(const Error&)> on_failure;  // the replica cannot go on; called once, from the engine's thread
    // Where the other members are from now on; called at the start and from the engine's thread.
    std::function<void(const std::map<raft::NodeId, HostPort>&)> on_members;
    // The cluster that it belongs to for sure; called at the start and from the engine's thread.
    std::function<void(const raft::ClusterId&)> on_cluster;
  };

  [[nodiscard]] static Result<std::unique_ptr<Node>> start(Options options, std::unique_ptr<store::LogFile> log);
  ~Node();

  // Ends what was begun as its deadline would; nothing, when it has ended. Any thread.
  using Withdraw = std::function<void()>;

  // Stores the entries; they come back with their ids. When the deadline passes first, the outcome is unknown.
  Withdraw begin_write(std::vector<TimeEntry> entries, Deadline deadline, client::WriteCallback done);
  client::WriteEnd write(std::vector<TimeEntry> entries, Deadline deadline);

  // Stores the lines.
  Withdraw begin_write(client::LinesCommand lines, Deadline deadline, client::WriteCallback done);

  // Orders how long points are kept.
  client::WriteEnd order(const RetentionOrder& order, Deadline deadline);

  // Deletes.
  client::WriteEnd erase(const DeleteOrder& order, Deadline deadline);

  // Confirms with a quorum that this node still leads; then everything acknowledged before is applied here. Gives the
  // applied index to read from; nothing when this node does not lead or the deadline passed.
  using ReadDone = std::function<void(std::optional<raft::Index>)>;
  Withdraw begin_confirm(Deadline deadline, ReadDone done);
  std::optional<raft::Index> confirm_read(Deadline deadline);

  // Until `index` is applied here; nothing, or false, when the deadline passed first.
  Withdraw begin_await_applied(raft::Index index, Deadline deadline, ReadDone done);
  bool await_applied(raft::Index index, Deadline deadline);

  // Hands a peer's request to the core, which answers it. Nothing: not in time.
  using AnswerDone = std::function<void(std::optional<raft::Message>)>;
  void begin_answer(raft::NodeId from, raft::Message request, Deadline deadline, AnswerDone done);
  std::optional<raft::Message> answer(raft::NodeId from, raft::Message request, Deadline deadline);

  // Hands a peer's message to the core that has no answer.
  void receive(raft::NodeId from, raft::Message message);

  Leadership leadership() const;
  bool is_contradicted() const { return is_contradicted_; }  // it may serve nothing but what it holds (level=none)

  // Waits until the leadership differs from `known`; returns what it is then, or at the deadline.
  Leadership await_change(const Leadership& known, Deadline deadline) const;
  Withdraw begin_await_change(Leadership known, Deadline deadline, std::function<void()> done);

  std::optional<replica::Status> status(Deadline deadline);
  void begin_status(std::function<void(replica::Status)> done);  // has no deadline: one turn of the engine

  // Waits until `is_so` of the status, which it is asked for every few milliseconds; the last status that came before
  // the deadline, or nothing when none did.
  std::optional<replica::Status> await_status(const std::function<bool(const replica::Status&)>& is_so,
                                              Deadline deadline);
  const raft::NodeId& id() const { return options_.replica.node; }
  std::chrono::milliseconds tick() const { return options_.tick; }
  std::uint32_t unreachable_ticks() const { return options_.replica.raft.election_ticks_max; }

  // Hands leadership over to `to`, or to whoever has most of the log when it is empty, and waits until another node
  // leads. Returns who leads then; nobody, when it did not come about in an election time-out.
  raft::NodeId transfer(raft::NodeId to, Deadline deadline);

  // Begins the change that `plan` wishes for, if any, and waits for its end. The plan sees the members as they are when
  // the change begins; it runs on the engine's thread, and may do so when the deadline has passed.
  using Plan = std::function<std::optional<raft::Change>(const replica::Status&)>;
  std::optional<replica::ChangeEnd> change_members(Plan plan, Deadline deadline);

  // Which cluster lets this node in: until its log says so too, no other is followed.
  void expect(raft::ClusterId cluster);

  // Nodes that are no members, as far as this one knows, and where they are: a node that is being let in learns of the
  // others before the log tells.
  void meet(std::map<raft::NodeId, HostPort> others);

  // Where a member is found, whatever the settings said, for as long as the configuration says of it what it says now.
  void find_at(raft::NodeId member, HostPort address);

  // Waits until all callers have their answers, and hands leadership over, up to the deadline. Then steps down, never
  // to lead again, and answers everybody who still waits. Peers are still answered.
  void retire(Deadline deadline);

  // Where readers of its series file find what is not in it yet.
  std::shared_ptr<const store::FreshBoard> board() const { return options_.board; }

  // Stops all threads and closes the files.
  void stop();

 private:
  explicit Node(Options options);
  void post(std::function<void()> input);
  void run();
  void take_turn(std::vector<std::function<void()>> inputs, std::uint32_t ticks);
  void publish();
  void keep_edge(std::uint32_t ticks);
  void follow_members();
  void follow_cluster();
  void note_membership(bool is_member);
  using BeginRead = std::function<replica::ReadTicket(replica::ReadCallback)>;
  using BeginWrite = std::function<replica::WriteTicket(client::WriteCallback)>;
  Withdraw begin_write(BeginWrite begin, Deadline deadline, client::WriteCallback done);
  Withdraw begin_read(BeginRead begin, Deadline deadline, ReadDone done);

  // Somebody who waits, on the engine's thread: for what `end` tells, or until `deadline`.
  struct Call {
    bool has_ended = false;
    std::optional<Alarms::Id> alarm;
    std::function<void()> give_up;  // leads to the end
  };
  void limit(const std::shared_ptr<Call>& call, Deadline deadline);
  bool end(Call& call);  // false: it has ended before
  Withdraw withdraw(std::shared_ptr<Call> call);
  void tell_change();

  Options options_;  // its addresses change on the engine's thread only
  HttpTransport transport_;
  LaneThreads lanes_;
  // Used on the engine's thread only, once that runs.
  News news_;
  std::unique_ptr<replica::Replica> replica_;

  std::mutex inbox_mutex_;
  std::condition_variable inbox_filled_;
  std::vector<std::function<void()>> inbox_;
  bool stopping_ = false;

  mutable std::mutex leadership_mutex_;
  mutable std::condition_variable leadership_changed_;
  Leadership leadership_;
  std::atomic<bool> is_contradicted_ = false;

  // Used on the engine's thread only.
  std::map<raft::NodeId, std::string> first_urls_;  // what the configuration said at the start
  std::optional<raft::Configuration> followed_;     // the configuration whose members the transport knows
  raft::ClusterId followed_cluster_;
  std::map<raft::NodeId, HostPort> met_;
  std::optional<bool> is_member_;
  Alarms alarms_;
  std::map<std::uint64_t, std::function<void()>> await_change_;  // in the order of asking
  std::uint64_t last_awaiting_ = 0;
  client::EdgeKeeper edge_keeper_;
  std::uint64_t ticks_ = 0;
  bool retired_ = false;
  bool failure_reported_ = false;
  std::thread thread_;
};

}  // namespace timestore::net
