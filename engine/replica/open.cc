// How a replica comes to life: both its files must belong to this node and to each other.
#include <string>

#include "engine/base/mark.h"
#include "engine/replica/replica.h"

namespace timestore::replica {

namespace {

Result<void> check_configuration(const Options& options, const raft::Configuration& configuration) {
  if (configuration == raft::Configuration{} || configuration.is_voter(options.node)) return {};  // it joins, or founds
  return timestore::fail("Node \"" + options.node + "\" is not among the members of its own cluster.");
}

Result<store::LogFile::Identity> identify(const Options& options, store::LogFile& log,
                                          const store::SeriesFile& series) {
  const auto& recovered = log.recovered();
  if (recovered.identity) {
    if (recovered.identity->node == options.node) return *recovered.identity;
    return timestore::fail("The files at " + options.log_path + " belong to node \"" + recovered.identity->node +
                           "\", not to \"" + options.node + "\". Use that node id, or another --database path.");
  }
  if (series.applied().index > 0) {
    return timestore::fail("The series file " + options.series_path + " holds data, but its log file " +
                           options.log_path + " is missing or empty. Put the log file back beside it.");
  }
  store::LogFile::Identity identity{options.node, options.configuration};
  if (auto valid = check_configuration(options, identity.configuration); !valid) {
    return tl::unexpected(valid.error());
  }
  if (auto written = log.initialize(identity); !written) return tl::unexpected(written.error());
  return identity;
}

Result<void> check_log_holds_what_is_applied(const Options& options, const raft::Trail& trail, raft::Position applied) {
  if (trail.term_at(applied.index) == applied.term) return {};
  return timestore::fail("The series file " + options.series_path + " has applied entry " +
                         std::to_string(applied.index) + " of term " + std::to_string(applied.term) +
                         ", which the log file " + options.log_path + " (last entry " +
                         std::to_string(trail.last_index()) +
                         ") does not hold. The two do not belong together; restore this node from its peers.");
}

}  // namespace

Result<std::unique_ptr<Replica>> Replica::open(const Options& options, Ports ports,
                                               std::unique_ptr<store::LogFile> log) {
  auto series = store::SeriesFile::open(options.series_path, options.vfs);
  if (!series) return tl::unexpected(series.error());
  auto identity = identify(options, *log, **series);
  if (!identity) return tl::unexpected(identity.error());

  const auto& recovered = log->recovered();
  const raft::Position applied = (*series)->applied();
  if (auto whole = check_log_holds_what_is_applied(options, recovered.trail, applied); !whole) {
    return tl::unexpected(whole.error());
  }
  if (applied.index > 0) TIMESTORE_MARK("replica: a node went on where its series file had come to");
  if (applied.index == 0 && recovered.trail.last_index() > 0) TIMESTORE_MARK("replica: a node applies its log anew");
  raft::State core = raft::start({.id = identity->node,
                                  .configuration = identity->configuration,
                                  .hard_state = recovered.hard_state,
                                  .trail = recovered.trail,
                                  .configurations = recovered.configurations,
                                  .applied = applied.index,
                                  .seed = options.seed},
                                 options.raft);
  return std::unique_ptr<Replica>(new Replica(options, ports, std::move(log), std::move(*series), std::move(core)));
}

}  // namespace timestore::replica
