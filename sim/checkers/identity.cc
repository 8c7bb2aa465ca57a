#include "sim/checkers/identity.h"

#include <algorithm>
#include <string>

namespace timestore::sim {

void Identity::started(std::size_t node, const raft::State& core) {
  levels_[node] = core.options.level;
  settled_[node] = holds_proof(node, core.durable);
  were_novices_[node] = core.hard_state.novice;
  if (core.hard_state.novice) have_told_[node] = false;
  rules_.require(!have_told_[node] || raft::is_settled(core) || !settled_[node],
                 "a node that starts again knows the id that it has told",
                 [&] { return facts("node", node + 1, "applied", core.commit, "log ends", core.trail.last_index()); });
}

// What its disk holds, or held to its end where no other has come yet: nobody asks such a node.
bool Identity::holds_data(std::size_t node) const {
  const LogImage& disk = shadows_.durable(node);
  for (raft::Index index = 1; index <= disk.log.last_index(); ++index) {
    const raft::Entry* entry = entries_.find({.term = *disk.log.term_at(index), .index = index});
    if (entry != nullptr && entry->kind != raft::EntryKind::kNoop) return true;
  }
  return false;
}

// Leaders append no-ops only until the id is committed: what else follows it in a log proves that it is.
bool Identity::holds_proof(std::size_t node, raft::Index durable) const {
  const LogImage& disk = shadows_.durable(node);
  if (!id_ || !disk.log.holds(settled_at_)) return false;
  if (disk.base >= settled_at_.index) return true;
  for (raft::Index index = settled_at_.index + 1; index <= std::min(durable, disk.log.last_index()); ++index) {
    const raft::Entry* entry = entries_.find({.term = *disk.log.term_at(index), .index = index});
    if (entry != nullptr && entry->kind != raft::EntryKind::kNoop) return true;
  }
  return false;
}

// Nodes of the original's kind found as they like, and count as empty.
void Identity::stepped(std::size_t node, const raft::State& core, const Reign* begun) {
  settled_[node] = holds_proof(node, core.durable);
  const bool was_novice = were_novices_[node];
  were_novices_[node] = core.hard_state.novice;
  if (begun == nullptr || !was_novice || levels_[node] == raft::kOriginalLevel) return;
  for (const raft::Member& founder : core.configurations.known().begin()->second.voters) {
    const std::size_t other = elections_.number_of(founder.id);
    if (other == node || levels_[other] == raft::kOriginalLevel || shadows_.is_lost(other)) continue;
    rules_.require(!holds_data(other), "nobody founds a cluster while a node that it is to have holds data",
                   [&] { return facts("node", node + 1, "founds in term", begun->term, "beside node", other + 1); });
  }
}

void Identity::sends(std::size_t node, const raft::Send& send) {
  const raft::Belonging& told = raft::belonging_in(send.message);
  const auto describe = [&] { return facts("node", node + 1, "to", send.to, "tells", raft::to_text(told.cluster)); };
  const bool tells = levels_[node] > raft::kOriginalLevel;
  rules_.require(told.is_told == tells, "a node of ours says in each message which cluster it belongs to", describe) &&
      rules_.require(!told.is_settled || told.cluster == id_, "an id that a node calls settled is committed", describe);
  if (told.is_settled) have_told_[node] = true;
}

void Identity::committed(raft::Index index, const raft::Entry& entry) {
  const auto id = entry.kind == raft::EntryKind::kNoop ? raft::decode_cluster(entry.payload.view())
                                                       : std::optional<raft::ClusterId>();
  if (!id) return;
  rules_.require(!id_, "a cluster gets one id",
                 [&] { return facts("at", index, "another than at", settled_at_.index); });
  if (id_) return;
  id_ = id;
  settled_at_ = {.term = entry.term, .index = index};
}

void Identity::met_foreigner(std::size_t node, bool has_changed, const std::string& what) {
  rules_.require(!has_changed, "what a node of another cluster says is not believed, counted or stored",
                 [&] { return facts("node", node + 1, "was told", what); });
}

}  // namespace timestore::sim
