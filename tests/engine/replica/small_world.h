// A small imagined world for whole replicas: real files in a scratch directory, lanes and network as queues of events
// that run when the test says so, every message through the wire codec.
//
// A crash here is that of a process: what was handed to the operating system stays, what waited in a lane is lost.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/client/write.h"
#include "engine/replica/replica.h"
#include "engine/store/series/series_reader.h"
#include "tests/scratch_directory.h"

namespace timestore::replica::testing {

class SmallWorld {
 public:
  explicit SmallWorld(std::size_t size, std::uint64_t seed = 1);
  ~SmallWorld();

  SmallWorld(const SmallWorld&) = delete;
  SmallWorld& operator=(const SmallWorld&) = delete;

  // What every node starts with, beside its name, its files and its seed.
  replica::Options options;
  // What opens a node's state machine; none: the series file.
  std::function<Result<std::unique_ptr<machine::StateMachine>>(std::size_t number)> open_machine;
  // Sees each message that arrives, and may change it. False: it is lost.
  std::function<bool(const raft::NodeId& to, raft::Message& message)> on_arrival;

  static raft::NodeId name(std::size_t number) { return "n" + std::to_string(number + 1); }
  Replica& operator[](std::size_t number) { return *nodes_[number]->replica; }
  bool is_up(std::size_t number) const { return nodes_[number]->replica != nullptr; }
  std::size_t size() const { return nodes_.size(); }
  std::string series_path(std::size_t number) const;
  std::string log_path(std::size_t number) const;

  Result<void> start(std::size_t number);
  void crash(std::size_t number);
  void cut(std::size_t number, bool is_cut) { nodes_[number]->is_cut = is_cut; }

  void settle(std::size_t number);
  bool run_lane(std::size_t number, Lane lane);  // one job and what follows from it; false: there was none
  std::size_t jobs(std::size_t number, Lane lane) const { return nodes_[number]->lanes[lane].size(); }
  bool deliver(std::size_t position);  // false: no such message
  void drop(std::size_t position);
  std::size_t messages() const { return network_.size(); }

  void settle_everything();  // until nothing is queued anywhere
  void tick();               // once everywhere, and settles everything
  bool elect();              // ticks until a running, connected node leads and the others follow
  std::optional<std::size_t> leader() const;

  std::vector<TimeEntry> stored(std::size_t number) const;

 private:
  struct Wire {
    raft::NodeId from;
    raft::NodeId to;
    raft::Message message;
    raft::Correlation correlation;       // of an answer: the question's, as its sender numbered it
    std::optional<raft::Message> asked;  // of an answer
  };
  struct Node final : replica::Transport, replica::Lanes {
    SmallWorld* world = nullptr;
    std::size_t number = 0;
    std::map<Lane, std::deque<Job>> lanes;
    std::map<raft::Correlation, raft::Message> questions;  // requests received and not answered
    raft::Correlation last_question = 0;
    bool is_cut = false;
    std::unique_ptr<Replica> replica;

    void send(raft::Send send) override;
    void run(Lane lane, Job job) override;
  };

  void receive(Node& to, Wire wire);

  ScratchDirectory directory_;
  std::uint64_t seed_;
  std::uint64_t lives_ = 0;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Wire> network_;
};

}  // namespace timestore::replica::testing
