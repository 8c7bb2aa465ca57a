// A node with the doors for line protocol, whose leader is pretended: it takes commands and says what the test wants.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/series/command.h"
#include "net/api/influx_write_api.h"
#include "tests/net/one_node.h"

namespace timestore::net {

class InfluxWriteApiTest : public OneNodeTest {
 protected:
  void add_routes(http::Router& router) override {
    api_.emplace(*access_, Patience{.write = std::chrono::milliseconds(300)});
    api_->add_routes(router);
  }

  // A follower, whose leader gives these answers, one after the other, and the last of them again.
  void start_with_leader(std::vector<std::string> answers) {
    answers_ = std::move(answers);
    leader_.emplace("POST", client::kSubmitPath, [this](const http::Request& request, http::Response& response) {
      const std::lock_guard lock(mutex_);
      response.set_content(answers_[std::min(commands_.size(), answers_.size() - 1)], "text/plain");
      commands_.push_back(request.body);
    });
    start_as_follower({{"n2", leader_->address()}});
    follow("n2", 1);
  }

  httplib::Response post(const std::string& target, const std::string& body,
                         const httplib::Headers& headers = {}) const {
    const auto answer = client().Post(target, headers, body, "text/plain");
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }

  // Of a write with one answer: its status, a space, and its body.
  static std::string said(const httplib::Response& answer) { return std::to_string(answer.status) + " " + answer.body; }

  std::vector<LineWrite> writes() const {
    const std::lock_guard lock(mutex_);
    std::vector<LineWrite> writes;
    for (const std::string& command : commands_) writes.push_back(decode_command(command).value().lines.value());
    return writes;
  }

  std::vector<std::string> answers_;
  std::vector<std::string> commands_;
  mutable std::mutex mutex_;
  std::optional<AskedNode> leader_;
  std::optional<InfluxWriteApi> api_;
};

}  // namespace timestore::net
