// What a link joins, replaces and forgets, and when it sends.
#include "engine/client/link.h"

#include <gtest/gtest.h>

#include "tests/engine/client/appends.h"

namespace timestore::client::link_test {
namespace {

constexpr Time kStart = 1'000'000;

// A link whose first request is on its way.
class BusyLink : public ::testing::Test {
 protected:
  BusyLink() {
    EXPECT_TRUE(link.send(append(0, {"a"})));
    first = link.next(kStart)->exchange;
  }

  // Everything that the link sends when each request is answered.
  std::vector<raft::Message> rest() {
    std::vector<raft::Message> requests;
    EXPECT_TRUE(link.answered(first));
    while (const auto outgoing = link.next(kStart)) {
      requests.push_back(outgoing->request);
      EXPECT_TRUE(link.answered(outgoing->exchange));
    }
    return requests;
  }

  Link link{{.max_waiting = 3, .max_waiting_bytes = 12, .max_joined_bytes = 6}};
  ExchangeId first = 0;
};

TEST_F(BusyLink, sends_one_request_at_a_time) {
  EXPECT_TRUE(link.send(append(9, {"b"})));
  EXPECT_FALSE(link.next(kStart + 1));
  EXPECT_TRUE(link.answered(first));
  EXPECT_TRUE(link.next(kStart + 1));
}

TEST_F(BusyLink, joins_appends_that_continue_one_another) {
  EXPECT_TRUE(link.send(append(1, {"b"})));
  EXPECT_TRUE(link.send(append(2, {"c", "d"})));
  EXPECT_TRUE(link.send(append(4, {})));
  EXPECT_EQ(rest(), (std::vector<raft::Message>{append(1, {"b", "c", "d"})}));
}

TEST_F(BusyLink, sends_what_is_too_large_to_be_joined_in_order) {
  EXPECT_TRUE(link.send(append(1, {"bbbb"})));
  EXPECT_TRUE(link.send(append(2, {"cccc"})));
  EXPECT_EQ(rest(), (std::vector<raft::Message>{append(1, {"bbbb"}), append(2, {"cccc"})}));
}

TEST_F(BusyLink, of_joined_appends_the_last_word_counts) {
  raft::AppendRequest one = append(1, {"b"});
  one.leader_commit = 1;
  one.round = 3;
  one.recalled = 2;
  raft::AppendRequest two = append(2, {"c"});
  two.leader_commit = 2;
  two.round = 5;
  two.recalled = 4;
  two.admits = 3;
  two.founds = true;
  EXPECT_TRUE(link.send(one));
  EXPECT_TRUE(link.send(two));
  raft::AppendRequest both = two;
  both.prev_index = one.prev_index;
  both.entries = append(1, {"b", "c"}).entries;
  EXPECT_EQ(rest(), (std::vector<raft::Message>{both}));
}

TEST_F(BusyLink, an_append_takes_the_place_of_a_heartbeat_wherever_that_stood) {
  EXPECT_TRUE(link.send(append(5, {})));
  EXPECT_TRUE(link.send(append(7, {})));
  EXPECT_EQ(link.waiting(), 1U);
  EXPECT_TRUE(link.send(append(1, {"b"})));
  EXPECT_EQ(rest(), (std::vector<raft::Message>{append(1, {"b"})}));
}

TEST_F(BusyLink, a_heartbeat_takes_the_place_of_no_entries) {
  EXPECT_TRUE(link.send(append(1, {"b"})));
  EXPECT_TRUE(link.send(append(0, {})));  // the core asks again where the follower stands
  EXPECT_EQ(rest(), (std::vector<raft::Message>{append(1, {"b"}), append(0, {})}));
}

TEST_F(BusyLink, entries_from_elsewhere_take_the_place_of_all_that_waits) {
  EXPECT_TRUE(link.send(append(1, {"b"})));
  EXPECT_TRUE(link.send(append(0, {"a", "b", "c"})));
  EXPECT_EQ(rest(), (std::vector<raft::Message>{append(0, {"a", "b", "c"})}));
}

TEST_F(BusyLink, a_new_term_ends_what_was_said_in_older_ones) {
  EXPECT_TRUE(link.send(append(1, {"b"}, 1)));
  EXPECT_TRUE(link.send(append(1, {}, 2)));
  EXPECT_EQ(rest(), (std::vector<raft::Message>{append(1, {}, 2)}));
  EXPECT_EQ(link.waiting_bytes(), 0U);
}

TEST_F(BusyLink, what_finds_no_room_is_told_and_leaves_no_gap) {
  EXPECT_TRUE(link.send(append(1, {"bbbbb"})));
  EXPECT_TRUE(link.send(append(2, {"ccccc"})));
  EXPECT_FALSE(link.send(append(3, {"ddddd"}))) << "too many bytes";
  EXPECT_FALSE(link.send(append(4, {"e"}))) << "continues what was dropped; the core has not heard of that yet";
  EXPECT_EQ(rest(), (std::vector<raft::Message>{append(1, {"bbbbb"}), append(2, {"ccccc"})}));
}

TEST_F(BusyLink, one_request_of_any_size_may_wait) {
  EXPECT_TRUE(link.send(append(1, {std::string(1000, 'b')})));
  EXPECT_EQ(link.waiting(), 1U);
}

TEST_F(BusyLink, a_failure_ends_what_continued_the_lost_append) {
  EXPECT_TRUE(link.send(append(1, {"b"})));
  EXPECT_TRUE(link.failed(first, kStart));
  EXPECT_EQ(link.waiting(), 0U);
  EXPECT_TRUE(link.send(append(0, {})));
  EXPECT_TRUE(link.next(link.resumes_at())) << "and the core begins again";
}

TEST_F(BusyLink, pauses_grow_up_to_a_limit_and_an_answer_ends_them) {
  std::vector<Time> pauses;
  Time now = kStart;
  for (ExchangeId exchange = first; pauses.size() < 5; exchange = link.next(now)->exchange) {
    EXPECT_TRUE(link.failed(exchange, now));
    EXPECT_TRUE(link.send(append(0, {})));
    EXPECT_FALSE(link.next(link.resumes_at() - 1));
    pauses.push_back(link.resumes_at() - now);
    now = link.resumes_at();
  }
  EXPECT_EQ(pauses, (std::vector<Time>{10'000, 20'000, 40'000, 80'000, 80'000}));
  EXPECT_TRUE(link.answered(first + 5));
  EXPECT_TRUE(link.send(append(0, {})));
  EXPECT_TRUE(link.failed(link.next(now)->exchange, now));
  EXPECT_EQ(link.resumes_at() - now, 10'000U);
}

TEST_F(BusyLink, what_takes_too_long_is_given_up_and_its_answer_is_too_late) {
  const Time too_late = kStart + kAnswerTime + kSecond;
  EXPECT_FALSE(link.tick(kStart + kAnswerTime - 1));
  EXPECT_TRUE(link.tick(too_late));
  EXPECT_FALSE(link.tick(too_late)) << "told once";
  EXPECT_TRUE(link.send(append(1, {"b"})));
  const auto second = link.next(link.resumes_at());
  ASSERT_TRUE(second);
  EXPECT_FALSE(link.answered(first));
  EXPECT_FALSE(link.failed(first, too_late));
  EXPECT_EQ(link.on_its_way(), second->exchange);
  EXPECT_TRUE(link.answered(second->exchange));
}

TEST(Link, the_newest_request_of_a_kind_is_the_one_that_waits) {
  Link link{{}};
  const auto vote = [](raft::Index last) {
    return raft::VoteRequest{.term = 2, .candidate = "n1", .last_index = last, .last_term = 1};
  };
  EXPECT_TRUE(link.send(vote(1)));
  EXPECT_TRUE(link.send(raft::PreVoteRequest{.term = 3, .candidate = "n1", .last_index = 1, .last_term = 1}));
  EXPECT_EQ(link.waiting(), 1U) << "the vote of term 2 means nothing any more";
  EXPECT_TRUE(link.send(raft::TimeoutNow{.term = 3, .leader = "n1", .round = 1}));
  EXPECT_TRUE(link.send(raft::TimeoutNow{.term = 3, .leader = "n1", .round = 2}));
  EXPECT_EQ(link.waiting(), 2U);
  const auto asked = link.next(1);
  EXPECT_TRUE(link.answered(asked->exchange));
  EXPECT_EQ(std::get<raft::TimeoutNow>(link.next(1)->request).round, 2U);
}

TEST(Link, an_original_is_asked_for_its_vote_instead) {
  const auto answer = answer_of_the_original(raft::PreVoteRequest{.term = 7, .candidate = "n1"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<raft::PreVoteResponse>(*answer).proposed, 7U);
  EXPECT_TRUE(std::get<raft::PreVoteResponse>(*answer).granted);
  EXPECT_FALSE(answer_of_the_original(raft::TimeoutNow{}));
}

}  // namespace
}  // namespace timestore::client::link_test
