#include "bench/ingest/entry_requests.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "engine/base/base64.h"

namespace timestore::bench {
namespace {

const Target kTarget{"127.0.0.1", "5001"};

TEST(EntryRequests, a_request_is_whole_http_with_the_length_of_its_body) {
  const EntryRequests requests(kTarget, {});
  const std::string body = R"({"deviceId":"bench-000007","timestamp":"2001-09-09T01:46:40.000000009Z","value":21.05})";
  EXPECT_EQ(
      requests.request({.id = {}, .device = 7, .timestamp_ns = 1'000'000'000'000'000'009, .value_hundredths = 2105}),
      "POST /api/timeseries HTTP/1.1\r\nHost: 127.0.0.1:5001\r\nContent-Type: application/json\r\n"
      "Content-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body);
}

TEST(EntryRequests, an_id_stands_first_in_the_body) {
  EntryRequests requests(kTarget, {});
  Entry entry = requests.next(0);
  EXPECT_EQ(requests.request(entry).find("\"id\""), std::string::npos);
  entry.id = "0f0e0d0c-0b0a-4908-8706-050403020100";
  EXPECT_NE(requests.request(entry).find(R"({"id":"0f0e0d0c-0b0a-4908-8706-050403020100","deviceId":)"),
            std::string::npos);
}

TEST(EntryRequests, etcd_gets_the_same_as_a_key_and_a_value) {
  const EntryRequests requests(kTarget, {.server = Server::kEtcd});
  const Entry entry{.id = {}, .device = 7, .timestamp_ns = 1'700'000'000'000'000'000, .value_hundredths = 2105};
  const std::string request = requests.request(entry);
  EXPECT_TRUE(request.starts_with("POST /v3/kv/put HTTP/1.1\r\n")) << request;
  const auto in_base64 = [](std::string_view text) {
    std::string encoded;
    append_base64(encoded, text);
    return encoded;
  };
  const std::string body = R"({"key":")" + in_base64("bench-000007/2023-11-14T22:13:20.000000000Z") + R"(","value":")" +
                           in_base64("21.05") + "\"}";
  EXPECT_TRUE(request.ends_with("\r\n\r\n" + body)) << request;
}

TEST(EntryRequests, devices_come_in_turn) {
  EntryRequests requests(kTarget, {.devices = 3});
  for (const std::uint64_t device : {0U, 1U, 2U, 0U, 1U}) EXPECT_EQ(requests.next(0).device, device);
}

TEST(EntryRequests, made_ids_are_different_random_guids) {
  EntryRequests requests(kTarget, {.with_ids = true, .seed = 1});
  const std::regex guid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = requests.next(0).id;
    EXPECT_TRUE(std::regex_match(id, guid)) << id;
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000U);
}

TEST(Target, a_url_gives_host_and_port) {
  EXPECT_EQ(parse_target("http://127.0.0.1:5001"), (Target{"127.0.0.1", "5001"}));
  EXPECT_EQ(parse_target("http://node1:8080/api/timeseries?x=1"), (Target{"node1", "8080"}));
  EXPECT_EQ(parse_target("http://node1"), (Target{"node1", "80"}));
  EXPECT_EQ(parse_target("http://[::1]:5001/"), (Target{"::1", "5001"}));
  EXPECT_EQ(parse_target("http://[::1]:5001")->authority(), "[::1]:5001");
}

TEST(Target, anything_else_is_refused_with_an_example) {
  for (const char* url : {"", "127.0.0.1:5001", "https://a:1", "http://", "http://:5001", "http://a:", "http://a:0",
                          "http://a:65536", "http://a:5001x", "http://[::1", "http://[::1]5001"}) {
    const auto target = parse_target(url);
    ASSERT_FALSE(target) << url;
    EXPECT_NE(target.error().message.find("http://127.0.0.1:5001"), std::string::npos);
  }
}

}  // namespace
}  // namespace timestore::bench
