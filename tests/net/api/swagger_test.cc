// The description of the API must not promise what is not there, nor keep quiet about what is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "engine/wire/codec.h"
#include "net/api/cluster_api.h"
#include "net/api/deletes_api.h"
#include "net/api/entry_bodies.h"
#include "net/api/influx_ping_api.h"
#include "net/api/influx_query_api.h"
#include "net/api/influx_write_api.h"
#include "net/api/queries_api.h"
#include "net/api/raft_api.h"
#include "net/api/reads_api.h"
#include "net/api/retention_api.h"
#include "net/api/swagger_api.h"
#include "net/api/time_series_api.h"
#include "net/members/members_api.h"
#include "net/members/wish.h"
#include "net/swagger/files.h"
#include "tests/scratch_directory.h"

namespace timestore::net {
namespace {

namespace dom = simdjson::dom;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// By value: what value() refers to would not outlive the head of a loop.
dom::object members_of(dom::element element) { return element.get_object().value(); }

std::multiset<std::string> names_of(dom::element element) {
  std::multiset<std::string> names;
  for (const auto& [name, value] : members_of(element)) names.emplace(name);
  return names;
}

class OpenApiTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(parser_.parse(padded_).get(document_), simdjson::SUCCESS); }

  dom::element at(const std::string& pointer) const {
    dom::element found;
    EXPECT_EQ(document_.at_pointer(pointer).get(found), simdjson::SUCCESS) << pointer;
    return found;
  }
  // The examples of a request body, as JSON.
  std::vector<std::string> request_examples(const std::string& path_step) const {
    const dom::element content = at("/paths/" + path_step + "/post/requestBody/content/application~1json");
    dom::element example;
    if (content["example"].get(example) == simdjson::SUCCESS) return {simdjson::minify(example)};
    std::vector<std::string> examples;
    for (const auto& [name, each] : members_of(content["examples"].value())) {
      examples.push_back(simdjson::minify(each["value"].value()));
    }
    return examples;
  }
  std::multiset<std::string> names(const std::string& pointer) const { return names_of(at(pointer)); }

  const simdjson::padded_string padded_{kOpenApiJson};
  dom::parser parser_;
  dom::element document_;
};

// The router of a cluster of one node. The routes are looked up, never taken.
class RoutesTest : public OpenApiTest {
 protected:
  void SetUp() override {
    OpenApiTest::SetUp();
    Node::Options options;
    options.replica.node = "n1";
    options.replica.configuration.voters = {{.id = "n1", .url = "http://127.0.0.1:1"}};
    options.series_path = directory_.file("series.db");
    options.replica.log_path = directory_.file("series.db.log");
    auto log = store::LogFile::open(options.replica.log_path);
    ASSERT_TRUE(log) << log.error().message;
    auto node = Node::start(std::move(options), std::move(*log));
    ASSERT_TRUE(node) << node.error().message;
    node_ = std::move(*node);
    cluster_.emplace(*node_, forwarder_);
    readers_.emplace(directory_.file("series.db"), node_->board());
    time_series_.emplace(*cluster_, *readers_, Patience{});
    raft_.emplace(*node_, *cluster_, "test");
    time_series_->add_routes(router_);
    reads_.emplace(*cluster_, *readers_, queries_, Patience{});
    reads_->add_routes(router_);
    influx_queries_.emplace(*cluster_, *readers_, queries_, Patience{});
    influx_queries_->add_routes(router_);
    queries_api_.add_routes(router_);
    retention_.emplace(*node_, *cluster_, forwarder_, *readers_, Patience{});
    retention_->add_routes(router_);
    deletes_.emplace(*node_, *cluster_, forwarder_, Patience{});
    deletes_->add_routes(router_);
    cluster_api_.emplace(*node_, *cluster_, forwarder_);
    raft_->add_routes(router_);
    cluster_api_->add_routes(router_);
    members_api_.emplace(*node_, *cluster_, forwarder_);
    members_api_->add_routes(router_);
    influx_write_.emplace(*cluster_, Patience{});
    influx_write_->add_routes(router_);
    influx_ping_.emplace(*node_, "test");
    influx_ping_->add_routes(router_);
  }
  void TearDown() override {
    if (node_) node_->stop();
  }

  ScratchDirectory directory_;
  std::unique_ptr<Node> node_;
  Forwarder forwarder_{"n1", {}};
  std::optional<ClusterAccess> cluster_;
  std::optional<Readers> readers_;
  std::optional<TimeSeriesApi> time_series_;
  RunningQueries queries_;
  std::optional<ReadsApi> reads_;
  std::optional<InfluxQueryApi> influx_queries_;
  QueriesApi queries_api_{queries_};
  std::optional<RetentionApi> retention_;
  std::optional<DeletesApi> deletes_;
  std::optional<RaftApi> raft_;
  std::optional<ClusterApi> cluster_api_;
  std::optional<MembersApi> members_api_;
  std::optional<InfluxWriteApi> influx_write_;
  std::optional<InfluxPingApi> influx_ping_;
  http::Router router_;
};

std::string upper(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

TEST_F(RoutesTest, of_each_documented_path_are_the_documented_ones) {
  for (const auto& [path, methods] : members_of(at("/paths"))) {
    std::set<std::string> documented = {"OPTIONS"};
    for (const auto& [name, operation] : members_of(methods)) {
      const std::string method = upper(name);
      documented.insert(method);
      if (method == "GET") documented.insert("HEAD");
      const auto match = router_.find(method, path);
      ASSERT_NE(match.route, nullptr) << method << ' ' << path;
      EXPECT_EQ(match.route->pattern, path);
      dom::element body;
      EXPECT_EQ(match.route->body.has_value(), operation["requestBody"].get(body) == simdjson::SUCCESS) << path;
    }
    std::set<std::string> allowed;
    std::stringstream allow(router_.find("NONE", path).allow);
    for (std::string method; std::getline(allow >> std::ws, method, ',');) allowed.insert(method);
    EXPECT_EQ(allowed, documented) << path;
  }
}

void collect_references(dom::element element, std::vector<std::string>& references) {
  if (element.is_array()) {
    const dom::array elements = element.get_array().value();
    for (const dom::element each : elements) collect_references(each, references);
  } else if (element.is_object()) {
    for (const auto& [name, value] : members_of(element)) {
      if (name == "$ref") references.emplace_back(value.get_string().value());
      collect_references(value, references);
    }
  }
}

TEST_F(OpenApiTest, every_reference_leads_somewhere_and_every_component_is_referred_to) {
  std::vector<std::string> references;
  collect_references(document_, references);
  const std::set<std::string> distinct(references.begin(), references.end());
  std::set<std::string> components;
  for (const std::string& kind : names("/components")) {
    for (const std::string& name : names("/components/" + kind)) {
      components.insert("#/components/" + kind + '/' + name);
    }
  }
  EXPECT_THAT(distinct, Not(IsEmpty()));
  EXPECT_EQ(distinct, components);
}

bool is_taken(const std::string& body, const std::string& type) {
  http::Request request;
  request.head.fields.push_back({"Content-Type", type});
  request.body = body;
  return read_entries(request).has_value();
}

TEST_F(OpenApiTest, every_example_of_a_request_is_one_that_a_node_takes) {
  const auto entries = request_examples("~1api~1timeseries");
  EXPECT_THAT(entries, Not(IsEmpty()));
  for (const std::string& entry : entries) EXPECT_TRUE(is_taken(entry, "application/json")) << entry;
  for (const std::string type : {"application/x-ndjson", "text/csv"}) {
    const std::string media =
        "/requestBody/content/" + std::string(type == "text/csv" ? "text~1csv" : "application~1x-ndjson");
    EXPECT_TRUE(
        is_taken(std::string(at("/paths/~1api~1timeseries/post" + media + "/example").get_string().value()), type));
  }
  for (const std::string& vote : request_examples("~1raft~1vote")) EXPECT_TRUE(raft::decode_vote_request(vote));
  for (const std::string& append : request_examples("~1raft~1append")) {
    EXPECT_TRUE(raft::decode_append_request(append));
  }
  for (const std::string& vote : request_examples("~1raft~1prevote")) EXPECT_TRUE(raft::decode_pre_vote_request(vote));
  for (const std::string& order : request_examples("~1raft~1timeout-now")) {
    EXPECT_TRUE(raft::decode_timeout_now(order));
  }
  for (const std::string& wish : request_examples("~1cluster~1members")) EXPECT_TRUE(parse_wish(wish)) << wish;
}

// The page offers to send the examples: they must not disturb an election, or change a log.
TEST_F(OpenApiTest, the_examples_of_raft_messages_are_of_a_term_that_has_passed) {
  EXPECT_EQ(raft::decode_vote_request(request_examples("~1raft~1vote").at(0))->term, 0U);
  EXPECT_EQ(raft::decode_append_request(request_examples("~1raft~1append").at(0))->term, 0U);
  EXPECT_EQ(raft::decode_pre_vote_request(request_examples("~1raft~1prevote").at(0))->term, 0U);
  EXPECT_EQ(raft::decode_timeout_now(request_examples("~1raft~1timeout-now").at(0))->term, 0U);
}

TEST_F(OpenApiTest, the_fields_of_the_status_are_those_that_a_node_answers) {
  replica::Status status;
  status.peers = {{.id = "n1", .url = "http://a:1", .match = 0, .silent_ticks = 0}};
  const simdjson::padded_string answer(status_json(status, "1", Clock::duration{}, std::chrono::milliseconds(10), 60));
  dom::parser parser;
  const dom::element json = parser.parse(answer).value();
  EXPECT_EQ(names("/components/schemas/Status/properties"), names_of(json));
  EXPECT_EQ(names("/components/schemas/StatusMember/properties"), names_of(json.at_pointer("/members/0").value()));
}

TEST_F(OpenApiTest, the_fields_of_a_member_are_those_that_a_node_answers) {
  replica::Status status;
  status.peers = {{.id = "n1", .url = "http://a:1"}};
  const simdjson::padded_string answer(
      member_json(status, status.peers[0], RoleNames::kFour, std::chrono::milliseconds(10), 60));
  dom::parser parser;
  EXPECT_EQ(names("/components/schemas/Member/properties"), names_of(parser.parse(answer).value()));
}

http::Response get(const std::string& path) {
  http::Router router;
  SwaggerApi().add_routes(router);
  http::Response response;
  const auto match = router.find("GET", path);
  EXPECT_NE(match.route, nullptr) << path;
  if (match.route != nullptr) match.route->handler(http::Request(), response);
  return response;
}

TEST(SwaggerPage, asks_no_other_host) {
  const http::Response page = get("/swagger/index.html");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(std::string(page.header("Content-Security-Policy")), HasSubstr("default-src 'none'"));
  EXPECT_THAT(page.body, HasSubstr("</html>"));
  EXPECT_THAT(page.body, Not(HasSubstr("//")));
  EXPECT_THAT(page.body, Not(HasSubstr("innerHTML")));
}

TEST(SwaggerPage, reads_the_document_from_where_it_is_served) {
  EXPECT_THAT(get("/swagger/index.html").body, HasSubstr("\"/swagger/v1/swagger.json\""));
  const http::Response document = get("/swagger/v1/swagger.json");
  EXPECT_EQ(document.content_type, "application/json");
  EXPECT_EQ(document.body, kOpenApiJson);
}

TEST(SwaggerPage, is_found_at_the_shorter_path_too) {
  const http::Response response = get("/swagger");
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.header("Location"), "/swagger/index.html");
}

}  // namespace
}  // namespace timestore::net
