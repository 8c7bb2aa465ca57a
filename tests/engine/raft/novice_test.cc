// A node whose disk was lost comes back under its old name: it must not break the promises that it cannot remember.
#include <gtest/gtest.h>

#include "tests/engine/raft/one_node.h"

namespace timestore::raft::testing {
namespace {

State novice() {
  State state = follower({}, 0);
  state.hard_state.novice = true;
  return state;
}

AppendResponse answer(Index match, bool novice = false) {
  return {.term = 2, .success = true, .match = match, .hint = {}, .novice = novice};
}

// What a node says that finds nothing where the leader's append begins.
AppendResponse lost(Index prev_index) {
  return {.term = 2, .success = false, .prev_index = prev_index, .hint = {}, .novice = true};
}

// n1 leads term 2 and founds the cluster: its log was empty, n3 elected it, and nobody has acknowledged its no-op yet.
State founding_leader() {
  State state = follower({}, 1);
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n3");
  write_done(state);
  return state;
}

Index admission_in(const Effects& effects, const NodeId& to) {
  for (const Send& send : effects.sends) {
    const auto* append = std::get_if<AppendRequest>(&send.message);
    if (append != nullptr && send.to == to) return append->admits;
  }
  return 0;
}

Effects heartbeat(State& state) {
  Effects effects;
  for (std::uint32_t i = 0; i < Options{}.heartbeat_ticks && effects.sends.size() < 2; ++i)
    effects = step_one(state, Tick{});
  return effects;
}

TEST(Novice, does_not_vote_where_anybody_has_an_entry) {
  State state = novice();
  const VoteRequest request{.term = 3, .candidate = "n2", .last_index = 2, .last_term = 1};
  EXPECT_FALSE(answer_after_write<VoteResponse>(state, receive(state, "n2", request)).granted);
  const PreVoteRequest question{.term = 4, .candidate = "n2", .last_index = 2, .last_term = 1};
  EXPECT_FALSE(answer_after_write<PreVoteResponse>(state, receive(state, "n2", question)).granted);
}

TEST(Novice, helps_to_found_a_cluster) {
  State state = novice();
  const VoteRequest request{.term = 1, .candidate = "n2"};
  EXPECT_TRUE(answer_after_write<VoteResponse>(state, receive(state, "n2", request)).granted);
}

TEST(Novice, does_not_campaign_with_entries_that_it_was_given) {
  State state = novice();
  (void)receive(state, "n2", append(1, {}, {entry(1, "x"), entry(1, "y")}));
  write_done(state);
  (void)step_one(state, Campaign{});
  EXPECT_EQ(state.term(), 1U);
}

TEST(Novice, takes_over_by_nobodys_order) {
  State state = novice();
  (void)receive(state, "n2", append(1, {1, 2}, {}));
  write_done(state);
  ASSERT_EQ(state.leader, "n2");
  (void)receive(state, "n2", TimeoutNow{.term = 1, .leader = "n2", .round = 1});
  EXPECT_EQ(state.term(), 1U) << "the order was meant for the disk that is lost";
}

// It asks in a term in which it has asked before, as it cannot know; and the votes of then arrive now.
TEST(Novice, is_not_elected_by_votes_for_the_log_that_is_lost) {
  State state = novice();
  (void)step_one(state, Campaign{});
  write_done(state);
  ASSERT_TRUE(std::holds_alternative<Candidate>(state.role));
  (void)receive(state, "n2", VoteResponse{.term = 1, .granted = true, .judged = {1, 2}});
  EXPECT_FALSE(state.is_leader());
  (void)receive_vote(state, "n2");
  EXPECT_TRUE(state.is_leader());
}

TEST(Novice, says_so_until_it_is_admitted_with_all_that_it_needs) {
  State state = novice();
  EXPECT_TRUE(answer_after_write<AppendResponse>(state, receive(state, "n2", append(1, {}, {entry(1, "x")}))).novice);
  AppendRequest admission = append(1, {1, 1}, {entry(1, "y")});
  admission.admits = 3;
  EXPECT_TRUE(answer_after_write<AppendResponse>(state, receive(state, "n2", admission)).novice)
      << "entry 3 is missing";
  admission.admits = 2;
  const Effects effects = receive(state, "n2", admission);
  ASSERT_TRUE(effects.write.has_value());
  EXPECT_FALSE(effects.write->hard_state.novice) << "it is durable before anybody hears it";
  EXPECT_FALSE(answer_after_write<AppendResponse>(state, effects).novice);
}

TEST(Novice, is_admitted_at_once_by_whoever_founds_the_cluster) {
  State state = novice();
  (void)step_one(state, Campaign{});
  write_done(state);
  const Effects elected = receive_vote(state, "n2");
  ASSERT_TRUE(state.is_leader());
  EXPECT_EQ(admission_in(elected, "n2"), 1U);
  EXPECT_FALSE(elected.write->hard_state.novice);
}

TEST(Novice, is_not_counted_and_what_its_old_disk_acknowledged_is_forgotten) {
  State state = acknowledged_leader({1});
  (void)receive(state, "n2", lost(2));
  const Index entry = state.trail.last_index();
  EXPECT_EQ(entry, 3U) << "appended at once, so that it need not wait";
  EXPECT_EQ(std::get<Leader>(state.role).peers.at("n2").match, 0U);
  write_done(state);
  (void)receive(state, "n2", answer(3, true));
  EXPECT_EQ(state.commit, 2U);
  (void)receive(state, "n3", answer(3));
  EXPECT_EQ(state.commit, 3U);
}

TEST(Novice, is_admitted_when_the_others_and_itself_have_the_entry_that_followed) {
  State state = acknowledged_leader({1});
  (void)receive(state, "n2", lost(2));
  write_done(state);
  (void)receive(state, "n2", answer(3, true));
  EXPECT_EQ(admission_in(heartbeat(state), "n2"), 0U) << "n3 has not got it yet";
  (void)receive(state, "n3", answer(3));
  EXPECT_EQ(admission_in(heartbeat(state), "n2"), 3U);
  (void)receive(state, "n2", answer(3));
  EXPECT_FALSE(std::get<Leader>(state.role).peers.at("n2").is_novice());
}

TEST(Novice, is_not_vouched_for_by_what_its_old_disk_said_late) {
  State state = acknowledged_leader({1});
  (void)receive(state, "n2", lost(2));
  write_done(state);
  (void)receive(state, "n3", answer(3));
  (void)receive(state, "n2", answer(2));
  EXPECT_TRUE(std::get<Leader>(state.role).peers.at("n2").is_novice());
}

TEST(Novice, confirms_no_read) {
  State state = acknowledged_leader({1});
  (void)receive(state, "n2", lost(2));
  (void)step_one(state, Read{5});
  AppendResponse confirmation = answer(0, true);
  confirmation.round = std::get<Leader>(state.role).round;
  EXPECT_TRUE(receive(state, "n2", confirmation).reads.empty());
  confirmation.novice = false;
  EXPECT_EQ(receive(state, "n3", confirmation).reads.size(), 1U);
}

TEST(Novice, confirms_no_read_before_its_founder_has_admitted_it) {
  State state = founding_leader();
  (void)receive(state, "n3", answer(1));
  EXPECT_EQ(state.commit, 1U);
  (void)step_one(state, Read{5});
  AppendResponse confirmation = lost(1);
  confirmation.round = std::get<Leader>(state.role).round;
  EXPECT_TRUE(receive(state, "n2", confirmation).reads.empty());
  confirmation = answer(1);
  confirmation.round = std::get<Leader>(state.role).round;
  EXPECT_EQ(receive(state, "n2", confirmation).reads.size(), 1U);
}

TEST(Novice, is_told_the_members_by_the_entry_that_it_waits_for) {
  for (const bool is_compacted : {false, true}) {
    State state = acknowledged_leader({1});
    if (is_compacted) {
      (void)step_one(state, Applied{2});
      (void)step_one(state, Compact{2});
    }
    (void)receive(state, "n2", lost(2));
    EXPECT_EQ(state.trail.last_index(), 3U);
    EXPECT_EQ(state.trail.kind_at(3), EntryKind::kMembers);
    EXPECT_EQ(state.configurations.latest_index(), 3U);
    (void)receive(state, "n2", lost(2));
    EXPECT_EQ(state.trail.last_index(), 3U) << "once";
  }
}

TEST(Novice, does_not_take_over) {
  State state = acknowledged_leader({1});
  (void)receive(state, "n2", lost(2));
  (void)step_one(state, Transfer{"n2"});
  EXPECT_TRUE(state.takes_proposals());
}

TEST(Novice, that_waits_to_be_let_in_is_not_counted_by_a_founder) {
  State state = founding_leader();
  (void)receive(state, "n2", answer(1, true));
  EXPECT_EQ(state.commit, 0U);
  EXPECT_TRUE(std::get<Leader>(state.role).peers.at("n2").is_novice());
  (void)receive(state, "n3", answer(1));
  EXPECT_EQ(state.commit, 1U);
}

TEST(Novice, that_waits_to_be_let_in_takes_no_admission_of_founders) {
  for (const bool is_founder : {true, false}) {
    State state = novice();
    if (!is_founder) state.configurations = ConfigurationTrail(0, {});
    const Configuration members = novice().configuration();
    AppendRequest request = append(
        1, {}, {{1, EntryKind::kNoop, Payload(std::string())}, {1, EntryKind::kMembers, Payload(encode(members))}});
    request.admits = 1;
    request.founds = true;
    const auto said = answer_after_write<AppendResponse>(state, receive(state, "n2", request));
    EXPECT_EQ(state.configuration(), members);
    EXPECT_EQ(said.novice, !is_founder);
    const VoteRequest candidate{
        .term = 2, .candidate = "n3", .last_index = 3, .last_term = 1, .founds = true, .forced = true};
    EXPECT_EQ(answer_after_write<VoteResponse>(state, receive(state, "n3", candidate)).granted, is_founder);
    request = append(2, {.term = 1, .index = 2}, {});
    request.admits = 2;
    (void)receive(state, "n2", request);
    EXPECT_FALSE(state.hard_state.novice) << "the members are known now";
  }
}

TEST(Novice, heard_by_a_founder_is_told_the_members_when_the_cluster_is_founded) {
  State state = founding_leader();
  (void)receive(state, "n2", answer(1, true));
  EXPECT_EQ(state.trail.kind_at(2), EntryKind::kNoop) << "the cluster is not founded yet";
  (void)receive(state, "n3", answer(1));
  EXPECT_EQ(state.trail.kind_at(3), EntryKind::kMembers);
  EXPECT_EQ(std::get<Leader>(state.role).peers.at("n2").admission, 3U);
}

TEST(Novice, in_the_founders_own_term_is_no_founder) {
  State state = acknowledged_leader();
  (void)receive(state, "n2", lost(1));
  EXPECT_TRUE(std::get<Leader>(state.role).peers.at("n2").is_novice());
}

// Two voters of three have lost their disks. Whoever led on would refuse every write for as long as they answer.
TEST(Novice, is_no_company_for_a_leader_whose_others_do_not_answer) {
  State state = acknowledged_leader({1});
  const auto tick = [&](std::initializer_list<NodeId> novices, std::uint32_t ticks) {
    for (std::uint32_t i = 0; i < ticks && state.is_leader(); ++i) {
      for (const NodeId& id : novices) {
        (void)receive(state, id, AppendResponse{.term = 2, .success = true, .match = 1, .hint = {}, .novice = true});
      }
      (void)step_one(state, Tick{});
    }
  };
  tick({"n2", "n3"}, 2 * Options{}.election_ticks_max);
  EXPECT_FALSE(state.is_leader());
}

TEST(Novice, keeps_its_leader_where_it_is_all_that_is_missing) {
  Restart restart{.id = "n1", .configuration = {}, .hard_state = {.term = 1, .vote = {}}, .trail = {}, .seed = 1};
  for (const char* id : {"n1", "n2"}) restart.configuration.voters.push_back({id, ""});
  restart.trail.append(1, EntryKind::kCommand, 10);
  State state = start(restart, Options{});
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n2");
  write_done(state);
  for (std::uint32_t i = 0; i < 3 * Options{}.election_ticks_max; ++i) {
    const AppendResponse answer{.term = 2, .success = true, .match = 1, .hint = {}, .novice = true};
    (void)receive(state, "n2", answer);
    write_done(state);
    (void)step_one(state, Tick{});
  }
  EXPECT_TRUE(state.is_leader()) << "of two voters one alone may admit the other";
}

}  // namespace
}  // namespace timestore::raft::testing
