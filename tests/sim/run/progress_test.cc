#include "sim/run/progress.h"

#include <gtest/gtest.h>

namespace timestore::sim {
namespace {

// Two nodes, of which the second is down until it is seen.
class ProgressTest : public testing::Test {
 protected:
  bool is_any(const Progress::Node& first) {
    progress_.see(0, first);
    return progress_.is_any(false);
  }
  bool is_any(const Progress::Node& first, const Progress::Node& second) {
    progress_.see(0, first);
    progress_.see(1, second);
    return progress_.is_any(true);
  }

 private:
  Progress progress_{2};
};

TEST_F(ProgressTest, is_whatever_brings_an_entry_further) {
  Progress::Node node{.last = 10, .durable = 5, .commit = 4, .applied = 3};
  EXPECT_TRUE(is_any(node));
  EXPECT_FALSE(is_any(node));
  for (raft::Index Progress::Node::*index :
       {&Progress::Node::last, &Progress::Node::durable, &Progress::Node::commit, &Progress::Node::applied}) {
    ++(node.*index);
    EXPECT_TRUE(is_any(node));
    EXPECT_FALSE(is_any(node));
  }
}

TEST_F(ProgressTest, is_a_part_of_a_snapshot_though_no_entry_moves) {
  EXPECT_TRUE(is_any({.last = 10}, {.last = 2}));
  EXPECT_TRUE(is_any({.last = 10}, {.last = 2, .fetched_bytes = 100}));
  EXPECT_FALSE(is_any({.last = 10}, {.last = 2, .fetched_bytes = 100}));
  EXPECT_FALSE(is_any({.last = 10}, {.last = 2, .fetched_bytes = 0})) << "it begins again";
  EXPECT_TRUE(is_any({.last = 10}, {.last = 2, .fetched_bytes = 50}));
}

// What a new leader cuts off is replaced, and until then nothing can be committed. But who only cuts gets nowhere.
TEST_F(ProgressTest, is_what_takes_the_place_of_an_end_that_was_cut_off_a_few_times) {
  EXPECT_TRUE(is_any({.last = 10, .durable = 10}));
  int times = 0;
  for (int cut = 0; cut < 100; ++cut) {
    EXPECT_FALSE(is_any({.last = 8, .durable = 8})) << "it has less";
    if (is_any({.last = 10, .durable = 10})) ++times;
  }
  EXPECT_GE(times, 1);
  EXPECT_LT(times, 10);
}

TEST_F(ProgressTest, is_not_what_is_there_already) {
  EXPECT_TRUE(is_any({.last = 10, .durable = 10, .commit = 9}));
  EXPECT_FALSE(is_any({.last = 10, .durable = 10, .commit = 7})) << "it started again";
  EXPECT_FALSE(is_any({.last = 10, .durable = 10, .commit = 9}));
}

TEST_F(ProgressTest, is_not_a_log_that_grows_for_ever) {
  EXPECT_TRUE(is_any({.last = 10, .durable = 10}));
  EXPECT_TRUE(is_any({.last = 11, .durable = 11})) << "somebody is down, who may need what is there by then";
  EXPECT_TRUE(is_any({.last = 12, .durable = 12}, {.last = 3, .durable = 3}));
  for (raft::Index last = 13; last < 20; ++last) {
    EXPECT_FALSE(is_any({.last = last, .durable = last}, {.last = 3, .durable = 3}));
  }
  EXPECT_TRUE(is_any({.last = 20, .durable = 20}, {.last = 4, .durable = 3})) << "the other one catches up";
  EXPECT_TRUE(is_any({.last = 20, .durable = 20}, {.last = 12, .durable = 12}));
  EXPECT_FALSE(is_any({.last = 20, .durable = 20}, {.last = 13, .durable = 13}));
}

}  // namespace
}  // namespace timestore::sim
