// The configurations that fulfil a wish for other members, and whose agreement counts in them.
#include "engine/raft/change.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/raft/agreement.h"

namespace timestore::raft {
namespace {

Member member(const NodeId& id) { return {id, "http://" + id}; }

std::vector<Member> members(const std::vector<NodeId>& ids) {
  std::vector<Member> result;
  for (const NodeId& id : ids) result.push_back(member(id));
  return result;
}

const Configuration kThree{.voters = members({"n1", "n2", "n3"})};

Refusal refusal(const Configuration& now, const Change& change) {
  const auto next = changed(now, change);
  return next ? Refusal::kNone : next.error();
}

TEST(Change, who_is_to_vote_is_a_learner_first) {
  const auto next = changed(kThree, {.kind = Change::Kind::kAdd, .member = member("n0"), .replaced = {}});
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(*next, (Configuration{.voters = kThree.voters, .learners = members({"n0"}), .joining = {{"n0", ""}}}));
  const Configuration joint = promoted(*next, "n0");
  EXPECT_EQ(joint, (Configuration{.voters = members({"n0", "n1", "n2", "n3"}), .outgoing = kThree.voters}));
  EXPECT_EQ(left(joint), (Configuration{.voters = members({"n0", "n1", "n2", "n3"})}));
}

TEST(Change, a_replacement_comes_and_goes_in_one_step) {
  const auto next = changed(kThree, {.kind = Change::Kind::kReplace, .member = member("n4"), .replaced = "n2"});
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->joining, (std::vector<Joining>{{"n4", "n2"}}));
  EXPECT_EQ(promoted(*next, "n4"), (Configuration{.voters = members({"n1", "n3", "n4"}), .outgoing = kThree.voters}));
}

TEST(Change, whoever_is_removed_meanwhile_needs_no_replacement) {
  const auto next = changed(kThree, {.kind = Change::Kind::kReplace, .member = member("n4"), .replaced = "n2"});
  const auto smaller = changed(*next, {.kind = Change::Kind::kRemove, .member = member("n2"), .replaced = {}});
  ASSERT_TRUE(smaller.has_value());
  EXPECT_EQ(smaller->joining, (std::vector<Joining>{{"n4", ""}}));
  EXPECT_EQ(smaller->outgoing, kThree.voters);
}

TEST(Change, a_learner_that_goes_is_no_longer_expected) {
  const auto next = changed(kThree, {.kind = Change::Kind::kAdd, .member = member("n4"), .replaced = {}});
  EXPECT_EQ(changed(*next, {.kind = Change::Kind::kRemove, .member = member("n4"), .replaced = {}}), kThree);
}

TEST(Change, of_an_address_leaves_everything_else_as_it_is) {
  using Kind = Change::Kind;
  Configuration now = kThree;
  now.learners = members({"n5"});
  now.learners[0].other = R"(,"zone":"a")";
  now.joining = {{"n5", "n2"}};
  for (auto* moved : {&now.voters[1], &now.learners[0]}) {
    Configuration expected = now;
    const Member there{moved->id, "http://elsewhere"};
    for (auto* list : {&expected.voters, &expected.learners}) {
      for (Member& member : *list) member.url = member.id == there.id ? there.url : member.url;
    }
    EXPECT_EQ(changed(now, {.kind = Kind::kMove, .member = there, .replaced = {}}), expected) << moved->id;
  }
  EXPECT_EQ(refusal(now, {Kind::kMove, member("n1"), ""}), Refusal::kAlreadyMember) << "it is there";
  EXPECT_EQ(refusal(now, {Kind::kMove, member("n9"), ""}), Refusal::kUnknownMember);
  EXPECT_EQ(refusal(now, {Kind::kMove, {"n1", std::string(kMaxUrlBytes + 1, 'u')}, ""}), Refusal::kMalformed);
}

TEST(Change, what_cannot_be_is_refused_with_the_reason) {
  using Kind = Change::Kind;
  Configuration now = kThree;
  now.learners = members({"n5"});
  EXPECT_EQ(refusal(now, {Kind::kAdd, member("n1"), ""}), Refusal::kAlreadyMember);
  EXPECT_EQ(refusal(now, {Kind::kAddLearner, member("n5"), ""}), Refusal::kAlreadyMember);
  EXPECT_EQ(refusal(now, {Kind::kAdd, member("n5"), ""}), Refusal::kNone) << "a learner may become a voter";
  EXPECT_EQ(refusal(now, {Kind::kPromote, member("n1"), ""}), Refusal::kUnknownMember);
  EXPECT_EQ(refusal(now, {Kind::kPromote, member("n9"), ""}), Refusal::kUnknownMember);
  EXPECT_EQ(refusal(now, {Kind::kRemove, member("n9"), ""}), Refusal::kUnknownMember);
  EXPECT_EQ(refusal(now, {Kind::kReplace, member("n6"), "n5"}), Refusal::kUnknownMember);
  EXPECT_EQ(refusal(now, {Kind::kAdd, member(""), ""}), Refusal::kMalformed);
  EXPECT_EQ(refusal(now, {Kind::kAdd, {"n6", std::string(kMaxUrlBytes + 1, 'u')}, ""}), Refusal::kMalformed);
  EXPECT_EQ(refusal(now, {Kind::kAdd, {"n6", "\xff"}, ""}), Refusal::kMalformed);
  EXPECT_EQ(refusal({.voters = members({"n1"})}, {Kind::kRemove, member("n1"), ""}), Refusal::kLastVoter);
}

TEST(Change, who_is_joining_stands_in_the_text_and_only_then) {
  const auto next = changed(kThree, {.kind = Change::Kind::kReplace, .member = member("n4"), .replaced = "n2"});
  EXPECT_NE(encode(*next).find(R"("joining":[{"id":"n4","replaces":"n2"}])"), std::string::npos);
  EXPECT_EQ(decode_configuration(encode(*next)), *next);
  EXPECT_EQ(encode(kThree).find("joining"), std::string::npos);
}

TEST(Change, nobody_joins_who_is_no_learner_nor_in_the_place_of_a_stranger) {
  const std::string start =
      R"({"members":{"voters":[{"id":"n1","url":""}],"learners":[{"id":"n2","url":""}],"joining":)";
  EXPECT_TRUE(decode_configuration(start + R"([{"id":"n2","replaces":"n1"}]}})").has_value());
  EXPECT_FALSE(decode_configuration(start + R"([{"id":"n1","replaces":""}]}})").has_value());
  EXPECT_FALSE(decode_configuration(start + R"([{"id":"n2","replaces":"n9"}]}})").has_value());
  EXPECT_FALSE(decode_configuration(start + R"([{"id":"n2","replaces":""},{"id":"n2","replaces":""}]}})").has_value());
  EXPECT_FALSE(decode_configuration(start + R"([7]}})").has_value());
}

// ---- whose agreement counts: the oracle counts heads in each list by itself

bool more_than_half(const std::vector<Member>& voters, const std::set<NodeId>& agreed) {
  std::size_t heads = 0;
  for (const Member& voter : voters) heads += agreed.contains(voter.id) ? 1U : 0U;
  return 2 * heads > voters.size();
}

Configuration any_configuration() {
  Configuration configuration;
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    const int lists = *rc::gen::inRange(0, 4);
    if ((lists & 1) != 0) configuration.voters.push_back(member(id));
    if ((lists & 2) != 0) configuration.outgoing.push_back(member(id));
  }
  if (configuration.voters.empty()) configuration.voters.push_back(member("f"));
  return configuration;
}

std::set<NodeId> some_nodes() {
  std::set<NodeId> nodes;
  const int chosen = *rc::gen::inRange(0, 64);
  for (int i = 0; i < 6; ++i) {
    if ((chosen >> i & 1) != 0) nodes.insert(std::string(1, static_cast<char>('a' + i)));
  }
  return nodes;
}

RC_GTEST_PROP(Agreement, a_quorum_is_a_majority_of_each_list, ()) {
  const Configuration configuration = any_configuration();
  const std::set<NodeId> agreed = some_nodes();
  const bool expected = more_than_half(configuration.voters, agreed) &&
                        (!configuration.is_joint() || more_than_half(configuration.outgoing, agreed));
  RC_ASSERT(is_quorum(configuration, [&](const NodeId& id) { return agreed.contains(id); }) == expected);
}

RC_GTEST_PROP(Agreement, an_election_is_won_by_a_quorum_and_lost_when_there_can_be_none, ()) {
  const Configuration configuration = any_configuration();
  std::map<NodeId, bool> votes;
  for (const NodeId& id : some_nodes()) votes.emplace(id, *rc::gen::arbitrary<bool>());
  const auto granted = [&](const NodeId& id) { return votes.contains(id) && votes.at(id); };
  const auto not_refused = [&](const NodeId& id) { return !votes.contains(id) || votes.at(id); };
  const Tally expected = is_quorum(configuration, granted)       ? Tally::kWon
                         : is_quorum(configuration, not_refused) ? Tally::kPending
                                                                 : Tally::kLost;
  RC_ASSERT(tally(configuration, votes) == expected);
}

// Thesis 4.3: what makes the change of several voters at once safe.
RC_GTEST_PROP(Agreement, a_joint_quorum_shares_a_voter_with_every_quorum_before_and_after, ()) {
  const Configuration joint = any_configuration();
  std::set<NodeId> agreed = some_nodes();
  std::set<NodeId> others = some_nodes();
  for (const Member& voter : joint.electorate()) {  // until both are what they should be
    if (!is_quorum(joint, [&](const NodeId& id) { return agreed.contains(id); })) agreed.insert(voter.id);
    const bool decides =
        more_than_half(joint.voters, others) || (joint.is_joint() && more_than_half(joint.outgoing, others));
    if (!decides) others.insert(voter.id);
  }
  bool meet = false;
  for (const NodeId& id : agreed) meet = meet || (joint.is_voter(id) && others.contains(id));
  RC_ASSERT(meet);
}

}  // namespace
}  // namespace timestore::raft
