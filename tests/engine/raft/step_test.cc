// The core's rules one by one, each named after the section of the paper (or thesis) that it guards.
#include "engine/raft/step.h"

#include <gtest/gtest.h>

#include "tests/engine/raft/core_cluster.h"

namespace timestore::raft {
namespace {

using testing::CoreCluster;

// A follower "n1" of a cluster of three whose log has entries of the given terms, all durable.
State follower(std::vector<Term> terms, Term term, Index applied = 0) {
  Restart restart{.id = "n1", .configuration = {}, .hard_state = {}, .trail = {}, .applied = applied, .seed = 1};
  for (const char* id : {"n1", "n2", "n3"}) restart.configuration.voters.push_back({id, ""});
  for (const Term entry : terms) restart.trail.append(entry, EntryKind::kCommand, 10);
  restart.hard_state.term = term;
  return start(restart, Options{});
}

Effects step_one(State& state, Input input) { return step(state, std::span<const Input>(&input, 1)); }

Effects receive(State& state, const NodeId& from, Message message) {
  return step_one(state, Receive{from, std::move(message)});
}

Entry entry(Term term, const std::string& text) { return {term, EntryKind::kCommand, Payload(text)}; }

// What the state lets go once its latest write is done.
template <typename Answer>
Answer answer_after_write(State& state, Effects effects) {
  if (effects.sends.empty()) effects = step_one(state, WriteDone{state.last_write});
  EXPECT_EQ(effects.sends.size(), 1U);
  return std::get<Answer>(effects.sends.at(0).message);
}

AppendRequest append(Term term, Position prev, std::vector<Entry> entries, Index commit = 0) {
  return {.term = term,
          .leader = "n2",
          .prev_index = prev.index,
          .prev_term = prev.term,
          .leader_commit = commit,
          .round = 0,
          .entries = std::move(entries)};
}

TEST(Paper_5_2, a_vote_leaves_only_after_it_is_durable) {
  State state = follower({}, 0);
  const Effects first =
      receive(state, "n2", VoteRequest{.term = 1, .candidate = "n2", .last_index = 0, .last_term = 0});
  EXPECT_TRUE(first.sends.empty());
  ASSERT_TRUE(first.write);
  EXPECT_EQ(first.write->hard_state, (HardState{1, "n2"}));
  const Effects second = step_one(state, WriteDone{first.write->id});
  ASSERT_EQ(second.sends.size(), 1U);
  EXPECT_EQ(std::get<VoteResponse>(second.sends[0].message), (VoteResponse{1, true}));
}

TEST(Paper_5_2, a_node_votes_once_per_term_and_may_repeat_that_vote) {
  State state = follower({}, 0);
  const VoteRequest request{.term = 1, .candidate = "n2", .last_index = 0, .last_term = 0};
  EXPECT_TRUE(answer_after_write<VoteResponse>(state, receive(state, "n2", request)).granted);
  EXPECT_TRUE(answer_after_write<VoteResponse>(state, receive(state, "n2", request)).granted);
  const VoteRequest rival{.term = 1, .candidate = "n3", .last_index = 9, .last_term = 1};
  EXPECT_FALSE(answer_after_write<VoteResponse>(state, receive(state, "n3", rival)).granted);
}

TEST(Paper_5_2, a_refused_candidate_does_not_reset_the_election_timer) {
  State state = follower({1, 2}, 2);
  for (int i = 0; i < 5; ++i) (void)step_one(state, Tick{});
  (void)receive(state, "n2", VoteRequest{.term = 3, .candidate = "n2", .last_index = 9, .last_term = 1});
  EXPECT_EQ(state.election_elapsed, 5U);
}

TEST(Paper_5_2, a_candidate_wins_only_when_its_own_vote_is_durable_too) {
  State state = follower({}, 0);
  const Effects effects = step_one(state, Campaign{});
  EXPECT_TRUE(effects.sends.empty());
  (void)receive(state, "n2", VoteResponse{1, true});
  (void)receive(state, "n3", VoteResponse{1, true});
  EXPECT_FALSE(state.is_leader());
  (void)step_one(state, WriteDone{effects.write->id});
  EXPECT_TRUE(state.is_leader());
}

TEST(Paper_5_2, an_even_sized_cluster_needs_more_than_half) {
  CoreCluster cluster(4, 1);
  cluster.cut(2, true);
  cluster.cut(3, true);
  cluster.settle(400);
  EXPECT_FALSE(cluster.leader()) << "two of four are no majority";
  cluster.cut(2, false);
  EXPECT_TRUE(cluster.elect());
}

TEST(Paper_5_4_1, a_candidate_is_compared_by_last_term_first_and_length_second) {
  struct Case {
    Term last_term;
    Index last_index;
    bool granted;
  };
  for (const Case& c : {Case{2, 9, false}, Case{3, 2, false}, Case{3, 3, true}, Case{3, 9, true}, Case{4, 1, true}}) {
    State state = follower({1, 3, 3}, 3);
    const VoteRequest request{.term = 5, .candidate = "n2", .last_index = c.last_index, .last_term = c.last_term};
    EXPECT_EQ(answer_after_write<VoteResponse>(state, receive(state, "n2", request)).granted, c.granted)
        << c.last_term << " " << c.last_index;
  }
}

TEST(Paper_5_3, an_append_is_acknowledged_only_after_it_is_durable) {
  State state = follower({}, 1);
  const Effects effects = receive(state, "n2", append(1, {0, 0}, {entry(1, "a"), entry(1, "b")}));
  EXPECT_TRUE(effects.sends.empty());
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->first_index, 1U);
  EXPECT_EQ(effects.write->entries.size(), 2U);
  const auto answer = answer_after_write<AppendResponse>(state, effects);
  EXPECT_TRUE(answer.success);
  EXPECT_EQ(answer.match, 2U);
}

TEST(Paper_5_3, a_late_duplicate_removes_nothing) {
  State state = follower({1, 1, 1}, 1);
  const Effects effects = receive(state, "n2", append(1, {0, 0}, {entry(1, "a")}));
  EXPECT_FALSE(effects.write);
  EXPECT_EQ(state.trail.last_index(), 3U);
  EXPECT_EQ(answer_after_write<AppendResponse>(state, effects).match, 1U);
}

TEST(Paper_5_3, only_a_conflicting_suffix_is_removed) {
  State state = follower({1, 1, 2, 2}, 3, 2);
  const Effects effects = receive(state, "n2", append(3, {1, 1}, {entry(1, "b"), entry(3, "c")}));
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->truncate_from, Index{3});
  EXPECT_EQ(effects.write->first_index, 3U);
  EXPECT_EQ(state.trail.last(), (Position{3, 3}));
}

TEST(Paper_5_3, a_committed_entry_is_never_removed_whatever_a_peer_says) {
  State state = follower({1, 1}, 3, 2);
  const Effects effects = receive(state, "n2", append(3, {1, 1}, {entry(3, "evil")}));
  EXPECT_FALSE(answer_after_write<AppendResponse>(state, effects).success);
  EXPECT_EQ(state.trail.last(), (Position{1, 2}));
}

TEST(Paper_5_3, a_follower_commits_only_what_this_append_has_verified) {
  State state = follower({1, 1, 1}, 2);
  (void)receive(state, "n2", append(2, {1, 1}, {}, 3));
  EXPECT_EQ(state.commit, 1U);
}

TEST(Paper_5_3, a_refusal_hints_at_the_newest_entry_that_may_agree) {
  State state = follower({1, 1, 2, 2, 2}, 4);
  const auto short_log = answer_after_write<AppendResponse>(state, receive(state, "n2", append(4, {4, 9}, {})));
  EXPECT_EQ(short_log.hint, (Position{2, 5}));
  const auto conflict = answer_after_write<AppendResponse>(state, receive(state, "n2", append(4, {1, 4}, {})));
  EXPECT_EQ(conflict.hint, (Position{1, 2}));
}

TEST(Paper_5_3, the_asynchronous_write_race_does_not_make_a_removed_entry_durable) {
  State state = follower({}, 1);
  const Effects old_leader = receive(state, "n2", append(1, {0, 0}, {entry(1, "a"), entry(1, "b")}));
  AppendRequest request = append(2, {0, 0}, {entry(2, "x")});
  request.leader = "n3";
  const Effects new_leader = receive(state, "n3", request);
  (void)step_one(state, WriteDone{old_leader.write->id});
  EXPECT_EQ(state.durable, 0U) << "the first write's entries were cut off before it was done";
  (void)step_one(state, WriteDone{new_leader.write->id});
  EXPECT_EQ(state.durable, 1U);
}

TEST(Paper_5_3, what_is_truncated_within_one_turn_never_reaches_the_write) {
  for (const Index kept : {Index{0}, Index{1}}) {
    State state = follower({}, 1);
    AppendRequest second = append(2, {kept == 0 ? Term{0} : Term{1}, kept}, {entry(2, "x")});
    second.leader = "n3";
    const std::vector<Input> batch = {
        Receive{"n2", append(1, {0, 0}, {entry(1, "a"), entry(1, "b"), entry(1, "c")})}, Receive{"n3", second}};
    const Effects effects = step(state, batch);
    ASSERT_TRUE(effects.write);
    EXPECT_EQ(effects.write->first_index, 1U);
    ASSERT_EQ(effects.write->entries.size(), kept + 1);
    EXPECT_EQ(effects.write->entries.back(), entry(2, "x"));
    EXPECT_EQ(state.trail.last(), (Position{2, kept + 1}));
  }
}

TEST(Paper_5_3, an_acknowledgement_overtaken_by_a_newer_term_becomes_a_refusal) {
  State state = follower({}, 1);
  const Effects append_effects = receive(state, "n2", append(1, {0, 0}, {entry(1, "a")}));
  const Effects vote = receive(state, "n3", VoteRequest{.term = 5, .candidate = "n3", .last_index = 9, .last_term = 4});
  const Effects done = step_one(state, WriteDone{vote.write->id});
  ASSERT_EQ(done.sends.size(), 2U);
  for (const Send& sent : done.sends) {
    if (sent.to != "n2") continue;
    EXPECT_EQ(std::get<AppendResponse>(sent.message), (AppendResponse{.term = 5, .hint = {}}));
  }
}

TEST(Paper_5_4_2, an_entry_of_an_older_term_is_not_committed_by_counting) {
  State state = follower({1, 2}, 2);
  const Effects campaign = step_one(state, Campaign{});
  (void)step_one(state, WriteDone{campaign.write->id});
  const Effects won = receive(state, "n2", VoteResponse{3, true});
  ASSERT_TRUE(state.is_leader());
  (void)step_one(state, WriteDone{won.write->id});
  (void)receive(state, "n2", AppendResponse{.term = 3, .success = true, .match = 2, .prev_index = 2, .hint = {}});
  EXPECT_EQ(state.commit, 0U) << "figure 8: index 2 is on a majority, but of term 2";
  (void)receive(state, "n2", AppendResponse{.term = 3, .success = true, .match = 3, .prev_index = 2, .hint = {}});
  EXPECT_EQ(state.commit, 3U);
}

TEST(Paper_5_4_2, a_leader_does_not_count_its_own_unsynced_entry) {
  CoreCluster cluster(2, 1);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  const Index before = cluster.committed();
  cluster.propose(leader);
  while (!cluster.network().empty()) cluster.deliver(0);
  cluster.write_done(1 - leader);
  while (!cluster.network().empty()) cluster.deliver(0);
  EXPECT_EQ(cluster.committed(), before) << "the follower has it, the leader's own disk has not";
  cluster.write_done(leader);
  EXPECT_EQ(cluster.committed(), before + 1);
}

TEST(Proposals, a_deposed_leader_cannot_commit_and_says_so_truthfully) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t old_leader = *cluster.leader();
  cluster.cut(old_leader, true);
  const ProposalId lost = cluster.propose(old_leader);
  ASSERT_TRUE(cluster.elect());
  const ProposalId kept = cluster.propose(*cluster.leader());
  cluster.settle(2);
  EXPECT_EQ(cluster.fates().at(kept).kind, Fate::Kind::kCommitted);
  EXPECT_FALSE(cluster.fates().contains(lost));
  cluster.cut(old_leader, false);
  cluster.settle(20);
  EXPECT_EQ(cluster.fates().at(lost).kind, Fate::Kind::kSuperseded);
}

TEST(Proposals, a_fate_that_cannot_be_learnt_becomes_unknown_after_a_bounded_time) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  cluster.cut(leader, true);
  const ProposalId id = cluster.propose(leader);
  cluster.input(leader, Input(StepDown{}));
  for (std::uint32_t i = 0; i < Options{}.orphan_ticks; ++i) cluster.tick(leader);
  EXPECT_EQ(cluster.fates().at(id).kind, Fate::Kind::kUnknown);
}

TEST(Proposals, are_refused_by_anyone_but_the_leader) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const ProposalId id = cluster.propose((*cluster.leader() + 1) % 3);
  EXPECT_EQ(cluster.fates().at(id).kind, Fate::Kind::kRefused);
}

TEST(Proposals, of_one_batch_share_one_write_and_one_append_per_follower) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  cluster.settle(10);
  State state = cluster.node(*cluster.leader()).state;
  std::vector<Input> batch;
  for (ProposalId id = 1; id <= 64; ++id) batch.push_back(Propose{id + 1000, Payload("x")});
  const Effects effects = step(state, batch);
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->entries.size(), 64U);
  EXPECT_EQ(effects.sends.size(), 2U);
}

TEST(Thesis_6_4, a_read_waits_for_a_quorum_that_answers_after_it_began) {
  CoreCluster cluster(3, 9);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  const ReadId granted = cluster.read(leader);
  EXPECT_FALSE(cluster.reads().contains(granted));
  cluster.settle();
  EXPECT_TRUE(cluster.reads().at(granted).granted);
  cluster.cut(leader, true);
  const ReadId stuck = cluster.read(leader);
  cluster.settle(3);
  EXPECT_FALSE(cluster.reads().contains(stuck));
}

TEST(Thesis_6_4, a_new_leader_grants_no_read_before_an_entry_of_its_term_is_committed) {
  State state = follower({1}, 1);
  const Effects campaign = step_one(state, Campaign{});
  (void)step_one(state, WriteDone{campaign.write->id});
  (void)receive(state, "n2", VoteResponse{2, true});
  ASSERT_TRUE(state.is_leader());
  (void)step_one(state, Read{7});
  const Effects early =
      receive(state, "n2", AppendResponse{.term = 2, .success = true, .match = 1, .prev_index = 1, .hint = {}});
  EXPECT_TRUE(early.reads.empty());
  EXPECT_EQ(std::get<Leader>(state.role).fresh_reads.size(), 1U);
}

TEST(Thesis_6_4, many_reads_share_one_round) {
  CoreCluster cluster(3, 9);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  for (int i = 0; i < 100; ++i) cluster.read(leader);
  EXPECT_EQ(std::get<Leader>(cluster.node(leader).state.role).round, 1U);
  cluster.settle();
  EXPECT_EQ(cluster.reads().size(), 100U);
  EXPECT_EQ(std::get<Leader>(cluster.node(leader).state.role).round, 2U);
}

TEST(Thesis_6_4, a_deposed_leader_refuses_its_waiting_reads) {
  CoreCluster cluster(3, 9);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  const ReadId id = cluster.read(leader);
  cluster.input(leader, Input(StepDown{}));
  EXPECT_FALSE(cluster.reads().at(id).granted);
}

TEST(Thesis_6_2, a_leader_that_no_majority_answers_makes_way) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  const ReadId read = cluster.read(leader);
  cluster.cut(leader, true);
  for (std::uint32_t i = 0; i < Options{}.election_ticks_max; ++i) cluster.tick(leader);
  EXPECT_FALSE(cluster.node(leader).state.is_leader());
  EXPECT_FALSE(cluster.reads().at(read).granted);
}

TEST(Thesis_6_2, a_leader_goes_on_while_a_majority_answers) {
  CoreCluster cluster(5, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  cluster.crash((leader + 1) % 5);
  cluster.crash((leader + 2) % 5);
  cluster.settle(3 * Options{}.election_ticks_max);
  EXPECT_EQ(cluster.leader(), std::optional(leader));
}

TEST(Disk, a_leader_whose_disk_stands_still_makes_way) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  cluster.propose(leader);
  for (std::uint32_t i = 0; i < Options{}.election_ticks_max; ++i) {
    cluster.tick(leader);
    while (!cluster.network().empty()) cluster.deliver(0);
    for (std::size_t other = 0; other < 3; ++other) {
      if (other != leader) cluster.write_done(other);
    }
  }
  EXPECT_FALSE(cluster.node(leader).state.is_leader()) << "the others answer, but its own write is never done";
}

TEST(Disk, a_follower_that_waits_for_its_own_disk_does_not_call_an_election) {
  State state = follower({}, 1);
  const Effects effects = receive(state, "n2", append(1, {0, 0}, {entry(1, "a")}));
  for (std::uint32_t i = 0; i < 2 * Options{}.election_ticks_max; ++i) (void)step_one(state, Tick{});
  EXPECT_EQ(state.term(), 1U);
  (void)step_one(state, WriteDone{effects.write->id});
  for (std::uint32_t i = 0; i < Options{}.election_ticks_max; ++i) (void)step_one(state, Tick{});
  EXPECT_EQ(state.term(), 2U) << "once its disk is quiet, silence counts again";
}

TEST(Disk, a_follower_that_lost_its_log_is_given_it_again) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  for (int i = 0; i < 20; ++i) cluster.propose(leader);
  cluster.settle(10);
  const std::size_t victim = (leader + 1) % 3;
  cluster.crash(victim);
  const HardState kept = cluster.node(victim).disk.hard_state;
  cluster.node(victim).disk = {.hard_state = kept, .log = {}, .queue = {}};
  cluster.restart(victim, 0);
  cluster.settle(10);
  EXPECT_EQ(cluster.node(victim).disk.log, cluster.node(leader).disk.log);
}

TEST(Hostile, a_stranger_a_jump_of_terms_and_a_second_leader_change_nothing) {
  State state = follower({1, 1}, 2);
  (void)receive(state, "n2", append(2, {1, 2}, {}, 2));
  const State before = state;
  (void)receive(state, "stranger", VoteRequest{.term = 9, .candidate = "stranger", .last_index = 99, .last_term = 9});
  (void)receive(state, "n2", VoteRequest{.term = kMaxTerm + 1, .candidate = "n2", .last_index = 0, .last_term = 0});
  (void)receive(state, "n2",
                VoteRequest{.term = 2 + kMaxTermJump + 1, .candidate = "n2", .last_index = 0, .last_term = 0});
  (void)receive(state, "n1", VoteRequest{.term = 9, .candidate = "n1", .last_index = 0, .last_term = 0});
  AppendRequest rival = append(2, {1, 2}, {entry(2, "x")});
  rival.leader = "n3";
  (void)receive(state, "n3", rival);
  (void)receive(state, "n2", append(2, {1, 2}, {entry(2, "x"), entry(1, "falling")}));
  (void)receive(state, "n2", append(2, {1, 2}, {entry(3, "from the future")}));
  (void)receive(state, "n2", append(2, {1, kMaxIndex}, {entry(2, "x")}));
  EXPECT_EQ(state.hard_state, before.hard_state);
  EXPECT_EQ(state.trail, before.trail);
  EXPECT_EQ(state.commit, before.commit);
  EXPECT_EQ(state.leader, "n2");
}

TEST(Hostile, absurd_answers_do_not_move_a_leader) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  State state = cluster.node(leader).state;
  const NodeId peer = CoreCluster::name((leader + 1) % 3);
  const Index commit = state.commit;
  const Term term = state.term();
  (void)receive(state, peer, AppendResponse{.term = term, .success = true, .match = kMaxIndex, .hint = {}});
  (void)receive(
      state, peer,
      AppendResponse{
          .term = term, .success = false, .prev_index = kMaxIndex, .hint = {kMaxTerm, kMaxIndex}, .round = 1U << 30});
  (void)receive(state, peer, VoteResponse{term, true});
  (void)receive(state, "stranger", AppendResponse{.term = term + 1, .hint = {}});
  EXPECT_TRUE(state.is_leader());
  EXPECT_EQ(state.commit, commit);
}

TEST(Single, a_cluster_of_one_elects_itself_at_once_and_commits_when_durable) {
  CoreCluster cluster(1, 1);
  cluster.tick(0);
  cluster.write_done(0);
  EXPECT_TRUE(cluster.node(0).state.is_leader());
  cluster.write_done(0);
  const ProposalId id = cluster.propose(0);
  EXPECT_FALSE(cluster.fates().contains(id));
  cluster.write_done(0);
  EXPECT_EQ(cluster.fates().at(id).kind, Fate::Kind::kCommitted);
  const ReadId read = cluster.read(0);
  EXPECT_TRUE(cluster.reads().at(read).granted);
}

}  // namespace
}  // namespace timestore::raft
