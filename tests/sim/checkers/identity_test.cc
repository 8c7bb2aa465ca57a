// Lies about who is who: a node tells an id that it cannot know, believes a stranger, or founds beside data.
#include "sim/checkers/identity.h"

#include <gtest/gtest.h>

#include <string>

namespace timestore::sim {
namespace {

constexpr raft::ClusterId kOurs{.high = 1, .low = 2};
constexpr raft::ClusterId kTheirs{.high = 3, .low = 4};

raft::Entry opening(const raft::ClusterId& id) {
  return {.term = 1, .kind = raft::EntryKind::kNoop, .payload = raft::Payload(raft::encode_cluster(id))};
}

class ToldOfIdentity {
 public:
  ToldOfIdentity() {
    for (std::size_t node = 0; node < 3; ++node) start(node, raft::kEnvelopesLevel);
  }

  void start(std::size_t node, raft::Level level) {
    cores_[node] = raft::start({.id = members_.voters[node].id,
                                .configuration = members_,
                                .hard_state = {.term = 0, .vote = {}, .novice = true},
                                .trail = {},
                                .seed = 1},
                               {.level = level});
    shadows_.started(node, {.identity = {}, .hard_state = cores_[node].hard_state, .trail = {}}, cores_[node]);
    identity_.started(node, cores_[node]);
  }
  void starts_again(std::size_t node, raft::Index durable) {
    raft::State core = cores_[node];
    core.hard_state.novice = false;
    core.durable = durable;
    identity_.started(node, core);
  }
  void commits(const raft::Entry& entry) { identity_.committed(++committed_, entry); }
  void sends(std::size_t node, const raft::Belonging& belonging) {
    const raft::TimeoutNow said{.term = 1, .leader = members_.voters[node].id, .round = 1, .belonging = belonging};
    identity_.sends(node, {.to = "n3", .message = said, .correlation = 0});
  }
  void stores(std::size_t node, const std::vector<raft::Entry>& entries) {
    raft::Effects effects;
    effects.write.emplace();
    effects.write->id = 1;
    effects.write->hard_state = {.term = 1, .vote = {}, .novice = false};
    effects.write->first_index = 1;
    effects.write->entries = entries;
    raft::State core = cores_[node];
    core.hard_state = effects.write->hard_state;
    for (const raft::Entry& entry : entries) core.trail.append(entry.term, entry.kind, entry.payload.size_bytes());
    shadows_.stepped(node, core, effects);
    shadows_.wrote(node, 1, true);
  }
  void founds(std::size_t node) {
    const Reign reign{.node = node, .term = 2, .inherited = {}, .last = 0};
    identity_.stepped(node, cores_[node], &reign);
  }

  Identity& identity() { return identity_; }
  std::string rule() const { return findings_.any() ? findings_.first()->rule : ""; }

 private:
  const raft::Configuration members_{.voters = {{"n1", ""}, {"n2", ""}, {"n3", ""}}};
  Findings findings_;
  Entries entries_{findings_};
  Shadows shadows_{findings_, entries_, 3};
  Elections elections_{findings_, shadows_, members_};
  Identity identity_{findings_, shadows_, entries_, elections_};
  raft::State cores_[3];
  raft::Index committed_ = 0;
};

raft::Belonging tells(const raft::ClusterId& id, bool is_settled) {
  return {.is_told = true, .cluster = id, .is_settled = is_settled};
}

TEST(IdentityOfAnHonestCluster, is_not_blamed) {
  ToldOfIdentity story;
  story.sends(0, tells({}, false));
  story.sends(0, tells(kTheirs, false));
  story.commits(opening(kOurs));
  story.sends(0, tells(kOurs, true));
  story.identity().met_foreigner(0, false, "");
  story.stores(1, {opening(kOurs)});
  story.founds(0);
  story.start(2, raft::kOriginalLevel);
  story.sends(2, {});
  EXPECT_EQ(story.rule(), "");
}

TEST(Identity, an_id_is_settled_when_it_is_committed) {
  ToldOfIdentity early;
  early.sends(0, tells(kOurs, true));
  EXPECT_EQ(early.rule(), "an id that a node calls settled is committed");
  ToldOfIdentity other;
  other.commits(opening(kOurs));
  other.sends(0, tells(kTheirs, true));
  EXPECT_EQ(other.rule(), "an id that a node calls settled is committed");
}

TEST(Identity, an_id_that_was_told_as_settled_is_not_forgotten) {
  ToldOfIdentity story;
  story.commits(opening(kOurs));
  story.sends(0, tells(kOurs, true));
  story.start(0, raft::kEnvelopesLevel);
  EXPECT_EQ(story.rule(), "") << "its disk is a new one";
  story.sends(0, tells(kOurs, true));
  story.starts_again(0, 0);
  EXPECT_EQ(story.rule(), "") << "what proved it was cut off since";
  const raft::Entry members{.term = 1, .kind = raft::EntryKind::kMembers, .payload = raft::Payload(std::string("n1"))};
  story.stores(0, {opening(kOurs), members});
  story.starts_again(0, 2);
  EXPECT_EQ(story.rule(), "a node that starts again knows the id that it has told");
}

TEST(Identity, a_cluster_gets_one_id) {
  ToldOfIdentity story;
  story.commits(opening(kOurs));
  story.commits(opening(kTheirs));
  EXPECT_EQ(story.rule(), "a cluster gets one id");
}

TEST(Identity, each_message_of_a_node_of_ours_tells_it) {
  ToldOfIdentity silent;
  silent.sends(0, {});
  EXPECT_EQ(silent.rule(), "a node of ours says in each message which cluster it belongs to");
  ToldOfIdentity original;
  original.start(0, raft::kOriginalLevel);
  original.sends(0, tells({}, false));
  EXPECT_EQ(original.rule(), "a node of ours says in each message which cluster it belongs to");
}

TEST(Identity, a_stranger_changes_nothing) {
  ToldOfIdentity story;
  story.identity().met_foreigner(1, true, "n2: a vote");
  EXPECT_EQ(story.rule(), "what a node of another cluster says is not believed, counted or stored");
}

TEST(Identity, nobody_founds_beside_data) {
  ToldOfIdentity story;
  story.stores(1, {{.term = 1, .kind = raft::EntryKind::kCommand, .payload = raft::Payload("a")}});
  story.founds(0);
  EXPECT_EQ(story.rule(), "nobody founds a cluster while a node that it is to have holds data");
}

}  // namespace
}  // namespace timestore::sim
