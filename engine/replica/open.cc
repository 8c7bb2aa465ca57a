// How a replica comes to life: both its files must belong to this node and to each other.
#include <algorithm>
#include <string>

#include "engine/base/mark.h"
#include "engine/replica/reconcile.h"
#include "engine/replica/replica.h"

namespace timestore::replica {

namespace {

Result<void> check_configuration(const Options& options, const raft::Configuration& configuration) {
  if (configuration == raft::Configuration{} || configuration.is_voter(options.node)) return {};  // it joins, or founds
  return timestore::fail_for_good("Node \"" + options.node + "\" is not among the members of its own cluster.");
}

Result<store::LogFile::Identity> identify(const Options& options, store::LogFile& log,
                                          const machine::StateMachine& machine) {
  const auto& recovered = log.recovered();
  if (recovered.identity) {
    if (recovered.identity->node == options.node) return *recovered.identity;
    return timestore::fail_for_good("The files at " + options.log_path + " belong to node \"" +
                                    recovered.identity->node + "\", not to \"" + options.node +
                                    "\". Use that node id, or another --database path.");
  }
  if (machine.standing().applied.index > 0) {
    return timestore::fail_for_good(machine.name() + " holds data, but its log file " + options.log_path +
                                    " is missing or empty. Put the log file back beside it.");
  }
  store::LogFile::Identity identity{options.node, options.configuration};
  if (auto valid = check_configuration(options, identity.configuration); !valid) {
    return tl::unexpected(valid.error());
  }
  if (auto written = log.initialize(identity); !written) return tl::unexpected(written.error());
  return identity;
}

// A level may still be uncommitted in the log, and then be cut off again. But whether it is, an older release cannot
// ask.
Result<void> check_level(const Options& options, const store::LogFile::Recovered& log,
                         const machine::StateMachine& machine) {
  raft::Level level = std::max(log.level, machine.level());
  for (const auto& [index, later] : log.levels) level = std::max(level, later);
  const bool names_cluster = log.cluster.is_known() || !log.clusters.empty() || machine.cluster().is_known();
  if (names_cluster) level = std::max(level, raft::kEnvelopesLevel);
  if (level <= options.raft.level) return {};
  return tl::unexpected(raft::too_new(level, options.raft.level));
}

// What a log begins with and holds, after it was made to follow a snapshot if a crash had come between the two.
Result<raft::Restart> restart(const Options& options, const store::LogFile::Identity& identity, store::LogFile& log,
                              const machine::StateMachine& machine) {
  store::LogFile::Recovered recovered = log.recovered();
  recovered.identity = identity;
  const raft::Position applied = machine.standing().applied;
  auto repair = replica::reconcile(recovered, {.applied = applied,
                                               .configuration = machine.configuration(),
                                               .level = machine.level(),
                                               .cluster = machine.cluster()});
  if (!repair) {
    return timestore::fail_for_good(machine.name() + " and the log file " + options.log_path + " do not go together. " +
                                    repair.error().message);
  }
  raft::Restart restart{.id = identity.node,
                        .configuration = identity.configuration,
                        .hard_state = recovered.hard_state,
                        .trail = recovered.trail,
                        .configurations = recovered.configurations,
                        .level = recovered.level,
                        .levels = recovered.levels,
                        .cluster = recovered.cluster,
                        .clusters = recovered.clusters,
                        .applied = applied.index,
                        .seed = options.seed};
  if (!*repair) return restart;
  if (auto written = log.write({&**repair, 1}); !written) return tl::unexpected(written.error());
  restart.trail = raft::Trail((*repair)->begin_after->last);
  restart.configuration = (*repair)->begin_after->configuration;
  restart.configurations.clear();
  restart.level = (*repair)->begin_after->level;
  restart.levels.clear();
  restart.cluster = (*repair)->begin_after->cluster;
  restart.clusters.clear();
  return restart;
}

}  // namespace

Result<std::unique_ptr<Replica>> Replica::open(const Options& options, Ports ports, std::unique_ptr<store::LogFile> log,
                                               std::unique_ptr<machine::StateMachine> machine) {
  auto identity = identify(options, *log, *machine);
  if (!identity) return tl::unexpected(identity.error());

  if (auto known = check_level(options, log->recovered(), *machine); !known) return tl::unexpected(known.error());
  auto from = restart(options, *identity, *log, *machine);
  if (!from) return tl::unexpected(from.error());
  if (from->applied > 0) TIMESTORE_MARK("replica: a node went on where its series file had come to");
  if (from->applied == 0 && from->trail.last_index() > 0) TIMESTORE_MARK("replica: a node applies its log anew");
  raft::State core = raft::start(*from, options.raft);
  return std::unique_ptr<Replica>(new Replica(options, ports, std::move(log), std::move(machine), std::move(core)));
}

}  // namespace timestore::replica
