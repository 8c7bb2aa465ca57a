// Clients that send nonsense get a clear refusal, and nothing of it is stored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/system/cluster.h"

namespace timestore::system::hostile_input_test {
namespace {

using ::testing::HasSubstr;

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t n = 0; n < times; ++n) out += text;
  return out;
}

// An entry's JSON with its properties replaced: `value` stands for the number and whatever may follow it.
std::string with_value(const std::string& value) {
  return R"({"deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":)" + value + "}";
}
std::string with_timestamp(const std::string& timestamp) {
  return R"({"deviceId":"d","timestamp":)" + timestamp + R"(,"value":1})";
}
std::string with_device(const std::string& device) {
  return R"({"deviceId":)" + device + R"(,"timestamp":"2024-05-01T12:00:00Z","value":1})";
}
std::string with_id(const std::string& id) {
  return R"({"id":)" + id + R"(,"deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":1})";
}

struct BadBody {
  std::string body;
  std::string pointer;  // of the fault that must be named; empty: the whole body
};

std::vector<BadBody> bad_bodies() {
  return {
      // Not JSON.
      {"", ""},
      {"{", ""},
      {"nonsense", ""},
      {with_value("1") + "}", ""},
      {with_value("1,"), ""},
      {with_value("NaN"), ""},
      {with_value("Infinity"), ""},
      {with_value("-Infinity"), ""},
      {with_value("01"), ""},
      {R"({'deviceId':'d'})", ""},
      {with_device("\"\xff\xfe\""), ""},
      {with_device("\"\xed\xa0\x80\""), ""},
      {std::string("\0\0\0\0", 4), ""},
      {repeated("[", 1'000'000), ""},
      {repeated(R"({"a":)", 200'000), ""},
      // JSON, but no time entry.
      {"null", ""},
      {"7", ""},
      {R"("text")", ""},
      // Values of other types.
      {with_value(R"("warm")"), "/value"},
      {with_value("true"), "/value"},
      {with_value("null"), "/value"},
      {with_value("[1]"), "/value"},
      {with_value(R"("NaN")"), "/value"},
      {with_value(R"("Infinity")"), "/value"},
      {with_device("7"), "/deviceId"},
      {with_device("null"), "/deviceId"},
      {with_device("{}"), "/deviceId"},
      {with_timestamp("1714521600"), "/timestamp"},
      {with_timestamp("null"), "/timestamp"},
      {with_id("7"), "/id"},
      {with_value(R"(1,"attributes":"text")"), "/attributes"},
      {with_value(R"(1,"attributes":[1])"), "/attributes"},
      // Missing, unknown and repeated properties.
      {R"({"timestamp":"2024-05-01T12:00:00Z","value":1})", "/deviceId"},
      {R"({"deviceId":"d","value":1})", "/timestamp"},
      {R"({"deviceId":"d","timestamp":"2024-05-01T12:00:00Z"})", "/value"},
      {with_value(R"(1,"colour":"red")"), "/colour"},
      {with_value(R"(1,"Value":2)"), "/value"},
      // Values out of their limits.
      {with_device(R"("")"), "/deviceId"},
      {with_device('"' + repeated("d", 257) + '"'), "/deviceId"},
      {with_id(R"("1234")"), "/id"},
      {with_id(R"("6f9619ff-8b86-d011-b42d-00c04fc964fg")"), "/id"},
      {with_id(R"("{6f9619ff-8b86-d011-b42d-00c04fc964ff}")"), "/id"},
      {with_timestamp(R"("yesterday")"), "/timestamp"},
      {with_timestamp(R"("2024-02-30T00:00:00Z")"), "/timestamp"},
      {with_timestamp(R"("2024-05-01T25:00:00Z")"), "/timestamp"},
      {with_timestamp(R"("1677-09-20T00:00:00Z")"), "/timestamp"},
      {with_timestamp(R"("2262-04-12T00:00:00Z")"), "/timestamp"},
      {with_timestamp(R"("9999-12-31T23:59:59Z")"), "/timestamp"},
      {with_value(R"(1,"attributes":{"a":")" + repeated("a", 16 * 1024) + "\"}"), "/attributes"},
  };
}

class HostileInput : public ::testing::Test {
 protected:
  HostileInput() : cluster_(3) {
    cluster_.start_all();
    leader_ = cluster_.await_leader();
    EXPECT_TRUE(leader_);
  }

  void expect_problem(const Answer& answer, int status, const std::string& of) {
    EXPECT_EQ(answer.status, status) << of << " got " << answer;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << of;
    const Json problem(answer.body);
    EXPECT_EQ(problem.integer("/status"), status) << of;
    for (const char* member : {"/type", "/title", "/detail"}) {
      EXPECT_FALSE(problem.text(member).value_or("").empty()) << of << " has no " << member;
    }
  }

  // The answer is written by hand, so it can come while the body is still being sent.
  void expect_refused_in_flight(std::size_t node, const std::string& head, std::size_t body_bytes, int status) {
    RawConnection connection(cluster_.port(node));
    ASSERT_TRUE(connection.is_open());
    connection.send(head);
    const std::string piece(64 * 1024, ' ');
    for (std::size_t sent = 0; sent < body_bytes && connection.send(piece); sent += piece.size()) {
    }
    const auto answer = connection.read_to_end();
    ASSERT_TRUE(answer) << "neither answered nor closed";
    EXPECT_THAT(*answer, HasSubstr("HTTP/1.1 " + std::to_string(status) + " "));
    EXPECT_THAT(*answer, HasSubstr("application/problem+json"));
  }

  void expect_nothing_stored_and_all_well() {
    const Entry entry{.id = guid(1), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
    for (std::size_t node = 0; node < cluster_.size(); ++node) {
      EXPECT_TRUE(cluster_.is_running(node)) << cluster_.id(node);
      EXPECT_EQ(cluster_.client(node).post(kSeries, to_json(entry)).status, 200) << cluster_.id(node);
    }
    ASSERT_TRUE(cluster_.await_agreement());
    for (std::size_t node = 0; node < cluster_.size(); ++node) {
      EXPECT_EQ(entries_in(cluster_.content_of(node)), std::vector{entry});
    }
  }

  std::vector<std::size_t> leader_and_follower() {
    const std::size_t leader = leader_.value_or(0);
    return {leader, cluster_.follower_of(leader)};
  }

  Cluster cluster_;
  std::optional<std::size_t> leader_;
};

TEST_F(HostileInput, a_bad_body_is_refused_with_its_fault_named) {
  for (const std::size_t node : leader_and_follower()) {
    Client client = cluster_.client(node);
    for (const BadBody& bad : bad_bodies()) {
      const Answer answer = client.post(kSeries, bad.body);
      const std::string of = bad.body.substr(0, 100);
      expect_problem(answer, 400, of);
      const auto pointer = Json(answer.body).text("/errors/0/pointer").value_or("");
      EXPECT_EQ(pointer, bad.pointer) << of << " got " << answer;
    }
  }
  expect_nothing_stored_and_all_well();
}

TEST_F(HostileInput, an_unknown_property_comes_with_the_hint_to_use_attributes) {
  const Answer answer = cluster_.client(0).post(kSeries, with_value(R"(1,"colour":"red")"));
  EXPECT_THAT(answer.body, HasSubstr("attributes"));
}

TEST_F(HostileInput, everything_that_is_wrong_is_said_at_once) {
  const Answer answer = cluster_.client(0).post(kSeries, R"({"deviceId":7,"timestamp":"soon","value":"much"})");
  expect_problem(answer, 400, "three faults");
  EXPECT_EQ(Json(answer.body).size("/errors"), 3U) << answer;
}

TEST_F(HostileInput, attributes_nested_too_deeply_are_refused) {
  const std::string nested = repeated(R"({"a":)", 70) + "1" + repeated("}", 70);
  expect_problem(cluster_.client(0).post(kSeries, with_value(R"(1,"attributes":)" + nested)), 400, "70 levels");
  expect_nothing_stored_and_all_well();
}

TEST_F(HostileInput, a_body_of_20_mebibytes_is_too_large) {
  constexpr std::size_t kBytes = 20 << 20;
  for (const std::size_t node : leader_and_follower()) {
    const std::string head = "POST /api/timeseries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    expect_refused_in_flight(node, head + "Content-Length: " + std::to_string(kBytes) + "\r\n\r\n", kBytes, 413);
  }
  expect_nothing_stored_and_all_well();
}

TEST_F(HostileInput, another_media_type_is_refused) {
  for (const char* type :
       {"text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"}) {
    expect_problem(cluster_.client(0).post(kSeries, with_value("1"), {}, type), 415, type);
  }
  expect_nothing_stored_and_all_well();
}

TEST_F(HostileInput, a_method_that_a_path_does_not_have_is_refused_with_those_it_has) {
  struct Case {
    const char* method;
    const char* path;
    const char* allowed;
  };
  for (const auto& [method, path, allowed] : {Case{"PUT", "/api/timeseries", "POST"},
                                              {"PATCH", "/api/timeseries", "GET"},
                                              {"POST", "/raft/status", "GET"},
                                              {"GET", "/raft/vote", "POST"},
                                              {"DELETE", "/raft/append", "POST"}}) {
    const Answer answer = cluster_.client(0).send(method, path);
    expect_problem(answer, 405, path);
    EXPECT_THAT(answer.header("Allow"), HasSubstr(allowed));
  }
}

TEST_F(HostileInput, an_unknown_path_is_not_found) {
  for (const char* path :
       {"/", "/api", "/api/timeserie", "/raft/secret", "/api/timeseries/device/", "/../etc/passwd"}) {
    const Answer answer = cluster_.client(0).get(path);
    EXPECT_THAT(answer.status, ::testing::AnyOf(400, 404)) << path;
    expect_problem(answer, answer.status, path);
  }
}

TEST_F(HostileInput, bytes_that_are_not_http_are_refused) {
  for (const std::string& bytes :
       {std::string("hello\r\n\r\n"), std::string("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 11),
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("GET\r\n\r\n"),
        "GET / HTTP/1.1\r\n" + repeated("a: b\r\n", 5000) + "\r\n"}) {
    RawConnection connection(cluster_.port(0));
    connection.send(bytes);
    EXPECT_TRUE(connection.read_to_end()) << "neither refused nor closed: " << bytes.substr(0, 20);
  }
  expect_nothing_stored_and_all_well();
}

}  // namespace
}  // namespace timestore::system::hostile_input_test
