// What clients of InfluxDB are answered when they write. The leader is pretended.
#include "net/api/influx_write_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/api/influx_headers.h"
#include "tests/net/http/gzip.h"
#include "tests/net/pretended_leader.h"

namespace timestore::net {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// ---- 1.x

TEST_F(InfluxWriteApiTest, good_lines_are_stored_and_answered_with_nothing) {
  start_with_leader({"stored 17"});
  const auto answer = post("/write?db=telegraf&precision=s", "cpu,host=a idle=1,busy=2i 5\ncpu,host=b idle=3 6\n");
  EXPECT_EQ(said(answer), "204 ");
  EXPECT_EQ(answer.get_header_value("X-Influxdb-Version"), kInfluxVersion);
  EXPECT_EQ(answer.get_header_value("X-Influxdb-Build"), "OSS");
  EXPECT_EQ(answer.get_header_value("Request-Id").size(), 36U);
  EXPECT_EQ(answer.get_header_value("Request-Id"), answer.get_header_value("X-Request-Id"));
  EXPECT_EQ(answer.get_header_value("X-Timestore-Applied-Index"), "17");
  const auto stored = writes();
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].database, "telegraf");
  EXPECT_TRUE(stored[0].keeps_good_lines);
  EXPECT_THAT(stored[0].line_ends, ElementsAre(2, 3));
  EXPECT_EQ(stored[0].series[1].name, "cpu,host=a busy");
  EXPECT_EQ(stored[0].points[2].time_ns, 6'000'000'000);
}

TEST_F(InfluxWriteApiTest, each_precision_counts_what_it_says) {
  start_with_leader({"stored 1"});
  const std::vector<std::pair<std::string, std::int64_t>> units = {{"", 1},
                                                                   {"n", 1},
                                                                   {"ns", 1},
                                                                   {"u", 1'000},
                                                                   {"us", 1'000},
                                                                   {"ms", 1'000'000},
                                                                   {"s", 1'000'000'000},
                                                                   {"m", 60'000'000'000},
                                                                   {"h", 3'600'000'000'000}};
  for (const auto& [name, unit] : units) {
    EXPECT_EQ(post("/write?db=d&precision=" + name, "m f=1 7").status, 204) << name;
    EXPECT_EQ(writes().back().points[0].time_ns, 7 * unit) << name;
  }
  EXPECT_EQ(said(post("/write?db=d&precision=x", "m f=1 7")),
            "400 {\"error\":\"invalid precision \\\"x\\\" (use n, u, ms, s, m or h)\"}\n");
}

TEST_F(InfluxWriteApiTest, a_line_without_a_time_has_that_of_the_server) {
  start_with_leader({"stored 1"});
  const std::int64_t before = nanoseconds_since_1970();
  EXPECT_EQ(post("/write?db=d", "m f=1").status, 204);
  EXPECT_GE(writes()[0].points[0].time_ns, before);
  EXPECT_LE(writes()[0].points[0].time_ns, nanoseconds_since_1970());
}

TEST_F(InfluxWriteApiTest, the_database_is_asked_for_first) {
  start_with_leader({"stored 1"});
  const auto answer = post("/write?precision=x&rp=x", "bad");
  EXPECT_EQ(said(answer), "400 {\"error\":\"database is required\"}\n");
  EXPECT_EQ(answer.get_header_value("X-Influxdb-Error"), "database is required");
  EXPECT_EQ(answer.get_header_value("Content-Type"), "application/json");
  EXPECT_FALSE(answer.has_header("Retry-After"));
  for (const char* name : {"a/b", "..", "a%5Cb", "a%0Ab", "%ff", "%7f"}) {
    EXPECT_EQ(said(post(std::string("/write?db=") + name, "m f=1")), "400 {\"error\":\"invalid name\"}\n") << name;
  }
  EXPECT_EQ(post("/write?db=" + std::string(kMaxDatabaseBytes + 1, 'd'), "m f=1").status, 400);
  EXPECT_EQ(post("/write?db=" + std::string(kMaxDatabaseBytes, 'd'), "m f=1").status, 204);
}

TEST_F(InfluxWriteApiTest, our_own_database_needs_no_name_in_the_store) {
  start_with_leader({"stored 1"});
  EXPECT_EQ(post("/write?db=timestore", "m f=1").status, 204);
  EXPECT_EQ(post("/write?db=Timestore", "m f=1").status, 204);
  EXPECT_EQ(writes()[0].database, "");
  EXPECT_EQ(writes()[1].database, "Timestore") << "names are compared as they are written";
}

TEST_F(InfluxWriteApiTest, what_does_not_matter_is_not_looked_at) {
  start_with_leader({"stored 1"});
  const httplib::Headers headers = {{"Authorization", "Token secret"}, {"X-Request-Id", "mine"}};
  const auto answer = post("/write?db=d&rp=&consistency=ALL&u=me&p=secret&whatever=1&db=e", "m f=1", headers);
  EXPECT_EQ(answer.status, 204) << answer.body;
  EXPECT_EQ(answer.get_header_value("Request-Id"), "mine");
  EXPECT_EQ(writes()[0].database, "d") << "the first counts";
  EXPECT_EQ(post("/write?db=d&rp=autogen&consistency=one", "m f=1").status, 204);
  EXPECT_EQ(post("/WRITE?db=d", "m f=1").status, 204) << "npm's client, Grafana and others do not agree on case";
}

TEST_F(InfluxWriteApiTest, an_unknown_policy_or_consistency_is_found_behind_lines_that_are_all_bad) {
  start_with_leader({"stored 1"});
  EXPECT_EQ(said(post("/write?db=d&rp=nope", "m f=1")), "500 {\"error\":\"retention policy not found: nope\"}\n");
  EXPECT_EQ(said(post("/write?db=d&consistency=x", "m f=1")), "400 {\"error\":\"invalid consistency level\"}\n");
  EXPECT_THAT(said(post("/write?db=d&rp=nope&consistency=x", "m g")), HasSubstr("unable to parse 'm g'"));
  EXPECT_TRUE(writes().empty());
}

TEST_F(InfluxWriteApiTest, a_body_without_lines_is_done_at_once) {
  start_with_leader({"busy"});
  for (const char* body : {"", "\n", "# a comment\n"}) EXPECT_EQ(post("/write?db=d", body).status, 204) << body;
  EXPECT_TRUE(writes().empty());
}

TEST_F(InfluxWriteApiTest, bad_lines_alone_are_told_with_their_reasons) {
  start_with_leader({"stored 1"});
  const auto answer = post("/write?db=d", "m g\nm x=1 1x");
  EXPECT_EQ(said(answer),
            "400 {\"error\":\"unable to parse 'm g': invalid field format\\nunable to parse 'm x=1 1x': bad "
            "timestamp\"}\n");
  EXPECT_EQ(answer.get_header_value("X-Influxdb-Error"),
            "unable to parse 'm g': invalid field format unable to parse 'm x=1 1x': bad timestamp")
      << "a header is one line";
  EXPECT_THAT(post("/write?db=d", "m f=3u").body, HasSubstr("invalid number")) << "unsigned numbers are of 2.x";
  EXPECT_TRUE(writes().empty());
}

TEST_F(InfluxWriteApiTest, good_lines_among_bad_ones_are_stored) {
  start_with_leader({"stored 1"});
  EXPECT_EQ(said(post("/write?db=d", "m f=1\nm g\nm h=x")),
            "400 {\"error\":\"partial write: unable to parse 'm g': invalid field format\\nunable to parse 'm h=x': "
            "invalid boolean dropped=0\"}\n");
  ASSERT_EQ(writes().size(), 1U);
  EXPECT_EQ(writes()[0].points.size(), 1U);
}

TEST_F(InfluxWriteApiTest, a_conflict_of_types_is_told_with_how_many_lines_it_dropped) {
  start_with_leader({"partly-stored 17 1 0 3"});
  EXPECT_EQ(
      said(post("/write?db=d", "m\\ 1 a\\,b=1i 1\nm f=1 2\nm f=1 3\nn g=t 4\n")),
      "400 {\"error\":\"partial write: field type conflict: input field \\\"a,b\\\" on measurement \\\"m 1\\\" is "
      "type integer, already exists as type float dropped=2\"}\n");
}

TEST_F(InfluxWriteApiTest, a_device_is_a_field_named_value_in_conflicts_too) {
  start_with_leader({"partly-stored 17 1 0"});
  EXPECT_THAT(post("/write?db=d", "timeseries,deviceId=x value=\"s\" 1\nm f=1 2").body,
              HasSubstr("input field \\\"value\\\" on measurement \\\"timeseries\\\" is type string, already exists as "
                        "type float dropped=1"));
}

TEST_F(InfluxWriteApiTest, a_conflict_at_a_place_that_there_is_not_is_told_without_a_name) {
  start_with_leader({"partly-stored 17 1 7"});
  EXPECT_EQ(said(post("/write?db=d", "m f=1 1\n")),
            "400 {\"error\":\"partial write: field type conflict dropped=1\"}\n");
}

TEST_F(InfluxWriteApiTest, lines_whose_only_field_is_time_are_dropped) {
  start_with_leader({"stored 1", "partly-stored 17 1 0"});
  const std::string invalid = "invalid field name: input field \\\"time\\\" on measurement \\\"m\\\" is invalid";
  EXPECT_EQ(said(post("/write?db=d", "m time=1")), "400 {\"error\":\"partial write: " + invalid + " dropped=1\"}\n");
  EXPECT_TRUE(writes().empty());
  EXPECT_EQ(said(post("/write?db=d", "m time=1\nm f=1\n")),
            "400 {\"error\":\"partial write: " + invalid + " dropped=1\"}\n");
  EXPECT_EQ(writes().size(), 1U);
  EXPECT_THAT(post("/write?db=d", "m f=1\nm time=1\nbad\n").body, HasSubstr(invalid + " dropped=2"));
  EXPECT_EQ(said(post("/api/v2/write?bucket=d", "m time=1\nm f=1\n")),
            "422 {\"code\":\"unprocessable entity\",\"message\":\"failure writing points to database: partial write: " +
                invalid + " dropped=2\"}");
  EXPECT_EQ(writes().size(), 2U) << "nothing of it is stored";
}

TEST_F(InfluxWriteApiTest, points_before_the_edge_of_retention_are_told) {
  start_with_leader({"partly-stored 17 0 1"});
  EXPECT_EQ(said(post("/write?db=d", "m f=1 2\nm f=1 1\n")),
            "400 {\"error\":\"partial write: points beyond retention policy dropped=1\"}\n");
}

TEST_F(InfluxWriteApiTest, a_body_of_many_points_becomes_several_writes) {
  start_with_leader({"stored 1", "partly-stored 2 1 0 30", "partly-stored 3 0 4"});
  std::string line = "m ";
  for (int field = 0; field < 30; ++field) line += (field == 0 ? "f" : ",f") + std::to_string(field) + "=1";
  std::string body;
  for (int second = 0; second < 10'000; ++second) body += line + " " + std::to_string(second) + "\n";
  const auto answer = post("/write?db=d", http::gzipped(body), {{"Content-Encoding", "gzip"}});
  EXPECT_THAT(answer.body, AllOf(HasSubstr("input field \\\"f0\\\""), HasSubstr("dropped=3\"")));
  const auto stored = writes();
  ASSERT_EQ(stored.size(), 3U);
  EXPECT_EQ(stored[0].points.size(), 4'369U * 30);
  EXPECT_EQ(stored[0].line_ends.size() + stored[1].line_ends.size() + stored[2].line_ends.size(), 10'000U);
}

TEST_F(InfluxWriteApiTest, a_body_whose_end_is_not_stored_says_so) {
  start_with_leader({"stored 1", "busy"});
  std::string body;
  for (int line = 0; line < 70'000; ++line) body += "m a=1,b=1 " + std::to_string(line) + "\n";
  const auto answer = post("/write?db=d", body);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("of 70000 lines the first 65536 are stored"));
  EXPECT_EQ(answer.get_header_value("Retry-After"), "1");
}

// Telegraf throws batches away at these words.
void expect_to_be_tried_again(const httplib::Response& answer) {
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.get_header_value("Retry-After"), "1");
  for (const char* word : {"points beyond retention policy", "partial write", "unable to parse",
                           "hinted handoff queue not empty", "retention policy not found", "database not found"}) {
    EXPECT_THAT(answer.body, Not(HasSubstr(word)));
  }
}

TEST_F(InfluxWriteApiTest, what_may_succeed_later_is_unavailable) {
  start_with_leader({"busy", "disk-full", "too-early", "unknown"});
  for (const char* words : {"too many writes are waiting", "disk is full", "not all members", "not known"}) {
    const auto answer = post("/write?db=d", "m f=1");
    expect_to_be_tried_again(answer);
    EXPECT_THAT(answer.body, AllOf(StartsWith("{\"error\":\""), HasSubstr(words), EndsWith("}\n")));
  }
}

TEST_F(InfluxWriteApiTest, without_a_leader_nothing_is_stored) {
  start_as_follower({});
  const auto answer = post("/write?db=d", "m f=1");
  expect_to_be_tried_again(answer);
  EXPECT_THAT(answer.body, HasSubstr("no leader"));
  expect_to_be_tried_again(post("/api/v2/write?bucket=d", "m f=1"));
}

TEST_F(InfluxWriteApiTest, an_answer_that_is_lost_is_not_asked_for_again) {
  start_with_leader({"no answer at all"});
  const auto answer = post("/write?db=d", "m f=1");
  expect_to_be_tried_again(answer);
  EXPECT_THAT(answer.body, HasSubstr("not known"));
  EXPECT_EQ(writes().size(), 1U);
}

// ---- bodies

TEST_F(InfluxWriteApiTest, compressed_bodies_are_read_and_damaged_ones_refused_in_influxs_words) {
  start_with_leader({"stored 1"});
  const httplib::Headers gzip = {{"Content-Encoding", "gzip"}};
  EXPECT_EQ(post("/write?db=d", http::gzipped("m f=1\n"), gzip).status, 204);
  EXPECT_EQ(said(post("/write?db=d", "m f=1\n", gzip)), "400 {\"error\":\"The body is not valid gzip.\"}\n");
  EXPECT_EQ(said(post("/api/v2/write?bucket=d", "m f=1\n", gzip)),
            "400 {\"code\":\"invalid\",\"message\":\"The body is not valid gzip.\"}");
  EXPECT_EQ(post("/write?db=d", "m f=1\n", {{"Content-Encoding", "br"}}).status, 415);
}

TEST_F(InfluxWriteApiTest, too_large_bodies_are_refused_in_influxs_words) {
  start_with_leader({"stored 1"});
  const std::string sent(25'000'001, '#');
  EXPECT_EQ(said(post("/write?db=d", sent)), "413 {\"error\":\"Request Entity Too Large\"}\n");
  EXPECT_EQ(post("/write?db=d", std::string(25'000'000, '\n')).status, 204);
  const httplib::Headers gzip = {{"Content-Encoding", "gzip"}};
  EXPECT_EQ(post("/write?db=d", http::gzipped(std::string(64 << 20, '\n')), gzip).status, 204);
  const auto unpacked = post("/api/v2/write?bucket=d", http::gzipped(std::string((64 << 20) + 1, '\n')), gzip);
  EXPECT_EQ(said(unpacked), "413 {\"code\":\"request too large\",\"message\":\"Request Entity Too Large\"}");
  EXPECT_EQ(unpacked.get_header_value("X-Platform-Error-Code"), "request too large");
}

TEST_F(InfluxWriteApiTest, too_many_lines_are_refused_and_nothing_is_stored) {
  start_with_leader({"stored 1"});
  std::string body;
  for (std::uint64_t line = 0; line < kMaxBodyLines; ++line) body += "m f=1 1\n";
  EXPECT_EQ(post("/write?db=d", body).status, 204);
  EXPECT_EQ(said(post("/write?db=d", body + "m f=1 1\n")), "413 {\"error\":\"A body has at most 100000 lines.\"}\n");
  EXPECT_EQ(writes().size(), 1U);
  EXPECT_EQ(post("/write?db=d", "m f=\"" + std::string(2 << 20, 'x') + "\"").status, 413);
}

// ---- 2.x

TEST_F(InfluxWriteApiTest, two_takes_a_bucket_for_a_database_with_a_policy) {
  start_with_leader({"stored 1"});
  const httplib::Headers headers = {{"Authorization", "Token t"}};
  EXPECT_EQ(said(post("/api/v2/write?org=o&bucket=b&precision=ms", "m f=3u 5", headers)), "204 ");
  EXPECT_EQ(post("/api/v2/write?bucket=b/autogen", "m f=1").status, 204);
  EXPECT_EQ(post("/api/v2/write?bucket=timestore/", "m f=1").status, 204);
  const auto stored = writes();
  EXPECT_EQ(stored[0].database, "b");
  EXPECT_FALSE(stored[0].keeps_good_lines);
  EXPECT_EQ(stored[0].points[0].time_ns, 5'000'000);
  EXPECT_EQ(stored[0].series[0].type, points::Type::kUnsigned);
  EXPECT_EQ(stored[1].database, "b");
  EXPECT_EQ(stored[2].database, "");
}

TEST_F(InfluxWriteApiTest, two_has_its_own_words_for_what_is_wrong) {
  start_with_leader({"stored 1"});
  EXPECT_EQ(said(post("/api/v2/write", "m f=1")), R"(404 {"code":"not found","message":"bucket not found"})");
  EXPECT_EQ(said(post("/api/v2/write?bucket=b/x", "m f=1")),
            R"(404 {"code":"not found","message":"bucket \"b/x\" not found"})");
  for (const char* precision : {"n", "u", "m", "h", "x"}) {
    EXPECT_EQ(said(post(std::string("/api/v2/write?precision=") + precision, "m f=1")),
              R"(400 {"code":"invalid","message":"invalid precision; valid precision units are ns, us, ms, and s"})");
  }
  EXPECT_EQ(said(post("/api/v2/write?bucket=b", "")), R"(400 {"code":"invalid","message":"writing requires points"})");
  const auto answer = post("/api/v2/write?bucket=/", "m f=1");
  EXPECT_EQ(said(answer), R"(400 {"code":"invalid","message":"invalid name"})");
  EXPECT_EQ(answer.get_header_value("X-Platform-Error-Code"), "invalid");
}

TEST_F(InfluxWriteApiTest, two_stores_nothing_of_a_body_with_a_bad_line) {
  start_with_leader({"stored 1"});
  EXPECT_EQ(said(post("/api/v2/write?bucket=b", "m f=1\nm g\n")),
            R"(400 {"code":"invalid","message":"unable to parse 'm g': invalid field format"})");
  EXPECT_TRUE(writes().empty());
}

TEST_F(InfluxWriteApiTest, two_stores_nothing_of_a_body_with_a_conflict) {
  start_with_leader({"type-conflict 9 5 1"});
  const auto answer = post("/api/v2/write?bucket=b", "m f=1 1\nm g=2 2\nm h=3 3\n");
  EXPECT_EQ(said(answer),
            R"(422 {"code":"unprocessable entity","message":"failure writing points to database: partial write: field )"
            R"(type conflict: input field \"g\" on measurement \"m\" is type float, already exists as type string )"
            R"(dropped=3"})");
}

TEST_F(InfluxWriteApiTest, two_is_one_write_or_too_large) {
  start_with_leader({"stored 1"});
  std::string line = "m ";
  for (int field = 0; field < 32; ++field) line += (field == 0 ? "f" : ",f") + std::to_string(field) + "=1";
  std::string body;
  for (int second = 0; second < 4'096; ++second) body += line + " " + std::to_string(second) + "\n";
  EXPECT_EQ(post("/api/v2/write?bucket=b", body).status, 204);
  const auto answer = post("/api/v2/write?bucket=b", body + "m f=1 1\n");
  EXPECT_EQ(answer.status, 413) << "clients send the halves then";
  EXPECT_THAT(answer.body, HasSubstr("at most 131072 points"));
  EXPECT_EQ(writes().size(), 1U);
}

// ---- nodes

TEST_F(InfluxWriteApiTest, whoever_asks_for_it_is_sent_to_the_leader) {
  start_with_leader({"stored 1"});
  const auto answer = post("/write?db=d&redirect=true", "m f=1");
  EXPECT_EQ(answer.status, 307);
  EXPECT_THAT(answer.get_header_value("Location"), EndsWith("/write?db=d&redirect=true"));
  EXPECT_TRUE(writes().empty());
}

TEST_F(InfluxWriteApiTest, while_an_older_release_may_be_a_member_there_are_no_lines) {
  start_alone();  // of a release that knows no levels
  const auto answer = post("/write?db=d", "m f=1");
  expect_to_be_tried_again(answer);
  EXPECT_THAT(answer.body, HasSubstr("not all members"));
}

}  // namespace
}  // namespace timestore::net
