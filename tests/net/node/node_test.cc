// What a node says to the threads that wait for it. What it says to others is seen through its faces.
#include "net/node/node.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

class NodeTest : public OneNodeTest {
 protected:
  // From now on the engine's thread does nothing, until go_on().
  void stall() {
    waiter_ = std::async(std::launch::async, [this] {
      return node_->change_members(
          [this](const replica::Status&) -> std::optional<raft::Change> {
            stalled_.set_value();
            gate_.get_future().wait();
            return std::nullopt;
          },
          Clock::now() + std::chrono::minutes(1));
    });
    stalled_.get_future().wait();
  }
  void go_on() {
    ASSERT_TRUE(waiter_.valid()) << "it was not stalled";
    gate_.set_value();
    EXPECT_FALSE(waiter_.get()) << "nothing was wished for";
  }

 private:
  std::promise<void> stalled_;
  std::promise<void> gate_;
  std::future<std::optional<replica::ChangeEnd>> waiter_;
};

TEST_F(NodeTest, a_status_that_was_seen_is_not_lost_when_the_next_one_comes_too_late) {
  start_alone();
  bool asked = false;
  const auto is_so = [&](const replica::Status&) {
    stall();
    asked = true;
    return false;
  };
  // The deadline must pass in either case; on a busy machine the first one may pass too early.
  std::optional<replica::Status> status;
  for (auto patience = std::chrono::milliseconds(50); !asked && patience < std::chrono::minutes(1); patience *= 2) {
    status = node_->await_status(is_so, Clock::now() + patience);
  }
  go_on();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->role, replica::Status::Role::kLeader);
}

TEST_F(NodeTest, a_node_that_never_answered_has_no_status) {
  start_alone();
  stall();
  const auto is_so = [](const replica::Status&) { return true; };
  EXPECT_FALSE(node_->await_status(is_so, Clock::now() + std::chrono::milliseconds(50)));
  go_on();
}

}  // namespace
}  // namespace timestore::net
