// Lies about a link from n1 to n2.
#include "sim/checkers/links.h"

#include <gtest/gtest.h>

#include <string>

namespace timestore::sim {
namespace {

constexpr client::Purpose kAppends = client::Purpose::kAppends;

raft::AppendRequest append(raft::Index begin, raft::Index end, raft::Round round = 1) {
  raft::AppendRequest append;
  append.term = 1;
  append.prev_index = begin;
  append.round = round;
  append.entries.resize(end - begin);
  return append;
}

struct ToldOfLinks : ::testing::Test {
  Findings findings;
  Links links{findings, 2};
  client::ExchangeId last = 0;

  void says(const raft::AppendRequest& request) { links.sends(0, 1, request); }
  void leaves(const raft::AppendRequest& request) { links.leaves(0, 1, request, ++last); }
  void answered(client::ExchangeId exchange) { links.answered(0, 1, kAppends, exchange); }
  std::string rule() const { return findings.any() ? findings.first()->rule : ""; }
};

TEST_F(ToldOfLinks, what_is_joined_or_begins_again_is_right) {
  says(append(0, 2));
  leaves(append(0, 2));
  says(append(2, 3));
  says(append(3, 3, 2));
  says(append(3, 5, 3));
  answered(1);
  leaves(append(2, 5, 3));
  answered(2);
  says(append(5, 6, 3));
  says(append(1, 4, 4));  // the core begins again, and the link forgets what waited
  leaves(append(1, 4, 4));
  EXPECT_EQ(rule(), "");
}

TEST_F(ToldOfLinks, a_heartbeat_that_says_the_same_of_the_same_place_may_wait_behind_other_entries) {
  says(append(0, 2));
  says(append(2, 4));
  says(append(2, 2));
  leaves(append(0, 2));
  answered(1);
  leaves(append(2, 4));
  answered(2);
  leaves(append(2, 2));
  EXPECT_EQ(rule(), "");
}

TEST_F(ToldOfLinks, a_second_request_on_its_way_is_found) {
  says(append(0, 1));
  says(append(1, 2));
  leaves(append(0, 1));
  leaves(append(1, 2));
  EXPECT_EQ(rule(), "one request of a link is on its way at a time");
}

TEST_F(ToldOfLinks, an_answer_to_an_older_request_is_found) {
  says(append(0, 1));
  leaves(append(0, 1));
  links.given_up(0, 1, kAppends);
  says(append(0, 1));
  leaves(append(0, 1));
  answered(1);
  EXPECT_EQ(rule(), "an answer is taken for its own request");
}

TEST_F(ToldOfLinks, a_word_that_is_lost_when_appends_are_joined_is_found) {
  says(append(0, 1, 1));
  says(append(1, 2, 2));
  leaves(append(0, 2, 1));
  EXPECT_EQ(rule(), "an append that leaves says what the core said there last");
}

TEST_F(ToldOfLinks, entries_that_are_left_out_are_found) {
  says(append(0, 1));
  says(append(1, 2));
  leaves(append(1, 2));
  EXPECT_EQ(rule(), "no entries are left out unless the core is told");
}

TEST_F(ToldOfLinks, what_was_lost_and_told_may_be_left_out) {
  says(append(0, 1));
  leaves(append(0, 1));
  says(append(1, 2));
  links.given_up(0, 1, kAppends);
  says(append(2, 3));
  leaves(append(2, 3));
  EXPECT_EQ(rule(), "");
}

}  // namespace
}  // namespace timestore::sim
