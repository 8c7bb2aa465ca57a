#include "net/node/news.h"

#include <string>
#include <utility>

#include "net/base/log.h"

namespace timestore::net {

void News::stepped(const raft::State&, std::span<const raft::Input>, const raft::Effects& effects) {
  for (const raft::Event& event : effects.events) {
    tell(event);
    if (is_debug_logged()) log_debug("This node " + raft::describe(event) + ".");
  }
}

void News::tell(const raft::Event& event) {
  const auto sentence = [&] { return "This node " + raft::describe(event) + "."; };
  if (const auto* lacks = std::get_if<raft::FollowerNeedsSnapshot>(&event)) {
    if (need_snapshots_.insert(lacks->follower).second) log_info(sentence());
  } else if (const auto* keeps_up = std::get_if<raft::FollowerKeepsUp>(&event)) {
    if (need_snapshots_.erase(keeps_up->follower) > 0) {
      log_info("Node " + keeps_up->follower + " has its snapshot and takes entries again.");
    }
  } else if (const auto* heard = std::get_if<raft::NoviceHeard>(&event)) {
    if (novices_.insert(heard->follower).second) log_info(sentence());
  } else if (const auto* admitted = std::get_if<raft::NoviceAdmitted>(&event)) {
    novices_.erase(admitted->node);
    log_info(sentence());
  } else if (std::holds_alternative<raft::StrangerMet>(event) || std::holds_alternative<raft::Contradicted>(event) ||
             std::holds_alternative<raft::FollowerContradicts>(event)) {
    log_warning(sentence());
  } else if (std::holds_alternative<raft::SnapshotTakenOver>(event) ||
             std::holds_alternative<raft::ContradictionOver>(event) ||
             std::holds_alternative<raft::FoundingWaits>(event) || std::holds_alternative<raft::ClusterNamed>(event)) {
    log_info(sentence());
  } else if (std::holds_alternative<raft::LeadershipLost>(event)) {
    need_snapshots_.clear();
    novices_.clear();
  }
}

void News::tell(const replica::Replica& replica) {
  const bool is_full = replica.has_full_disk();
  if (std::exchange(is_full_, is_full) != is_full) {
    if (is_full) {
      log_warning("The disk is full. This node stores nothing until you free space, and then goes on by itself.");
    } else {
      log_info("There is room on the disk again, so this node goes on.");
    }
  }
  const bool is_fetching = replica.is_fetching();
  if (std::exchange(is_fetching_, is_fetching) != is_fetching && is_fetching) {
    log_info("The other nodes have removed entries from their logs that this node needs, so it copies a snapshot.");
  }
  if (replica.unreadable() > std::exchange(unreadable_, replica.unreadable())) {
    log_warning("The log up to entry " + std::to_string(replica.applied()) +
                " holds commands that no release can read: " + std::to_string(unreadable_) +
                " since this node started. Every node skips them.");
  }
  tell_if_admitted(replica.core().hard_state.novice);
}

void News::tell_if_admitted(bool is_novice) {
  if (std::exchange(is_novice_, is_novice) == is_novice) return;
  if (is_novice) {
    log_info(
        "This node started with an empty disk: it does not vote until a leader has brought it up to date, or all "
        "founding nodes are running.");
  } else {
    log_info("A leader has brought this node up to date, so it votes from now on.");
  }
}

}  // namespace timestore::net
