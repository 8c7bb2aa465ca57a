// Which cluster a log belongs to: when its id is settled, and whose messages are refused.
#include "engine/raft/cluster_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "engine/raft/invariants.h"
#include "tests/engine/raft/clusters.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Two that differ in nothing but in what they tell people.
void expect_nothing_believed(const State& before, State after) {
  after.strangers = before.strangers;
  EXPECT_EQ(before, after);
}

bool refuses(State state, const Message& message) {
  const State before = state;
  const Effects effects = receive(state, "n2", message);
  if (state.strangers == before.strangers) return false;
  expect_nothing_believed(before, state);
  EXPECT_FALSE(effects.write.has_value());
  const bool is_answered = std::any_of(effects.sends.begin(), effects.sends.end(),
                                       [](const Send& send) { return std::holds_alternative<NotOurs>(send.message); });
  EXPECT_EQ(is_answered, has_answer(message));
  return true;
}

VoteRequest asks_for_vote(const Belonging& belonging) {
  return {.term = 9, .candidate = "n2", .last_index = 50, .last_term = 8, .belonging = belonging};
}

AppendRequest says_it_leads(Term term, const Belonging& belonging) {
  return {.term = term, .leader = "n2", .prev_index = 1, .prev_term = 1, .belonging = belonging, .entries = {}};
}

AppendResponse acknowledges(const State& state, Index match, const Belonging& belonging) {
  return {.term = state.term(), .success = true, .match = match, .belonging = belonging};
}

TEST(Cluster, its_id_is_text_and_nothing_else_is) {
  const std::string text = encode_cluster({.high = 0x0123456789abcdef, .low = 0xff});
  EXPECT_EQ(text, R"({"cluster":"0123456789abcdef00000000000000ff"})");
  EXPECT_EQ(decode_cluster(text), (ClusterId{.high = 0x0123456789abcdef, .low = 0xff}));
  for (const char* other :
       {"", "{}", R"({"cluster":""})", R"({"cluster":"0123456789abcdef00000000000000fg"})",
        R"({"cluster":"0123456789ABCDEF00000000000000ff"})", R"({"cluster":"00000000000000000000000000000000"})",
        R"({"cluster":"0123456789abcdef00000000000000ff"} )"}) {
    EXPECT_EQ(decode_cluster(other), std::nullopt) << other;
  }
}

TEST(Cluster, a_file_keeps_it_behind_the_level) {
  for (const ClusterId& id : {ClusterId{}, kOurs}) {
    for (const Level level : {0U, 3U}) {
      const std::string text = with_cluster(with_level("{}", level), id);
      const auto [rest, cluster] = split_cluster(text);
      EXPECT_EQ(cluster, id);
      EXPECT_EQ(split_level(rest).level, level);
      EXPECT_EQ(split_level(rest).configuration, "{}");
    }
  }
}

TEST(Cluster, of_another_that_is_settled_nothing_is_believed) {
  const State state = member_with_id({1}, 1, 2);
  EXPECT_TRUE(refuses(state, asks_for_vote(settled(kTheirs))));
  EXPECT_TRUE(refuses(state, PreVoteRequest{.term = 9, .candidate = "n2", .belonging = settled(kTheirs)}));
  for (const Term term : {1U, 2U}) EXPECT_TRUE(refuses(state, says_it_leads(term, settled(kTheirs))));
  EXPECT_TRUE(refuses(state, TimeoutNow{.term = 1, .leader = "n2", .round = 1, .belonging = settled(kTheirs)}));
  const State leading = leader_with_id();
  EXPECT_TRUE(refuses(leading, acknowledges(leading, 4, settled(kTheirs))));
  EXPECT_TRUE(refuses(leading, AppendResponse{.term = 9, .belonging = settled(kTheirs)})) << "nor is its term";
}

TEST(Cluster, who_is_of_it_is_believed) {
  const State state = member_with_id({1}, 1, 2);
  EXPECT_FALSE(refuses(state, says_it_leads(2, settled(kOurs))));
  EXPECT_FALSE(refuses(state, says_it_leads(2, unsettled(kOurs))));
  EXPECT_FALSE(refuses(state, asks_for_vote(settled(kOurs))));
}

TEST(Cluster, who_leads_it_has_its_id) {
  const State state = member_with_id({1}, 3, 2);
  EXPECT_TRUE(refuses(state, says_it_leads(3, unsettled({}))));
  EXPECT_TRUE(refuses(state, says_it_leads(4, unsettled(kTheirs))));
  EXPECT_TRUE(refuses(state, says_it_leads(4, {}))) << "of the original's kind";
  EXPECT_FALSE(refuses(state, says_it_leads(2, unsettled({})))) << "its term is over";
}

TEST(Cluster, what_its_leader_said_before_it_drew_the_id_may_come_late) {
  Restart restart = of_three({1, 3}, 3);
  restart.trail.append(3, EntryKind::kNoop, encode_cluster(kOurs).size());
  restart.trail.append(3, EntryKind::kLevel, encode_level(kEnvelopesLevel).size());
  restart.clusters = {{3, kOurs}};
  restart.applied = 4;
  const State state = start(restart, {.level = kEnvelopesLevel});
  AppendRequest late = says_it_leads(3, unsettled({}));
  EXPECT_FALSE(refuses(state, late));
  late.prev_index = 3;
  late.prev_term = 3;
  EXPECT_TRUE(refuses(state, late)) << "it speaks of the id";
}

TEST(Cluster, nobody_without_its_id_is_elected) {
  State state = member_with_id({1}, 1, 2);
  const Effects effects = receive(state, "n2", asks_for_vote(unsettled({})));
  EXPECT_EQ(state.hard_state.vote, std::nullopt);
  State other = member_with_id({1}, 1, 2);
  (void)receive(other, "n2", asks_for_vote(unsettled(kOurs)));
  EXPECT_EQ(other.hard_state.vote, "n2");
}

TEST(Cluster, what_only_its_log_can_hold_nobody_else_acknowledges) {
  State state = leader_with_id();
  EXPECT_TRUE(refuses(state, acknowledges(state, 4, unsettled({}))));
  EXPECT_TRUE(refuses(state, acknowledges(state, 1, {})));
  EXPECT_FALSE(refuses(state, acknowledges(state, 0, unsettled({})))) << "it lags";
  const AppendResponse lags{.term = state.term(), .prev_index = 3, .hint = {1, 0}, .belonging = blank()};
  EXPECT_FALSE(refuses(state, lags));
}

TEST(Cluster, an_id_that_was_never_committed_gives_way) {
  State state = member_with_id({}, 1, 0, kTheirs);
  EXPECT_FALSE(is_settled(state));
  const Entry opening{2, EntryKind::kNoop, Payload(encode_cluster(kOurs))};
  AppendRequest append{
      .term = 2, .leader = "n2", .leader_commit = 1, .belonging = settled(kOurs), .entries = {opening}};
  (void)receive(state, "n2", append);
  EXPECT_EQ(state.cluster(), kOurs);
  EXPECT_EQ(violated(state), std::nullopt);
}

TEST(Cluster, what_follows_its_id_proves_that_it_is_settled) {
  EXPECT_FALSE(is_settled(member_with_id({}, 1, 0)));
  EXPECT_FALSE(is_settled(member_with_id({}, 1, 1))) << "a node that starts again would not know it";
  EXPECT_TRUE(is_settled(member_with_id({1}, 1, 0))) << "though the node has just started, and applied nothing";
  Restart late = of_three({1, 1}, 1);
  late.trail.append(1, EntryKind::kNoop, encode_cluster(kOurs).size());
  late.trail.append(2, EntryKind::kNoop, 0);
  late.clusters = {{3, kOurs}};
  late.hard_state.term = 2;
  EXPECT_FALSE(is_settled(start(late, {.level = kEnvelopesLevel}))) << "every leader appends no-ops";
  late.trail.append(2, EntryKind::kLevel, 11);
  EXPECT_TRUE(is_settled(start(late, {.level = kEnvelopesLevel})));
}

TEST(Cluster, what_proves_that_its_id_is_settled_is_on_disk) {
  State state = member_with_id({}, 1, 0);
  AppendRequest more{.term = 1,
                     .leader = "n2",
                     .prev_index = 1,
                     .prev_term = 1,
                     .leader_commit = 2,
                     .belonging = settled(kOurs),
                     .entries = {{1, EntryKind::kLevel, Payload(encode_level(kEnvelopesLevel))}}};
  (void)receive(state, "n2", more);
  EXPECT_FALSE(is_settled(state)) << "a crash could take it back";
  write_done(state);
  EXPECT_TRUE(is_settled(state));
}

// An older leader has drawn the id, and only "n1" has it. That may change.
TEST(Cluster, nothing_but_no_ops_follows_an_id_that_is_not_committed) {
  Restart restart = of_three({1}, 1);
  restart.trail.append(1, EntryKind::kNoop, encode_cluster(kOurs).size());
  restart.clusters = {{2, kOurs}};
  restart.applied = 1;
  State state = start(restart, {.level = kEnvelopesLevel});
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n2");
  write_done(state);
  ASSERT_TRUE(state.is_leader());
  EXPECT_FALSE(state.takes_proposals());
  const auto acknowledge = [&](const char* from, bool novice) {
    (void)receive(state, from,
                  AppendResponse{.term = state.term(),
                                 .success = true,
                                 .match = state.trail.last_index(),
                                 .novice = novice,
                                 .level = kEnvelopesLevel,
                                 .belonging = unsettled(kOurs)});
    write_done(state);
  };
  acknowledge("n3", true);  // it waits for an entry that admits it
  for (Index index = 3; index <= state.trail.last_index(); ++index) {
    EXPECT_EQ(state.trail.kind_at(index), EntryKind::kNoop);
  }
  EXPECT_FALSE(is_settled(state));
  acknowledge("n2", false);
  EXPECT_TRUE(state.takes_proposals());
  EXPECT_TRUE(is_settled(state)) << "the level, or who the members are, stands behind it now";
  EXPECT_EQ(violated(state), std::nullopt);
}

TEST(Cluster, whom_one_lets_in_follows_no_other) {
  State state = start(
      {.id = "n4", .configuration = {}, .hard_state = {.term = 0, .vote = {}, .novice = true}, .trail = {}, .seed = 1},
      {.level = kEnvelopesLevel});
  (void)step_one(state, ExpectCluster{kOurs});
  AppendRequest append{.term = 5, .leader = "n2", .belonging = settled(kTheirs), .entries = {}};
  EXPECT_TRUE(refuses(state, append));
  append.belonging = {};
  EXPECT_TRUE(refuses(state, append));
  append.belonging = unsettled(kOurs);
  EXPECT_FALSE(refuses(state, append));
}

TEST(Cluster, a_stranger_is_told_of_once_and_forgotten_when_it_belongs_here) {
  State state = member_with_id({1}, 1, 2);
  const auto told = [&](const Message& message) {
    const Effects effects = receive(state, "n2", message);
    return std::count_if(effects.events.begin(), effects.events.end(),
                         [](const Event& event) { return std::holds_alternative<StrangerMet>(event); });
  };
  EXPECT_EQ(told(says_it_leads(2, settled(kTheirs))), 1);
  EXPECT_EQ(told(says_it_leads(2, settled(kTheirs))), 0);
  EXPECT_THAT(state.strangers, ElementsAre(std::pair(NodeId("n2"), kTheirs)));
  EXPECT_EQ(told(NotOurs{.belonging = settled({.high = 5, .low = 6})}), 1);
  EXPECT_EQ(told(says_it_leads(2, settled(kOurs))), 0);
  EXPECT_THAT(state.strangers, IsEmpty());
}

TEST(Cluster, strangers_without_number_fill_no_memory) {
  State state = member_with_id({1}, 1, 2);
  for (int i = 0; i < 200; ++i) {
    AppendRequest append = says_it_leads(2, settled(kTheirs));
    append.leader = "x" + std::to_string(i);
    (void)receive(state, append.leader, append);
  }
  EXPECT_EQ(violated(state), std::nullopt);
}

TEST(Cluster, every_message_says_to_whom_its_sender_belongs) {
  State state = leader_with_id();
  Effects effects;
  for (std::uint32_t i = 0; i < state.options.heartbeat_ticks && effects.sends.empty(); ++i) {
    effects = step_one(state, Tick{});
  }
  ASSERT_FALSE(effects.sends.empty());
  for (const Send& send : effects.sends) EXPECT_EQ(belonging_in(send.message), settled(kOurs));

  Restart of_old = of_three({1}, 1);
  State original = start(of_old, {.level = kOriginalLevel});
  EXPECT_EQ(belonging_of(original), Belonging{});
}

}  // namespace
}  // namespace timestore::raft
