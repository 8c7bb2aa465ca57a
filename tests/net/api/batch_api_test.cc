// Batches of time entries, in all formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/api/reads_api.h"
#include "net/api/time_series_api.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class BatchApiTest : public OneNodeTest {
 protected:
  void add_routes(http::Router& router) override {
    readers_.emplace(directory_.file("n1.db"), node_->board());
    api_.emplace(*access_, *readers_, Patience{});
    api_->add_routes(router);
    reads_.emplace(*access_, *readers_, queries_, Patience{});
    reads_->add_routes(router);
  }

  // A node alone raises the level of features by itself, soon after it leads.
  httplib::Response post(const std::string& body, const char* type = "application/json",
                         const httplib::Headers& headers = {}) const {
    const auto answer = client().Post("/api/timeseries", headers, body, type);
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }

  std::string all() const { return client().Get("/api/timeseries")->body; }

  std::optional<Readers> readers_;
  std::optional<TimeSeriesApi> api_;
  RunningQueries queries_;
  std::optional<ReadsApi> reads_;
};

constexpr const char* kTwo = R"([{"deviceId":"a","timestamp":"2024-05-01T12:00:00Z","value":1},)"
                             R"( {"deviceId":"b","timestamp":"2024-05-01T12:00:01Z","value":2,"attributes":{"x":1}}])";

TEST_F(BatchApiTest, an_array_is_stored_as_a_whole_and_answered_with_ids) {
  start_alone_at_the_highest_level();
  const auto answer = post(kTwo);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, AllOf(StartsWith(R"([{"id":")"), HasSubstr(R"("deviceId":"a")"), HasSubstr(R"("x":1)")));
  EXPECT_EQ(all(), answer.body);
  EXPECT_EQ(answer.get_header_value("X-Timestore-Applied-Index"),
            std::to_string(node_->status(Clock::now() + std::chrono::seconds(30))->applied))
      << "one entry of the log";
}

TEST_F(BatchApiTest, lines_and_rows_are_batches_too) {
  start_alone_at_the_highest_level();
  const auto lines = post(
      "{\"deviceId\":\"a\",\"timestamp\":\"2024-05-01T12:00:00Z\",\"value\":1}\n"
      "{\"deviceId\":\"a\",\"timestamp\":\"2024-05-01T12:00:01Z\",\"value\":2}\n",
      "application/x-ndjson");
  EXPECT_EQ(lines.status, 200) << lines.body;
  const auto rows = post("value,deviceId,timestamp\n3,a,2024-05-01T12:00:02Z\n", "text/csv; charset=utf-8");
  EXPECT_EQ(rows.status, 200) << rows.body;
  EXPECT_EQ(all(), lines.body.substr(0, lines.body.size() - 1) + "," + rows.body.substr(1));
}

TEST_F(BatchApiTest, whoever_wants_nothing_back_gets_nothing) {
  start_alone_at_the_highest_level();
  for (const char* preference : {"return=minimal", "respond-async, return=minimal", "wait=10,return=\"minimal\""}) {
    const auto answer = post(kTwo, "application/json", {{"Prefer", preference}});
    EXPECT_EQ(answer.status, 204) << preference;
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.get_header_value("Preference-Applied"), "return=minimal");
  }
  EXPECT_EQ(post(kTwo, "application/json", {{"Prefer", "return=representation"}}).status, 200);
}

TEST_F(BatchApiTest, an_empty_batch_is_done_at_once) {
  start_alone_at_the_highest_level();
  const auto answer = post("[]");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "[]");
  EXPECT_EQ(all(), "[]");
}

TEST_F(BatchApiTest, one_fault_and_nothing_is_stored_and_each_fault_has_its_place) {
  start_alone_at_the_highest_level();
  const auto answer =
      post(R"([{"deviceId":"a","timestamp":"2024-05-01T12:00:00Z","value":1},{"deviceId":"","value":"x"}])");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, AllOf(HasSubstr("/1/deviceId"), HasSubstr("/1/timestamp"), HasSubstr("/1/value")));
  EXPECT_EQ(post("deviceId,timestamp,value\na,never,1\n", "text/csv").status, 400);
  EXPECT_EQ(post("{]", "application/x-ndjson").status, 400);
  EXPECT_EQ(all(), "[]");
}

TEST_F(BatchApiTest, too_many_entries_are_too_large) {
  start_alone_at_the_highest_level();
  std::string body = "deviceId,timestamp,value\n";
  for (std::size_t row = 0; row <= kMaxBatchEntries; ++row) body += "a,2024-05-01T12:00:00Z,1\n";
  const auto answer = post(body, "text/csv");
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(detail_of(answer), HasSubstr("at most 100000"));
}

TEST_F(BatchApiTest, as_many_entries_as_are_allowed_are_stored_as_one) {
  start_alone_at_the_highest_level();
  std::string body = "deviceId,timestamp,value\n";
  for (std::size_t row = 0; row < kMaxBatchEntries; ++row) body += "a,2024-05-01T12:00:00Z,1\n";
  EXPECT_EQ(post(body, "text/csv", {{"Prefer", "return=minimal"}}).status, 204);
}

TEST_F(BatchApiTest, a_batch_that_is_sent_again_with_its_ids_is_stored_once) {
  start_alone_at_the_highest_level();
  const std::string batch = post(kTwo).body;
  const auto again = post(batch);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.body, batch);
  EXPECT_EQ(all(), batch);
}

TEST_F(BatchApiTest, an_id_with_other_content_refuses_the_batch_by_its_place) {
  start_alone_at_the_highest_level();
  const std::string id =
      R"({"id":"01890000-0000-7000-8000-000000000001","deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":)";
  ASSERT_EQ(post(id + "1}").status, 200);
  const std::string before = all();
  const auto answer =
      post(std::string("[") + R"({"deviceId":"e","timestamp":"2024-05-01T12:00:00Z","value":1},)" + id + "2}]");
  EXPECT_EQ(answer.status, 409);
  EXPECT_THAT(answer.body, AllOf(HasSubstr("/1/id"), HasSubstr("Nothing of the batch was stored")));
  EXPECT_EQ(all(), before);
}

TEST_F(BatchApiTest, while_an_original_may_be_a_member_there_are_no_batches) {
  start_alone();  // of a release that knows no levels
  const auto answer = post(kTwo);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(detail_of(answer), AllOf(HasSubstr("no batches yet"), HasSubstr("Nothing was stored")));
  EXPECT_EQ(all(), "[]");
}

}  // namespace
}  // namespace timestore::net
