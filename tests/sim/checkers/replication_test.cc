// Lies about replication: a leader of two followers, which leaves gaps in what it sends.
#include "sim/checkers/replication.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace timestore::sim {
namespace {

constexpr const char* kGap = "an append leaves no gap behind what was sent before it";

// It is told of n1, which leads in term 2 with ten entries.
class ToldOfAppends {
 public:
  ToldOfAppends() {
    core_.id = "n1";
    for (int i = 0; i < 10; ++i) core_.trail.append(2, raft::EntryKind::kCommand, 1);
    lead(2);
  }

  void lead(raft::Term term) {
    core_.hard_state.term = term;
    core_.role = raft::Leader{};
    meet("n2");
    meet("n3");
  }
  void forget(raft::Index index) {
    core_.trail.begin_after(index);
    tell({});
  }
  void meet(const raft::NodeId& follower) {
    peers()[follower];
    tell({});
  }
  void dismiss(const raft::NodeId& follower) {
    peers().erase(follower);
    tell({});
  }

  // An append with the entries after `prev`, up to `last`.
  void sends(const raft::NodeId& to, raft::Index prev, raft::Index last, bool from_snapshot = false) {
    raft::AppendRequest append;
    append.term = core_.term();
    append.prev_index = prev;
    append.from_snapshot = from_snapshot;
    append.entries.resize(last - prev);
    replication_.sends(0, {.to = to, .message = std::move(append), .correlation = 0});
  }
  void hears(const raft::NodeId& from, raft::AppendResponse answer) {
    tell({raft::Receive{.from = from, .message = answer, .correlation = 0}});
  }

  std::string rule() const { return findings_.any() ? findings_.first()->rule : ""; }

 private:
  std::map<raft::NodeId, raft::Progress>& peers() { return std::get<raft::Leader>(core_.role).peers; }
  void tell(std::vector<raft::Input> inputs) { replication_.stepped(0, core_, inputs); }

  raft::State core_;
  Findings findings_;
  Replication replication_{findings_, 1};
};

TEST(Replication, an_append_that_goes_on_where_the_last_one_ended_is_right) {
  ToldOfAppends told;
  told.sends("n2", 4, 4);
  told.sends("n2", 4, 6);
  told.sends("n2", 6, 6);
  told.sends("n2", 1, 6);
  told.sends("n2", 6, 10);
  EXPECT_EQ(told.rule(), "");
}

TEST(Replication, an_append_that_overtakes_another_one_is_found) {
  ToldOfAppends told;
  told.sends("n2", 4, 4);
  told.sends("n3", 9, 10);
  EXPECT_EQ(told.rule(), "");
  told.sends("n2", 6, 6);
  EXPECT_EQ(told.rule(), kGap);
}

TEST(Replication, where_the_follower_says_that_its_log_ends_its_leader_may_go_on) {
  for (const bool is_of_this_term : {true, false}) {
    for (const bool is_success : {true, false}) {
      ToldOfAppends told;
      told.sends("n2", 4, 4);
      raft::AppendResponse answer{.term = is_of_this_term ? 2U : 1U, .success = is_success};
      (is_success ? answer.match : answer.hint.index) = 6;
      told.hears("n2", answer);
      told.sends("n2", 6, 6);
      EXPECT_EQ(told.rule(), is_of_this_term ? "" : kGap);
      told.sends("n2", 7, 7);
      EXPECT_EQ(told.rule(), kGap);
    }
  }
}

TEST(Replication, a_new_term_and_a_new_member_begin_anywhere) {
  ToldOfAppends told;
  told.sends("n2", 4, 4);
  told.lead(3);
  told.sends("n2", 9, 9);
  told.dismiss("n2");
  told.meet("n2");
  told.sends("n2", 10, 10);
  EXPECT_EQ(told.rule(), "");
}

TEST(Replication, whoever_is_told_that_it_has_left_begins_anew_when_it_comes_again) {
  ToldOfAppends told;
  told.sends("n2", 4, 4);
  told.dismiss("n2");
  told.sends("n2", 4, 5);
  told.meet("n2");
  told.sends("n2", 8, 8);
  EXPECT_EQ(told.rule(), "");
}

TEST(Replication, what_the_leader_has_forgotten_it_need_not_send) {
  for (const raft::Index forgotten : {5U, 4U}) {
    ToldOfAppends told;
    told.sends("n2", 4, 6);
    told.hears("n2", {.term = 2, .success = true, .match = 4, .hint = {}});
    told.forget(forgotten);
    told.sends("n2", 7, 8);
    EXPECT_EQ(told.rule(), forgotten == 5 ? "" : kGap);
  }
}

TEST(Replication, where_a_snapshot_is_needed_an_append_stands_at_the_beginning_of_the_log) {
  ToldOfAppends told;
  told.sends("n2", 2, 2);
  told.sends("n2", 5, 5, true);
  told.sends("n2", 5, 7);
  EXPECT_EQ(told.rule(), "");
}

}  // namespace
}  // namespace timestore::sim
