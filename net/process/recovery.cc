#include "net/process/recovery.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "engine/replica/reconcile.h"
#include "engine/store/log/log_file.h"
#include "engine/store/series/series_file.h"
#include "net/base/settings.h"
#include "net/process/files.h"

namespace timestore::net {

namespace {

// Whatever a start would still have to do after a crash (reconcile.h), so that the log's end is final.
struct Ending {
  raft::Position last;
  raft::Configuration configuration;  // in force
};

Result<Ending> settle(store::LogFile& log, const std::string& database) {
  const store::LogFile::Recovered& recovered = log.recovered();
  auto series = store::SeriesFile::open(database);
  if (!series) return tl::unexpected(series.error());
  const auto repair =
      replica::reconcile(recovered, {.applied = (*series)->applied(), .configuration = (*series)->configuration()});
  if (!repair) return tl::unexpected(repair.error());
  if (*repair) {
    if (auto written = log.write({&**repair, 1}); !written) return tl::unexpected(written.error());
    return Ending{(*repair)->begin_after->last, (*repair)->begin_after->configuration};
  }
  const bool begins_with_newest = recovered.configurations.empty();
  return Ending{recovered.trail.last(),
                begins_with_newest ? recovered.identity->configuration : recovered.configurations.back().second};
}

Result<void> check_owner(const store::LogFile::Recovered& recovered, const std::string& log_path,
                         const raft::NodeId& node) {
  if (!recovered.identity)
    return fail("The file " + log_path + " belongs to no node yet: there is nothing to recover.");
  if (node.empty() || recovered.identity->node == node) return {};
  return fail("The file " + log_path + " belongs to node \"" + recovered.identity->node + "\", not to \"" + node +
              "\".");
}

}  // namespace

Result<Recovery> recover_single(const std::string& database, const raft::NodeId& node) {
  const auto log_path = log_path_of(database);
  if (!log_path) return tl::unexpected(log_path.error());
  if (auto usable = check_files(database, *log_path); !usable) return tl::unexpected<Error>(usable.error());
  std::error_code unknown;
  if (!std::filesystem::exists(*log_path, unknown))
    return fail("There is no file " + *log_path + ": nothing to recover.");
  auto log = store::LogFile::open(*log_path);
  if (!log) return tl::unexpected(log.error());
  const store::LogFile::Recovered& recovered = (*log)->recovered();
  if (auto owned = check_owner(recovered, *log_path, node); !owned) return tl::unexpected(owned.error());
  const raft::NodeId self = recovered.identity->node;
  const raft::HardState before = recovered.hard_state;

  const auto ending = settle(**log, database);
  if (!ending) return tl::unexpected(ending.error());
  Recovery recovery{.node = self, .gone = {}, .last = ending->last, .was_novice = before.novice};
  std::vector<raft::Member> survivor;
  for (raft::Member& member : ending->configuration.members()) {
    if (member.id == self) {
      survivor.push_back(std::move(member));
    } else {
      recovery.gone.push_back(std::move(member.id));
    }
  }
  if (survivor.empty()) return fail("Node \"" + self + "\" is no member of a cluster: it has nothing to go on with.");
  const bool is_alone = recovery.gone.empty() && !ending->configuration.is_joint() && !before.novice;
  if (is_alone && ending->configuration.is_voter(self)) return recovery;

  const raft::Term term = std::max(before.term, ending->last.term) + 1;
  if (term > raft::kMaxTerm || ending->last.index >= raft::kMaxIndex) return fail("There is no term left.");
  raft::Write write;
  write.id = 1;
  write.hard_state.term = term;
  write.first_index = ending->last.index + 1;
  write.entries = {{term, raft::EntryKind::kMembers, raft::Payload(encode(raft::Configuration{.voters = survivor}))}};
  if (auto written = (*log)->write({&write, 1}); !written) return tl::unexpected(written.error());
  return recovery;
}

}  // namespace timestore::net
