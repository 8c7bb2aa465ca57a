// Lies about the members: a leader of four, the last a learner, which changes them as it should not.
#include "sim/checkers/membership.h"

#include <gtest/gtest.h>

#include <string>

namespace timestore::sim {
namespace {

using raft::Configuration;

raft::Member member(std::size_t number) { return {"n" + std::to_string(number), ""}; }

Configuration voters_and_learners(std::vector<raft::Member> voters, std::vector<raft::Member> learners = {}) {
  return {.voters = std::move(voters), .outgoing = {}, .learners = std::move(learners), .joining = {}};
}

class ToldOfMembers {
 public:
  ToldOfMembers() {
    const Configuration first = voters_and_learners({member(1), member(2), member(3)}, {member(4)});
    core_ = raft::start({.id = "n1",
                         .configuration = first,
                         .hard_state = {.term = 2, .vote = "n1", .novice = false},
                         .trail = {},
                         .configurations = {},
                         .applied = 0,
                         .seed = 1},
                        {});
    members_.started(0, core_);
    membership_.started(0, core_);
    raft::Leader leader;
    leader.term_start = 1;
    core_.role = leader;
    append(raft::EntryKind::kNoop, "");
    core_.commit = 1;
    tell({});
    for (const std::size_t number : {2U, 3U, 4U}) answer(number);
  }

  raft::State& core() { return core_; }
  Configuration now() const { return core_.configuration(); }

  void answer(std::size_t number) {
    raft::AppendResponse response{};
    response.term = core_.term();
    response.success = true;
    response.match = core_.trail.last_index();
    tell({raft::Receive{.from = member(number).id, .message = response, .correlation = 0}});
  }

  void tick(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) tell({raft::Tick{}});
  }

  void change(const Configuration& next, std::vector<raft::Input> inputs = {}) {
    append(raft::EntryKind::kMembers, encode(next));
    core_.configurations.append(core_.trail.last_index(), next);
    tell(std::move(inputs));
  }
  void commit() { core_.commit = core_.trail.last_index(); }

  void tell(std::vector<raft::Input> inputs) {
    members_.stepped(0, core_);
    membership_.stepped(0, core_, inputs, effects_);
    effects_ = {};
  }

  Membership& membership() { return membership_; }
  std::string rule() const { return findings_.any() ? findings_.first()->rule : ""; }

 private:
  void append(raft::EntryKind kind, std::string text) {
    raft::Entry entry{core_.term(), kind, raft::Payload(std::move(text))};
    core_.trail.append(entry.term, entry.kind, entry.payload.size_bytes());
    if (!effects_.write) effects_.write.emplace();
    effects_.write->entries.push_back(std::move(entry));
  }

  raft::State core_;
  raft::Effects effects_;
  Findings findings_;
  Members members_{1};
  Membership membership_{findings_, members_, 1};
};

Configuration without(Configuration now, std::size_t number) {
  now.outgoing = now.voters;
  std::erase(now.voters, member(number));
  return now;
}

Configuration promoted(Configuration now, std::size_t number) {
  now.outgoing = now.voters;
  std::erase(now.learners, member(number));
  now.voters.push_back(member(number));
  return now;
}

TEST(Membership, a_true_removal_and_a_true_promotion_are_believed) {
  ToldOfMembers told;
  told.change(without(told.now(), 3));
  told.commit();
  told.change(voters_and_learners({member(1), member(2)}, {member(4)}));
  told.commit();
  for (const std::size_t number : {2U, 4U}) told.answer(number);
  told.change(promoted(told.now(), 4));
  told.commit();
  told.change(voters_and_learners({member(1), member(2), member(4)}));
  EXPECT_EQ(told.rule(), "");
}

TEST(Membership, a_member_at_another_address_is_believed_and_two_at_once_are_found) {
  ToldOfMembers told;
  Configuration next = told.now();
  next.voters[1].url = "http://elsewhere";
  told.change(next);
  told.commit();
  EXPECT_EQ(told.rule(), "");
  next.voters[0].url = "http://here";
  next.voters[2].url = "http://there";
  told.change(next);
  EXPECT_EQ(told.rule(), "voters change through a joint configuration");
}

TEST(Membership, a_change_beside_another_one_is_found) {
  ToldOfMembers told;
  told.change(voters_and_learners({member(1), member(2), member(3)}, {member(4), member(5)}));
  EXPECT_EQ(told.rule(), "");
  told.change(voters_and_learners({member(1), member(2), member(3)}, {member(5)}));
  EXPECT_EQ(told.rule(), "members change when the change before is committed");
}

TEST(Membership, a_change_before_the_first_commit_of_a_term_is_found) {
  ToldOfMembers told;
  std::get<raft::Leader>(told.core().role).term_start = 2;
  told.change(without(told.now(), 3));
  EXPECT_EQ(told.rule(), "members change when a leader has committed something of its own");
}

TEST(Membership, voters_that_change_at_once_are_found) {
  ToldOfMembers told;
  told.change(voters_and_learners({member(1), member(2)}, {member(4)}));
  EXPECT_EQ(told.rule(), "voters change through a joint configuration");
}

TEST(Membership, two_voters_that_go_at_once_are_found) {
  ToldOfMembers told;
  Configuration next = without(told.now(), 3);
  std::erase(next.voters, member(2));
  told.change(next);
  EXPECT_EQ(told.rule(), "at most one voter comes and one goes in a step");
}

TEST(Membership, a_joint_configuration_that_is_left_for_other_voters_is_found) {
  ToldOfMembers told;
  told.change(without(told.now(), 3));
  told.commit();
  told.change(voters_and_learners({member(1), member(3)}, {member(4)}));
  EXPECT_EQ(told.rule(), "a joint configuration is followed by its new voters alone");
}

TEST(Membership, whoever_is_replaced_and_stays_is_found) {
  ToldOfMembers told;
  Configuration next = told.now();
  next.joining = {{.id = "n4", .replaces = "n3"}};
  told.change(next);
  told.commit();
  told.answer(4);
  next = promoted(next, 4);
  next.joining.clear();
  told.change(next);
  EXPECT_EQ(told.rule(), "who is replaced goes when the other comes");
}

TEST(Membership, a_removal_that_leaves_a_silent_majority_is_found_unless_it_is_forced) {
  for (const bool is_forced : {false, true}) {
    ToldOfMembers told;
    told.tick(told.core().options.election_ticks_max + 1);
    raft::Change change;
    change.is_forced = is_forced;
    told.change(without(told.now(), 3), {raft::ChangeMembers{1, change}});
    EXPECT_EQ(told.rule(), is_forced ? "" : "members change when a majority of the new ones answers");
  }
}

TEST(Membership, a_learner_that_lags_and_is_promoted_is_found) {
  ToldOfMembers told;
  told.core().options.max_append_entries = 1;
  Configuration next = told.now();
  for (std::size_t number = 5; number < 10; ++number) {
    next.learners.push_back(member(number));
    told.change(next);
    told.commit();
  }
  told.change(promoted(told.now(), 4));
  EXPECT_EQ(told.rule(), "a learner becomes a voter when it has caught up");
}

TEST(Membership, a_leader_that_was_removed_and_leads_on_is_found) {
  ToldOfMembers told;
  told.change(without(told.now(), 1));
  told.commit();
  told.change(voters_and_learners({member(2), member(3)}, {member(4)}));
  told.commit();
  told.tick(2 * told.core().options.election_ticks_max);
  EXPECT_EQ(told.rule(), "");
  told.tick(1);
  EXPECT_EQ(told.rule(), "a leader that was removed makes way");
}

TEST(Membership, a_node_that_knows_other_members_than_those_committed_is_found) {
  ToldOfMembers told;
  const Configuration next = voters_and_learners({member(1), member(2), member(3)}, {member(4), member(5)});
  told.membership().committed(2, {2, raft::EntryKind::kMembers, raft::Payload(encode(next))});
  told.commit();
  told.core().commit = 2;
  told.change(voters_and_learners({member(1), member(2), member(3)}, {member(5)}));
  EXPECT_EQ(told.rule(), "the committed members are the same for everybody");
}

}  // namespace
}  // namespace timestore::sim
