#include "engine/replica/recover.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/replica/reconcile.h"

namespace timestore::replica {

namespace {

// Whatever a start would still have to do after a crash (reconcile.h), so that the log's end is final.
struct Ending {
  raft::Position last;
  raft::Configuration configuration;  // in force
};

Result<Ending> settle(store::LogFile& log, const machine::StateMachine& machine) {
  const store::LogFile::Recovered& recovered = log.recovered();
  const auto repair = reconcile(recovered, {.applied = machine.standing().applied,
                                            .configuration = machine.configuration(),
                                            .level = machine.level(),
                                            .cluster = machine.cluster()});
  if (!repair) return tl::unexpected(repair.error());
  if (*repair) {
    if (auto written = log.write({&**repair, 1}); !written) return tl::unexpected(written.error());
    return Ending{(*repair)->begin_after->last, (*repair)->begin_after->configuration};
  }
  const bool begins_with_newest = recovered.configurations.empty();
  return Ending{recovered.trail.last(),
                begins_with_newest ? recovered.identity->configuration : recovered.configurations.back().second};
}

}  // namespace

Result<Recovery> recover_alone(store::LogFile& log, const machine::StateMachine& machine, const raft::ClusterId& next) {
  const store::LogFile::Recovered& recovered = log.recovered();
  TIMESTORE_CHECK(recovered.identity.has_value(), "a log that knows its node can be recovered");
  const raft::NodeId self = recovered.identity->node;
  const raft::HardState before = recovered.hard_state;

  const auto ending = settle(log, machine);
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
  if (term > raft::kMaxTerm || ending->last.index + 1 >= raft::kMaxIndex) return fail("There is no term left.");
  raft::Write write;
  write.id = 1;
  write.hard_state.term = term;
  write.first_index = ending->last.index + 1;
  // In this order: what follows an id proves that it is settled, so from now on the node refuses those who are gone.
  write.entries = {{term, raft::EntryKind::kNoop, raft::Payload(raft::encode_cluster(next))},
                   {term, raft::EntryKind::kMembers, raft::Payload(encode(raft::Configuration{.voters = survivor}))}};
  if (auto written = log.write({&write, 1}); !written) return tl::unexpected(written.error());
  return recovery;
}

}  // namespace timestore::replica
