// A cluster of real timestored processes on loopback, each with its own database in the test's folder.
//
// Nodes are numbered from 0; node 0 is called node1. Ports are chosen free when the cluster is made and stay the same
// over restarts. Faults are signals. What a node says of itself comes from its /raft/status.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/system/client.h"
#include "tests/system/entry.h"
#include "tests/system/process.h"
#include "tests/system/scratch.h"

namespace timestore::system {

struct Status {
  std::string state;
  std::string leader_id;
  std::int64_t term = -1;
  std::int64_t commit_index = -1;
  std::int64_t applied_index = -1;
  std::int64_t last_log_index = -1;
};

// Flags of nodes that call no election because the machine was busy: for tests that count on leaders that stay.
inline const std::vector<std::string> kPatientElections = {"--election-min-ms", "2000", "--election-max-ms", "4000"};

class Cluster {
 public:
  // How the nodes get their settings: as flags with named peers, or as the original's environment with bare URLs.
  enum class Settings { kFlags, kEnvironment };

  // `further_peers` are members that are not ours to start, as the flag wants them: id=url,...
  explicit Cluster(std::size_t size, Settings settings = Settings::kFlags, std::string further_peers = "");
  ~Cluster();  // a test failure when a node has ended by itself
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Another node, with an empty disk, that asks `asked` to be let in when it is started; its number.
  std::size_t add_joining(std::size_t asked);
  // The node loses its disk while it does not run. From now on it asks `asked` to be let in.
  void wipe(std::size_t node, std::size_t asked);
  void clean(std::size_t node);  // likewise, but it starts again as it did first

  // It listens elsewhere from its next start on; so do the peers' settings say then.
  void move(std::size_t node);

  std::size_t size() const { return nodes_.size(); }
  const std::string& id(std::size_t node) const { return nodes_[node].id; }
  int port(std::size_t node) const { return nodes_[node].port; }
  std::string url(std::size_t node) const { return "http://127.0.0.1:" + std::to_string(port(node)); }
  std::string folder(std::size_t node) const { return scratch_.file(id(node)); }
  std::string database(std::size_t node) const { return folder(node) + "/timeseries.db"; }
  std::vector<int> ports() const;
  std::string log(std::size_t node) const;  // all that it has printed in all its lives

  // Flags that every node gets from its next start on.
  void set_further_flags(std::vector<std::string> flags) { further_flags_ = std::move(flags); }

  // What starts the node: for tests that want to start it themselves, in another way.
  Command command(std::size_t node) const;

  // Starts the node, for the first time or again, and returns when it answers; a test failure when it does not.
  void start(std::size_t node);
  void start_all();
  Clock::time_point kill9(std::size_t node) { return nodes_[node].process->kill9(); }
  void kill9_all();
  void pause(std::size_t node);
  void resume(std::size_t node);
  Process& process(std::size_t node) { return *nodes_[node].process; }
  bool is_running(std::size_t node) { return nodes_[node].process && nodes_[node].process->is_running(); }

  Client client(std::size_t node) const { return Client(port(node)); }

  // Nothing when the node does not run yet, or no more. It must not be paused.
  std::optional<Status> status(std::size_t node) const;

  // The running node that leads and that all running nodes take for their leader. Paused nodes do not count as running.
  std::optional<std::size_t> await_leader();
  // Any other running node.
  std::size_t follower_of(std::size_t leader);

  // Whether all running nodes have come to have applied the same, which is all that any of them has committed.
  bool await_agreement();

  // What the node holds by itself (level=none), as it answers it.
  std::string content_of(std::size_t node) const;

 private:
  struct Node {
    std::string id;
    int port = 0;
    std::optional<std::string> joins;  // the URL of whom it asks to be let in; none: it founds the cluster
    bool paused = false;
    std::unique_ptr<Process> process;
  };

  std::string peers_of(std::size_t node) const;
  void launch(std::size_t node);
  void expect_not_to_have_died(std::size_t node);
  std::vector<Status> statuses_of_running();

  Scratch scratch_;
  Settings settings_;
  std::string further_peers_;
  std::size_t founders_ = 0;
  std::vector<std::string> further_flags_;
  std::vector<Node> nodes_;
};

}  // namespace timestore::system
