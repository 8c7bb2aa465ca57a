// The load against a server that knows nothing: what it counts, what it sends again, and that it always ends.
#include "bench/ingest/ingest.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <vector>

#include "bench/ingest/leader_probe.h"
#include "bench/ingest/report.h"
#include "tests/bench/dumb_server.h"

namespace timestore::bench {
namespace {

using std::chrono::milliseconds;

constexpr const char* kId = "0f0e0d0c-0b0a-4908-8706-050403020100";

std::string accepted() { return http_answer("200 OK", "{}"); }

// A run that ends as soon as the condition holds; the minutes are for a test that fails.
IngestOptions run_until(const Target& target, std::function<bool()> condition) {
  return {.target = target,
          .connections = 4,
          .warm_up = milliseconds(0),
          .measured = std::chrono::minutes(2),
          .grace = std::chrono::minutes(2),
          .entries = {},
          .on_second = {},
          .interrupted = std::move(condition)};
}

TEST(Ingest, every_accepted_entry_is_counted_once) {
  std::atomic<std::uint64_t> served{0};
  DumbServer server([&](const std::string&) {
    ++served;
    return accepted();
  });
  const auto report = run_ingest(run_until(server.target(), [&] { return served >= 100; }));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->latencies.count(), served);  // the last answers come in the grace and have latencies too
  EXPECT_LE(report->accepted, report->latencies.count());
  EXPECT_GE(report->accepted + 4, report->latencies.count());
  EXPECT_EQ(report->errors(), 0U);
  EXPECT_EQ(report->unanswered, 0U);
}

TEST(Ingest, the_warm_up_is_not_counted) {
  std::atomic<std::uint64_t> served{0};
  DumbServer server([&](const std::string&) {
    ++served;
    return accepted();
  });
  IngestOptions options = run_until(server.target(), [&] { return served >= 100; });
  options.warm_up = std::chrono::minutes(2);
  const auto report = run_ingest(options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->accepted, 0U);
  EXPECT_EQ(report->latencies.count(), 0U);
  EXPECT_EQ(report->measured_seconds, 0.0);
}

TEST(Ingest, each_second_is_reported) {
  DumbServer server([](const std::string&) { return accepted(); });
  std::vector<IngestProgress> seconds;
  std::uint64_t accepted_in_all = 0;
  IngestOptions options = run_until(server.target(), [&] { return seconds.size() >= 2 && accepted_in_all > 0; });
  options.warm_up = std::chrono::seconds(1);
  options.on_second = [&](const IngestProgress& progress) {
    seconds.push_back(progress);
    accepted_in_all += progress.accepted;
  };
  ASSERT_TRUE(run_ingest(options));
  ASSERT_GE(seconds.size(), 2U);
  EXPECT_GT(accepted_in_all, 0U);
  EXPECT_TRUE(seconds[0].warming_up);
  EXPECT_FALSE(seconds[1].warming_up);
  EXPECT_EQ(seconds[1].elapsed, std::chrono::seconds(2));
  EXPECT_EQ(seconds[0].errors, 0U);
}

// What a server has been sent, and what it answers to the nth request, counted from 1.
class RecordingServer {
 public:
  explicit RecordingServer(std::function<std::string(std::size_t)> answer)
      : server_([this, answer = std::move(answer)](const std::string& request) {
          const std::lock_guard guard(mutex_);
          requests_.push_back(request);
          return answer(requests_.size());
        }) {}

  Target target() const { return server_.target(); }

  std::vector<std::string> requests() {
    const std::lock_guard guard(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> requests_;
  DumbServer server_;
};

TEST(Ingest, a_503_is_sent_again_with_the_id_it_names) {
  RecordingServer server([](std::size_t number) {
    if (number > 1) return accepted();
    return http_answer("503 Service Unavailable", std::string(R"({"status":503,"id":")") + kId + "\"}",
                       "Retry-After: 0\r\n");
  });
  IngestOptions options = run_until(server.target(), [&] { return server.requests().size() >= 3; });
  options.connections = 1;
  const auto report = run_ingest(options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->retries, 1U);
  EXPECT_EQ(report->refusals, (std::map<int, std::uint64_t>{{503, 1}}));
  const auto requests = server.requests();
  ASSERT_GE(requests.size(), 3U);
  const auto from_device = [](const std::string& request) { return request.substr(request.find("\"deviceId\"")); };
  EXPECT_NE(requests[1].find(std::string(R"({"id":")") + kId), std::string::npos);
  EXPECT_EQ(from_device(requests[1]), from_device(requests[0]));
  EXPECT_EQ(requests[2].find("\"id\""), std::string::npos);
}

TEST(Ingest, an_entry_with_an_id_survives_a_lost_connection_and_one_without_does_not) {
  for (const bool with_ids : {true, false}) {
    RecordingServer server([](std::size_t number) { return number == 1 ? DumbServer::kHangUp : accepted(); });
    IngestOptions options = run_until(server.target(), [&] { return server.requests().size() >= 2; });
    options.connections = 1;
    options.entries.with_ids = with_ids;
    const auto report = run_ingest(options);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->connection_errors, 1U);
    EXPECT_EQ(report->retries, with_ids ? 1U : 0U);
    const auto requests = server.requests();
    ASSERT_GE(requests.size(), 2U);
    EXPECT_EQ(requests[0] == requests[1], with_ids);
  }
}

TEST(Ingest, a_server_that_never_answers_does_not_hold_it) {
  RecordingServer server([](std::size_t) { return std::string(); });
  IngestOptions options = run_until(server.target(), [&] { return server.requests().size() >= 4; });
  options.grace = milliseconds(50);
  const auto report = run_ingest(options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->accepted, 0U);
  EXPECT_EQ(report->unanswered, 4U);
}

TEST(Ingest, the_measured_time_ends_a_run_whatever_the_server_does) {
  DumbServer server([](const std::string&) { return std::string(); });
  IngestOptions options = run_until(server.target(), {});
  options.measured = milliseconds(50);
  options.grace = milliseconds(50);
  const auto report = run_ingest(options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->accepted, 0U);
}

TEST(Ingest, a_port_where_nobody_listens_is_a_report_of_connection_errors) {
  const Target nobody = DumbServer([](const std::string&) { return accepted(); }).target();
  IngestOptions options = run_until(nobody, {});
  options.measured = milliseconds(50);
  const auto report = run_ingest(options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->accepted, 0U);
  EXPECT_EQ(report->connection_errors, 4U);
  EXPECT_EQ(report->last_connection_error, "Connection refused");
}

TEST(Ingest, a_connection_that_the_server_closes_after_its_answer_is_opened_again) {
  std::atomic<int> served{0};
  DumbServer server([&](const std::string&) {
    ++served;
    return http_answer("200 OK", "{}", "Connection: close\r\n");
  });
  const auto report = run_ingest(run_until(server.target(), [&] { return served >= 20; }));
  ASSERT_TRUE(report);
  EXPECT_GE(report->latencies.count(), 20U);
  EXPECT_EQ(report->errors(), 0U);
}

TEST(Ingest, refusals_are_counted_by_status_and_not_sent_again) {
  RecordingServer server([](std::size_t number) {
    return number % 2 == 0 ? http_answer("400 Bad Request", "{}") : http_answer("409 Conflict", "{}");
  });
  IngestOptions options = run_until(server.target(), [&] { return server.requests().size() >= 10; });
  options.connections = 1;
  const auto report = run_ingest(options);
  ASSERT_TRUE(report);
  EXPECT_GE(report->refusals.at(400), 5U);
  EXPECT_GE(report->refusals.at(409), 5U);
  EXPECT_EQ(report->retries, 0U);
  EXPECT_EQ(report->errors(), server.requests().size());
}

TEST(LeaderOf, a_307_names_the_leader_and_a_200_is_the_leader) {
  DumbServer leader([](const std::string&) { return accepted(); });
  DumbServer follower([&](const std::string& request) {
    EXPECT_TRUE(request.starts_with("POST /api/timeseries?redirect=true HTTP/1.1\r\n"));
    return http_answer("307 Temporary Redirect", R"({"leaderId":"node2"})",
                       "Location: http://" + leader.target().authority() + "/api/timeseries?redirect=true\r\n");
  });
  DumbServer lost([](const std::string&) { return http_answer("503 Service Unavailable", "{}"); });
  EXPECT_EQ(leader_of(follower.target()), leader.target());
  EXPECT_EQ(leader_of(leader.target()), leader.target());
  EXPECT_FALSE(leader_of(lost.target()));
}

TEST(Report, the_json_object_has_every_figure) {
  IngestReport report;
  report.accepted = 20;
  report.measured_seconds = 2;
  report.latencies.record(1'000'000);
  report.refusals = {{409, 1}, {503, 2}};
  report.connection_errors = 3;
  report.retries = 4;
  report.unanswered = 5;
  report.client_core_share = 0.25;
  EXPECT_EQ(as_json(report),
            R"({"entriesPerSecond":10.0,"entries":20,"seconds":2.000,)"
            R"("latencyMs":{"p50":1.000,"p90":1.000,"p99":1.000,"p99.9":1.000,"max":1.000},)"
            R"("errors":6,"refusalsByStatus":{"409":1,"503":2},"connectionErrors":3,"retries":4,"unanswered":5,)"
            R"("clientCoreShare":0.250})"
            "\n");
}

}  // namespace
}  // namespace timestore::bench
