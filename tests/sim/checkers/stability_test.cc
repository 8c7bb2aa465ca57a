// Lies about leadership: a voter of three and a learner, which leads, follows and hands over as it should not.
#include "sim/checkers/stability.h"

#include <gtest/gtest.h>

#include <string>

namespace timestore::sim {
namespace {

constexpr std::uint32_t kPatience = raft::Options{}.election_ticks_max;

// It is told of n1, a follower of n2 in term 2.
class ToldOfLeaders {
 public:
  ToldOfLeaders() {
    raft::Configuration members;
    for (const char* id : {"n1", "n2", "n3"}) members.voters.push_back({id, ""});
    members.learners.push_back({"n4", ""});
    core_ = raft::start({.id = "n1",
                         .configuration = members,
                         .hard_state = {.term = 2, .vote = std::nullopt, .novice = false},
                         .trail = {},
                         .configurations = {},
                         .applied = 0,
                         .seed = 1},
                        {});
    members_.started(0, core_);
    stability_.started(0, core_);
    core_.leader = "n2";
    append();
    tell({});
  }

  raft::State& core() { return core_; }
  void append() { core_.trail.append(core_.term(), raft::EntryKind::kCommand, 1); }

  raft::Leader& lead() {
    core_.leader.clear();
    core_.role = raft::Leader{};
    return std::get<raft::Leader>(core_.role);
  }

  void campaign() {
    core_.leader.clear();
    core_.role = raft::Candidate{};
    core_.hard_state = {.term = core_.term() + 1, .vote = "n1", .novice = false};
  }

  void tell(std::vector<raft::Input> inputs) {
    members_.stepped(0, core_);
    stability_.stepped(0, core_, inputs);
  }
  void hears(const raft::NodeId& from, raft::Message message) {
    tell({raft::Receive{.from = from, .message = std::move(message), .correlation = 0}});
  }
  void hears_leader(raft::Round recalled = 0) {
    raft::AppendRequest heartbeat;
    heartbeat.term = 2;
    heartbeat.leader = "n2";
    heartbeat.recalled = recalled;
    hears("n2", heartbeat);
  }
  void tick(std::uint32_t times) {
    for (std::uint32_t i = 0; i < times; ++i) tell({raft::Tick{}});
  }
  void says(const raft::NodeId& to, raft::Message message) {
    stability_.sends(0, {.to = to, .message = std::move(message), .correlation = 0});
  }

  std::string rule() const { return findings_.any() ? findings_.first()->rule : ""; }

 private:
  raft::State core_;
  Findings findings_;
  Members members_{1};
  Stability stability_{findings_, members_, 1};
};

raft::TimeoutNow order(raft::Round round, const raft::NodeId& leader) {
  return {.term = 2, .leader = leader, .round = round};
}

raft::PreVoteRequest question(raft::Position last) {
  return {.term = 3, .candidate = "n3", .last_index = last.index, .last_term = last.term};
}

// ---------------------------------------------------------------------------------------------------- elections

TEST(Stability, a_leader_whose_disk_stands_still_and_leads_on_is_found) {
  ToldOfLeaders told;
  told.lead();
  told.core().last_write = 1;
  told.tell({});
  told.tick(kPatience);
  EXPECT_EQ(told.rule(), "");
  told.tick(1);
  EXPECT_EQ(told.rule(), "a leader whose disk stands still makes way");
}

TEST(Stability, a_newer_term_that_is_not_entered_is_found) {
  ToldOfLeaders told;
  told.hears("n3", raft::PreVoteResponse{.term = 2, .proposed = 3, .granted = false});
  EXPECT_EQ(told.rule(), "");
  told.hears("n3", raft::PreVoteResponse{.term = 3, .proposed = 3, .granted = false});
  EXPECT_EQ(told.rule(), "whoever hears of a newer term enters it");
}

TEST(Stability, whoever_encourages_another_beside_its_leader_is_found) {
  ToldOfLeaders told;
  told.hears_leader();
  told.hears("n3", question({2, 1}));
  told.says("n3", raft::PreVoteResponse{.term = 2, .proposed = 3, .granted = false});
  EXPECT_EQ(told.rule(), "");
  told.hears("n3", question({2, 1}));
  told.says("n3", raft::PreVoteResponse{.term = 2, .proposed = 3, .granted = true});
  EXPECT_EQ(told.rule(), "nobody is encouraged beside a leader, or with an old log");
}

TEST(Stability, whoever_encourages_an_old_log_is_found) {
  for (const raft::Position last : {raft::Position{2, 1}, raft::Position{1, 9}}) {
    ToldOfLeaders told;
    told.hears("n3", question(last));
    told.says("n3", raft::PreVoteResponse{.term = 2, .proposed = 3, .granted = true});
    EXPECT_EQ(told.rule(), last.term == 2 ? "" : "nobody is encouraged beside a leader, or with an old log");
  }
}

TEST(Stability, a_term_that_nobody_encouraged_to_enter_is_found) {
  for (const bool is_encouraged : {true, false}) {
    ToldOfLeaders told;
    told.hears("n3", raft::PreVoteResponse{.term = 2, .proposed = 3, .granted = is_encouraged});
    told.campaign();
    told.tick(1);
    told.says("n2", raft::VoteRequest{.term = 3, .candidate = "n1", .last_index = 1, .last_term = 2});
    EXPECT_EQ(told.rule(), is_encouraged ? "" : "a node enters a term when a majority has encouraged it");
  }
}

// ---------------------------------------------------------------------------------------------------- handovers

TEST(Stability, an_order_to_take_over_that_is_obeyed_is_believed) {
  ToldOfLeaders told;
  told.campaign();
  told.hears("n2", order(1, "n2"));
  EXPECT_EQ(told.rule(), "");
}

TEST(Stability, an_order_to_take_over_that_is_not_obeyed_is_found) {
  ToldOfLeaders told;
  told.hears("n3", order(1, "n3"));  // it does not lead
  EXPECT_EQ(told.rule(), "");
  told.hears("n2", order(1, "n2"));
  EXPECT_EQ(told.rule(), "whoever is told to take over by its leader does so");
}

TEST(Stability, a_late_order_to_take_over_that_is_obeyed_is_found) {
  ToldOfLeaders told;
  told.hears_leader(4);
  told.campaign();
  told.hears("n2", order(4, "n2"));
  EXPECT_EQ(told.rule(), "an order to take over means nothing once the handover is over");
}

TEST(Stability, a_leader_that_appends_while_it_hands_over_is_found) {
  ToldOfLeaders told;
  told.lead();
  told.append();
  told.lead().handover = raft::Handover{.to = "n2"};
  told.tell({raft::Transfer{"n2"}});
  told.tick(1);
  EXPECT_EQ(told.rule(), "");
  told.append();
  told.tell({raft::Propose{1, raft::Payload("x")}});
  EXPECT_EQ(told.rule(), "while it hands over a leader appends nothing");
}

TEST(Stability, leadership_that_is_handed_to_a_learner_is_found) {
  ToldOfLeaders told;
  told.lead().handover = raft::Handover{.to = "n2"};
  told.says("n2", order(1, "n1"));
  EXPECT_EQ(told.rule(), "");
  told.says("n4", order(1, "n1"));
  EXPECT_EQ(told.rule(), "leadership is handed to voters");
}

TEST(Stability, an_order_that_is_not_meant_any_more_and_not_recalled_is_found) {
  for (const raft::Round recalled : {raft::Round{3}, raft::Round{2}}) {
    ToldOfLeaders told;
    told.lead().handover = raft::Handover{.to = "n2"};
    told.says("n2", order(3, "n1"));
    told.tell({});
    EXPECT_EQ(told.rule(), "");
    raft::Leader& leader = told.lead();
    leader.handover = raft::Handover{.to = "n3"};
    leader.recalled = recalled;
    told.tell({raft::Transfer{"n3"}});
    EXPECT_EQ(told.rule(), recalled == 3 ? "" : "an order to take over that is not meant any more is recalled");
  }
}

}  // namespace
}  // namespace timestore::sim
