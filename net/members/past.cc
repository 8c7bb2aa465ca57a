#include "net/members/past.h"

#include <algorithm>

#include "net/members/members.h"

namespace timestore::net {

namespace {

using Members = std::vector<raft::Member>;

std::string names_of(const Members& members) {
  std::string names;
  for (const raft::Member& member : members) names += (names.empty() ? "" : ", ") + member.id;
  return names;
}

std::string names_of(const std::vector<Peer>& peers) {
  std::string names;
  for (const Peer& peer : peers)
    names += (names.empty() ? "" : ", ") + (peer.id ? *peer.id : "http://" + peer.address.text());
  return names;
}

bool is_only(const Members& members, const raft::NodeId& node) {
  return members.size() == 1 && members.front().id == node;
}

// That it never knew another member can be told as long as the log has its first entry.
bool has_always_been_alone(const raft::NodeId& node, const store::LogFile::Recovered& stored) {
  const auto& all = stored.configurations;
  return stored.trail.base().index == 0 && is_only(stored.identity->configuration.members(), node) &&
         std::all_of(all.begin(), all.end(), [&](const auto& at) { return is_only(at.second.members(), node); });
}

std::string way_in(const Settings& settings) { return "with an empty directory and --join " + own_url(settings); }

Result<void> refuse_a_second_cluster(const Settings& settings) {
  const std::string files = "The files at " + settings.log_path + " belong to a cluster that node " + settings.node_id +
                            " has founded alone, ";
  if (settings.join) {
    return fail_for_good(files +
                         "and --join asks another one to let it in. To join that one, move the files away first; "
                         "to go on alone, leave --join out.");
  }
  if (settings.peers.empty()) return {};
  return fail_for_good(
      files + "and --peers names others (" + names_of(settings.peers) +
      "), who would found a second one beside it. To let them in, start this node without --peers, and "
      "them " +
      way_in(settings) + ". To found one cluster of all, move the files away first.");
}

std::vector<Remark> remarks_beside_a_cluster(const Settings& settings, const Members& members) {
  const bool is_member = raft::Configuration::holds(members, settings.node_id);
  std::vector<Remark> remarks;
  if (settings.join && is_member) {
    remarks.push_back({.sentence = "This node belongs to a cluster of " + names_of(members) +
                                   " already, so it does not ask http://" + settings.join->text() +
                                   " to be let in (--join).",
                       .is_warning = false});
  } else if (settings.join) {
    remarks.push_back({"This node was removed from the cluster of " + names_of(members) +
                       ", so --join is not followed. To let it in as a new node, empty its directory first."});
  }
  if (!settings.peers.empty() && is_only(members, settings.node_id)) {
    remarks.push_back({"This node is the only member of its cluster, so --peers (" + names_of(settings.peers) +
                       ") is ignored. To let them in, start them " + way_in(settings) + "."});
  }
  return remarks;
}

}  // namespace

Result<std::vector<Remark>> compare_with_past(const Settings& settings, const store::LogFile::Recovered& stored) {
  if (!stored.identity) return std::vector<Remark>{};
  if (has_always_been_alone(settings.node_id, stored)) {
    if (auto allowed = refuse_a_second_cluster(settings); !allowed) return tl::unexpected(allowed.error());
    return std::vector<Remark>{};
  }
  const auto& newest =
      stored.configurations.empty() ? stored.identity->configuration : stored.configurations.back().second;
  const Members members = newest.members();
  if (!members.empty()) return remarks_beside_a_cluster(settings, members);
  if (settings.join) return std::vector<Remark>{};
  return std::vector<Remark>{
      {"This node was started to be let into a cluster and waits for that, but --join does not say which member to "
       "ask" +
       std::string(settings.peers.empty() ? "." : ", and --peers is for founders.")}};
}

}  // namespace timestore::net
