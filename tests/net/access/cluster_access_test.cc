// What a node that does not lead says of a write, with leaders that freeze, are busy, or change.
#include "net/access/cluster_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "engine/series/command.h"
#include "engine/store/series/series_file.h"
#include "net/http/server.h"
#include "net/node/readers.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

// A leader that takes clients' requests only, as the original does. It answers the first write only when it is thawed,
// and the others with `status`.
class FreezingLeader {
 public:
  explicit FreezingLeader(int status, bool freezes) : status_(status), freezes_(freezes) {
    http::Router router;
    router.add({.method = "POST",
                .pattern = "/api/timeseries",
                .handler = [this](const auto& request, auto& response) { post(request, response); },
                .body = http::BodyRules{}});
    server_ = std::move(*http::Server::start(std::move(router), {}));
  }
  ~FreezingLeader() {
    thaw_.set_value();
    server_->stop(std::chrono::seconds(1));
  }
  FreezingLeader(const FreezingLeader&) = delete;
  FreezingLeader& operator=(const FreezingLeader&) = delete;

  int port() const { return server_->port(); }
  std::future<void> frozen() { return frozen_.get_future(); }
  std::vector<Guid> ids() const {
    const std::lock_guard lock(mutex_);
    return ids_;
  }

 private:
  void post(const http::Request& request, http::Response& response) {
    bool is_first = false;
    {
      const std::lock_guard lock(mutex_);
      is_first = ids_.empty();
      ids_.push_back(decode_command(request.body)->entries.front().id);
    }
    if (is_first && freezes_) {
      frozen_.set_value();
      thawed_.wait();
    }
    response.status = status_;
    response.set_content("{}", "application/json");
  }

  const int status_;
  const bool freezes_;
  std::promise<void> frozen_;
  std::promise<void> thaw_;
  std::shared_future<void> thawed_ = thaw_.get_future().share();
  mutable std::mutex mutex_;
  std::vector<Guid> ids_;
  std::unique_ptr<http::Server> server_;
};

class FollowerTest : public OneNodeTest {
 protected:
  const TimeEntry entry_{.id = {}, .device_id = "d", .timestamp_ns = 1, .value = 1, .attributes = ""};
};

TEST_F(FollowerTest, a_busy_leader_does_not_make_certain_what_a_frozen_one_left_unknown) {
  FreezingLeader n2(503, true);
  start_as_follower({{"n2", {"127.0.0.1", n2.port()}}});
  follow("n2", 1);
  const WriteAnswer answer = access_->write(std::vector{entry_}, false, Clock::now() + std::chrono::minutes(2));
  EXPECT_EQ(answer.end.kind, client::WriteEnd::Kind::kUnknown) << "the frozen attempt may still be stored";
  ASSERT_EQ(n2.ids().size(), 2U);
  EXPECT_EQ(n2.ids()[0], n2.ids()[1]) << "tried again under the same id";
  EXPECT_EQ(answer.end.entries.front().id, n2.ids()[0]) << "and the caller learns it";
}

TEST_F(FollowerTest, a_write_leaves_a_frozen_leader_for_the_next_one_with_its_id) {
  FreezingLeader n2(200, true);
  FreezingLeader n3(200, false);
  start_as_follower({{"n2", {"127.0.0.1", n2.port()}}, {"n3", {"127.0.0.1", n3.port()}}});
  follow("n2", 1);
  auto frozen = n2.frozen();
  // The deadline is far away: only giving up on n2 can bring an answer of n3.
  auto write = std::async(std::launch::async, [&] {
    return access_->write(std::vector{entry_}, false, Clock::now() + std::chrono::hours(1));
  });
  frozen.wait();
  follow("n3", 2);
  EXPECT_TRUE(write.get().response);
  ASSERT_EQ(n3.ids().size(), 1U);
  EXPECT_EQ(n3.ids()[0], n2.ids()[0]);
}

TEST_F(FollowerTest, a_write_is_handed_on_as_a_command_and_answered_from_one_line) {
  AskedNode n2("POST", client::kSubmitPath,
               [](const auto&, http::Response& response) { response.set_content("conflict 17 0", "text/plain"); });
  start_as_follower({{"n2", n2.address()}});
  follow("n2", 1);
  const WriteAnswer answer = access_->write(std::vector{entry_}, false, Clock::now() + std::chrono::seconds(20));
  EXPECT_EQ(answer.end.kind, client::WriteEnd::Kind::kApplied);
  EXPECT_EQ(answer.end.applied, 17U);
  EXPECT_EQ(answer.end.result.conflicts, std::vector<std::uint32_t>{0});
  EXPECT_FALSE(answer.response);
  EXPECT_EQ(n2.requests(), std::vector<std::string>{"n1: " + std::string(client::kSubmitPath) + " " +
                                                    encode_command(answer.end.entries)});
}

class LinesOfFollower : public FollowerTest {
 protected:
  WriteAnswer write(AskedNode& n2) {
    start_as_follower({{"n2", n2.address()}});
    follow("n2", 1);
    return access_->write(lines_, false, Clock::now() + std::chrono::seconds(20));
  }

  const client::LinesCommand lines_ =
      client::command_of({.series = {{.name = "m f"}}, .points = {{.time_ns = 1}}, .line_ends = {1}});
};

TEST_F(LinesOfFollower, are_handed_on_as_a_command_and_answered_from_one_line) {
  AskedNode n2("POST", client::kSubmitPath, [](const auto&, http::Response& response) {
    response.set_content("partly-stored 17 1 0", "text/plain");
  });
  const WriteAnswer answer = write(n2);
  EXPECT_EQ(answer.end.kind, client::WriteEnd::Kind::kApplied);
  EXPECT_EQ(answer.end.result,
            (ApplyResult{.outcome = ApplyResult::Outcome::kPartlyStored, .conflicts = {0}, .stored_type = 1}));
  EXPECT_EQ(n2.requests(), std::vector<std::string>{"n1: " + std::string(client::kSubmitPath) + " " + *lines_});
}

TEST_F(LinesOfFollower, are_too_early_for_a_leader_that_cannot_read_them) {
  AskedNode n2("POST", client::kSubmitPath, [](const auto&, http::Response& response) { response.status = 400; });
  EXPECT_EQ(write(n2).end.kind, client::WriteEnd::Kind::kTooEarly);
}

TEST_F(LinesOfFollower, are_not_handed_to_an_original_as_entries) {
  AskedNode n2("POST", "/api/timeseries", [](const auto&, auto&) {});
  EXPECT_EQ(write(n2).end.kind, client::WriteEnd::Kind::kTooEarly);
  EXPECT_TRUE(n2.requests().empty());
}

TEST_F(FollowerTest, a_node_that_leads_no_more_says_who_does_and_that_one_is_asked_at_once) {
  AskedNode n2("POST", client::kSubmitPath,
               [](const auto&, http::Response& response) { response.set_content("not-leader 5 n3", "text/plain"); });
  AskedNode n3("POST", client::kSubmitPath,
               [](const auto&, http::Response& response) { response.set_content("stored 3", "text/plain"); });
  start_as_follower({{"n2", n2.address()}, {"n3", n3.address()}});
  follow("n2", 1);
  const WriteAnswer answer = access_->write(std::vector{entry_}, false, Clock::now() + std::chrono::seconds(20));
  EXPECT_EQ(answer.end.kind, client::WriteEnd::Kind::kApplied);
  EXPECT_EQ(n2.requests(), n3.requests()) << "the same bytes, with the same id";
}

TEST_F(FollowerTest, an_answer_that_cannot_be_read_leaves_a_write_unknown) {
  AskedNode n2("POST", client::kSubmitPath,
               [](const auto&, http::Response& response) { response.set_content("fine", "text/plain"); });
  start_as_follower({{"n2", n2.address()}});
  follow("n2", 1);
  const WriteAnswer answer = access_->write(std::vector{entry_}, false, Clock::now() + std::chrono::milliseconds(100));
  EXPECT_EQ(answer.end.kind, client::WriteEnd::Kind::kUnknown);
}

TEST_F(FollowerTest, a_write_that_reaches_another_node_under_the_leaders_address_is_certainly_not_stored) {
  AskedNode other("POST", client::kSubmitPath, [](const auto&, http::Response& response) { response.status = 421; });
  start_as_follower({{"n2", other.address()}});
  follow("n2", 1);
  const WriteAnswer answer = access_->write(std::vector{entry_}, false, Clock::now() + std::chrono::milliseconds(100));
  EXPECT_EQ(answer.end.kind, client::WriteEnd::Kind::kNotLeader);
}

// The deadline of what is asked last is far away: only what has been withdrawn lets the node end before it.
TEST_F(FollowerTest, a_read_whose_deadline_has_passed_waits_no_more) {
  start_as_follower({});
  EXPECT_FALSE(node_->await_applied(1000, Clock::now()));
  EXPECT_FALSE(node_->confirm_read(Clock::now()));
  node_->retire(Clock::now() + std::chrono::hours(1));
}

// The deadlines are far away: only being withdrawn ends what waits.
TEST_F(FollowerTest, what_nobody_waits_for_any_more_ends_at_once) {
  start_as_follower({});
  const Deadline deadline = Clock::now() + std::chrono::hours(1);
  std::promise<WriteAnswer> written;
  const auto withdraw_write = access_->write(std::vector{entry_}, false, deadline,
                                             [&](WriteAnswer answer) { written.set_value(std::move(answer)); });
  std::promise<ReadBarrier> barrier;
  const auto withdraw_read = access_->await_readable(ReadLevel::kLinearizable, deadline,
                                                     [&](const ReadBarrier& how) { barrier.set_value(how); });
  std::promise<bool> applied;
  const auto withdraw_applied = access_->await_applied(1000, deadline, [&](bool is) { applied.set_value(is); });
  auto write = written.get_future();
  EXPECT_EQ(write.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout) << "no leader is known";
  for (const auto& withdraw : {withdraw_write, withdraw_read, withdraw_applied}) withdraw();
  EXPECT_EQ(write.get().end.kind, client::WriteEnd::Kind::kNotLeader);
  EXPECT_NE(barrier.get_future().get().kind, ReadBarrier::Kind::kPassed);
  EXPECT_FALSE(applied.get_future().get());
  for (const auto& withdraw : {withdraw_write, withdraw_read, withdraw_applied}) withdraw();  // once is enough
}

TEST_F(FollowerTest, a_write_that_waits_for_a_leader_is_stored_as_soon_as_there_is_one) {
  AskedNode n2("POST", client::kSubmitPath,
               [](const auto&, http::Response& response) { response.set_content("stored 7", "text/plain"); });
  start_as_follower({{"n2", n2.address()}});
  std::promise<WriteAnswer> written;
  access_->write(std::vector{entry_}, false, Clock::now() + std::chrono::hours(1),
                 [&](WriteAnswer answer) { written.set_value(std::move(answer)); });
  follow("n2", 1);
  const WriteAnswer answer = written.get_future().get();
  EXPECT_EQ(answer.end.kind, client::WriteEnd::Kind::kApplied);
  EXPECT_EQ(answer.end.applied, 7U);
}

TEST_F(FollowerTest, a_node_that_stops_tells_everybody_who_waits) {
  start_as_follower({});
  std::promise<WriteAnswer> written;
  access_->write(std::vector{entry_}, false, Clock::now() + std::chrono::hours(1),
                 [&](WriteAnswer answer) { written.set_value(std::move(answer)); });
  access_->refuse_from_now_on();
  node_->retire(Clock::now() + std::chrono::seconds(1));
  EXPECT_EQ(written.get_future().get().end.kind, client::WriteEnd::Kind::kNotLeader);
}

TEST(Couriers, do_as_much_at_once_as_they_may_and_the_rest_in_turn) {
  std::atomic<int> done{0};
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  Couriers couriers(2);
  for (int i = 0; i < 2; ++i) {
    couriers.post([&] {
      opened.wait();
      ++done;
    });
  }
  std::promise<void> last;
  couriers.post([&] { last.set_value(); });
  auto waits = last.get_future();
  EXPECT_EQ(waits.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout) << "both are busy";
  gate.set_value();
  waits.get();
  EXPECT_GE(done, 1);
}

TEST(Alarms, go_off_in_order_and_once_and_may_be_cancelled) {
  Alarms alarms;
  const Deadline begin = Clock::now();
  std::string rung;
  alarms.set(begin + std::chrono::seconds(2), [&] { rung += "b"; });
  alarms.set(begin + std::chrono::seconds(1), [&] {
    rung += "a";
    alarms.set(begin + std::chrono::seconds(1), [&] { rung += "x"; });
  });
  const auto never = alarms.set(begin + std::chrono::seconds(1), [&] { rung += "never"; });
  alarms.set(begin + std::chrono::seconds(9), [&] { rung += "later"; });
  alarms.cancel(never);
  alarms.ring(begin);
  EXPECT_EQ(rung, "");
  alarms.ring(begin + std::chrono::seconds(3));
  EXPECT_EQ(rung, "axb");
  alarms.ring(begin + std::chrono::seconds(3));
  EXPECT_EQ(rung, "axb");
}

TEST(Readers, are_lent_up_to_a_bound_and_come_back) {
  const ScratchDirectory directory;
  const auto series = store::SeriesFile::open(directory.file("s.db"));
  ASSERT_TRUE(series) << series.error().message;
  Readers readers(directory.file("s.db"), nullptr);
  std::vector<Readers::Lease> lent;
  for (int i = 0; i < 1000; ++i) {
    auto lease = readers.lend();
    if (!lease) break;
    lent.push_back(std::move(*lease));
  }
  EXPECT_GT(lent.size(), 1U);
  EXPECT_LT(lent.size(), 100U) << "each reader has a page cache";
  EXPECT_FALSE(readers.lend());
  lent.pop_back();
  EXPECT_TRUE(readers.lend());
}

}  // namespace
}  // namespace timestore::net
