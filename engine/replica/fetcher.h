// This node takes a snapshot from another one, because that one's log begins after what this node has.
//
// It asks for one part after the other, over again where no answer comes, so a break costs nothing that is on the disk
// already. Meanwhile it votes, answers heartbeats and serves what it has. When the snapshot is whole it takes the place
// of the state machine's contents: the order of these steps and what a crash between them leaves is told in
// reconcile.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "engine/raft/state.h"
#include "engine/replica/jobs.h"
#include "engine/replica/log_writer.h"
#include "engine/replica/options.h"
#include "engine/replica/shared_machine.h"
#include "engine/store/log/log_file.h"

namespace timestore::replica {

class Fetcher {
 public:
  // `installation_ended` is called when an installation has ended, whether the machine's contents were replaced or not.
  using InstallationEnded = std::function<void(bool is_installed)>;
  Fetcher(const Options& options, const raft::State& core, store::LogFile& log, SharedMachine& machine, Jobs& jobs,
          LogWriter& log_writer, Transport& transport, InstallationEnded installation_ended);

  void fetch(const raft::NodeId& from);  // told with each heartbeat of a leader that cannot go on otherwise
  void take(const raft::NodeId& from, const raft::SnapshotResponse& part);
  void install_when_possible();
  void tick();

  bool is_fetching() const { return fetching_.has_value(); }
  std::uint64_t fetched_bytes() const { return fetching_ ? fetching_->offset : 0; }

 private:
  // With one question or one job at a time.
  struct Fetching {
    raft::NodeId from;
    raft::SnapshotMeta meta = {};                         // all zeros: not known yet
    std::shared_ptr<machine::IncomingSnapshot> incoming;  // used on the machine's lane only; null: not begun
    std::uint64_t offset = 0;                             // of the part that is expected
    bool is_working = false;                              // on a lane
    bool is_finished = false;                             // whole, verified and durable: to be installed
    std::uint32_t silent_ticks = 0;                       // since it was asked for
    std::uint32_t untold_ticks = 0;                       // since a leader said that it is needed
  };

  bool is_useful(const raft::SnapshotMeta& meta) const;
  void ask();
  void begin(const raft::SnapshotMeta& meta);
  void add(const raft::SnapshotResponse& part);
  void go_on();
  void install();
  struct Installation {
    std::optional<machine::Standing> standing;  // none: it could not be done now
    std::optional<raft::Configuration> configuration;
    raft::Level level = raft::kOriginalLevel;
    raft::ClusterId cluster = {};
  };
  void installed(Installation installation);
  void end();

  const Options& options_;
  const raft::State& core_;
  store::LogFile& log_;  // on the log lane
  SharedMachine& machine_;
  Jobs& jobs_;
  LogWriter& log_writer_;
  Transport& transport_;
  InstallationEnded installation_ended_;
  std::optional<Fetching> fetching_;
};

}  // namespace timestore::replica
