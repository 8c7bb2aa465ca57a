// Where a scenario plays: a cluster that does nothing by itself, and an account of what each command has led to.
//
// A node acts at once on what it is given, and its disk works at once, unless the scenario holds one of them back;
// messages stay on their way until they are delivered. What changed is told in lines: by node, then the messages
// it sent, then what its clients heard.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/script/clients.h"
#include "sim/script/submissions.h"
#include "sim/world/cluster.h"

namespace timestore::sim::script {

// A direction between two nodes.
struct Link {
  std::size_t from = 0;
  std::size_t to = 0;
  auto operator<=>(const Link&) const = default;
};

// How much is told: each includes the ones before it.
enum class Detail : std::uint8_t { kEndings, kNodes, kMessages };

class Stage final : public Pacer {
 public:
  Stage() = default;
  ~Stage() override = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // Sets up the cluster and starts every node that belongs to it. Requires that there is none yet.
  [[nodiscard]] Result<void> open(const ClusterOptions& options);
  bool is_open() const { return cluster_ != nullptr; }
  Cluster& cluster() { return *cluster_; }
  Clients& clients() { return *clients_; }
  Submissions& submissions() { return *submissions_; }
  std::size_t size() const { return cluster_->size(); }

  // ---- what is told
  void set_detail(Detail detail) { detail_ = detail; }
  Detail detail() const { return detail_; }
  void say(Detail detail, std::string line);
  std::vector<std::string> take_lines() { return std::exchange(lines_, {}); }

  // ---- nodes
  void start(std::size_t number);  // a refusal is told, and the node stays down
  void act(std::size_t number);    // after whatever was done to the node: it settles, its disk works
  void pause(std::size_t number) { machines_[number].is_paused = true; }
  void resume(std::size_t number);
  void lose_disk(std::size_t number);
  bool is_lost(std::size_t number) const { return machines_[number].is_lost; }
  void tell(std::size_t number);  // what has become of the node and its clients since

  // ---- lanes
  void hold(std::size_t number, Lane lane) { machine(number, lane) = true; }
  void release(std::size_t number, Lane lane);
  [[nodiscard]] bool work(std::size_t number, Lane lane);  // false: there is nothing to do
  [[nodiscard]] bool done(std::size_t number, Lane lane);

  // ---- network
  void hold(Link link) { held_links_.insert(link); }
  void release(Link link) { held_links_.erase(link); }
  void deliver(MessageId id, bool keep);

  // Delivers the oldest message that is not held, until there is none. `links`: only on these; empty: on all.
  [[nodiscard]] Result<void> settle(const std::set<Link>& links = {});

  // Heals everything, starts what is down, elects a leader where there is none, and demands that all members agree and
  // that the oracle finds everything that was acknowledged.
  [[nodiscard]] Result<void> converge();

 private:
  struct Machine {
    bool is_paused = false;
    bool is_lost = false;
    std::array<bool, 2> is_held = {};
  };
  // What was last told of a node.
  struct Told {
    raft::Role role;
    raft::Term term = 0;
    std::optional<raft::NodeId> vote;
    raft::NodeId leader;
    raft::Trail log;
    raft::Configuration members;  // in force
    raft::Level level = 0;        // in force
    raft::ClusterId cluster;      // settled; zero: not known
    std::vector<raft::NodeId> waits_for;
    raft::Index commit = 0;
    raft::Index applied = 0;
  };

  void posted(MessageId id) override { posted_.push_back(id); }
  void queued(std::size_t number, Lane lane) override;
  void stopped(std::size_t number, StopReason reason, const std::string& why) override;

  bool& machine(std::size_t number, Lane lane) { return machines_[number].is_held[static_cast<std::size_t>(lane)]; }
  void run_disk(std::size_t number);
  void tell_node(std::size_t number);
  static Told told_of(const raft::State& core);
  static void tell_role(const Told& before, const Told& now, std::vector<std::string>& changes);
  static void tell_log(const Told& before, const Told& now, std::vector<std::string>& changes);
  void heal();
  bool belongs(std::size_t number) const;
  bool agrees();
  void give_time(std::size_t leader);
  void seek_leader(std::size_t round);

  Detail detail_ = Detail::kMessages;
  std::vector<std::string> lines_;
  std::vector<MessageId> posted_;     // since the last tell()
  std::vector<std::string> waiting_;  // likewise
  std::vector<Machine> machines_;
  std::vector<std::optional<Told>> told_;  // none: down
  std::set<Link> held_links_;
  Choices choices_{1};
  std::unique_ptr<Clients> clients_;          // outlives the cluster, whose end gives up whoever still waits
  std::unique_ptr<Submissions> submissions_;  // likewise
  std::unique_ptr<Cluster> cluster_;
};

}  // namespace timestore::sim::script
