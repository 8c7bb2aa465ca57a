// What a node says while it does not know its peers yet.
#include "net/members/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <simdjson.h>

#include <atomic>
#include <thread>

#include "net/base/log.h"
#include "net/swagger/files.h"
#include "tests/net/free_port.h"

namespace timestore::net {
namespace {

class LearningNode : public ::testing::Test {
 protected:
  void SetUp() override {
    start_log("error", "text", "test");
    SettingsText text;
    text.node_id = "n1";
    text.listen = "127.0.0.1:" + std::to_string(port_);
    text.peers = "http://127.0.0.1:" + std::to_string(free_port());  // where nobody is
    text.database = "n1.db";
    thread_ = std::thread([this, settings = *check(text)] {
      EXPECT_FALSE(find_members(settings, {}, [this] { return stopping_.load(); })) << "whom did it ask?";
    });
    while (!client().Get("/raft/status")) std::this_thread::yield();
  }
  void TearDown() override {
    stopping_ = true;
    thread_.join();
  }

  httplib::Client client() const { return httplib::Client("127.0.0.1", port_); }

  void expect_to_have(const std::string& method, const std::string& path) const {
    httplib::Request request;
    request.method = method;
    request.path = path;
    request.set_header("Content-Type", "application/json");
    if (method == "POST") request.body = "{}";
    const auto answer = client().send(request);
    ASSERT_TRUE(answer) << method << ' ' << path << ": " << httplib::to_string(answer.error());
    if (path == "/raft/status") {
      EXPECT_EQ(answer->status, 200);
      EXPECT_THAT(answer->body, ::testing::HasSubstr(R"("nodeId":"n1")"));
    } else {
      EXPECT_EQ(answer->status, 503) << method << ' ' << path;
      EXPECT_EQ(answer->get_header_value("Retry-After"), "1") << method << ' ' << path;
    }
  }

 private:
  const int port_ = free_port();
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// 404 would mean that it is of the original: to a question whether one may campaign, that is taken for a yes.
TEST_F(LearningNode, has_every_endpoint_and_says_that_it_cannot_answer_yet) {
  simdjson::dom::parser parser;
  const simdjson::padded_string document{kOpenApiJson};
  const simdjson::dom::object paths = parser.parse(document)["paths"].get_object().value();
  std::size_t asked = 0;
  for (const auto& [pattern, methods] : paths) {
    std::string path(pattern);
    if (const auto parameter = path.find('{'); parameter != std::string::npos) path.replace(parameter, path.npos, "x");
    const simdjson::dom::object operations = methods.get_object().value();
    for (const auto& [name, operation] : operations) {
      std::string method(name);
      for (char& letter : method) letter = static_cast<char>(letter - 'a' + 'A');
      expect_to_have(method, path);
      ++asked;
    }
  }
  EXPECT_GE(asked, 13U);
  expect_to_have("POST", "/raft/snapshot");  // is not described
}

}  // namespace
}  // namespace timestore::net
