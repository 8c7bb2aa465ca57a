// Bodies that are meant to break something: each is answered, in JSON, and what is stored can be applied.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include "tests/net/pretended_leader.h"

namespace timestore::net {
namespace {

using ::testing::HasSubstr;

class InfluxHostileTest : public InfluxWriteApiTest {
 protected:
  // What an answer says is wrong; empty for a 204.
  static std::string error_in(const httplib::Response& answer, const char* member = "error") {
    if (answer.status == 204) return "";
    simdjson::dom::parser parser;
    std::string_view error;
    EXPECT_EQ(parser.parse(answer.body)[member].get(error), simdjson::SUCCESS) << answer.body;
    return std::string(error);
  }
};

TEST_F(InfluxHostileTest, bytes_that_are_no_text_are_told_as_text) {
  start_with_leader({"stored 1"});
  EXPECT_EQ(error_in(post("/write?db=d", "m\xff\xfe f=1")), "unable to parse 'm\ufffd\ufffd f=1': invalid UTF-8");
  EXPECT_EQ(error_in(post("/write?db=d", std::string("m f=\"\0\x01\"", 8) + "x")),
            std::string("unable to parse 'm f=\"\0\x01\"x': invalid field format", 49));
  EXPECT_EQ(error_in(post("/api/v2/write?bucket=d", "\xed\xa0\x80 f=1"), "message"),
            "unable to parse '\ufffd\ufffd\ufffd f=1': invalid UTF-8");
  EXPECT_EQ(error_in(post("/write?db=d&rp=%0d%0aX-Evil:%201", "m f=1")), "retention policy not found: \r\nX-Evil: 1");
  EXPECT_FALSE(post("/write?db=d&rp=%0d%0aX-Evil:%201", "m f=1").has_header("X-Evil"));
  EXPECT_TRUE(writes().empty());
}

TEST_F(InfluxHostileTest, a_line_that_would_take_gigabytes_is_refused) {
  start_with_leader({"stored 1"});
  std::string line = std::string(60'000, 'k') + " ";
  for (int field = 0; field < 80'000; ++field) line += (field == 0 ? "" : ",") + std::to_string(field) + "=1";
  EXPECT_THAT(error_in(post("/write?db=d", line)), HasSubstr("too many fields (of a line of"));
  EXPECT_TRUE(writes().empty());
}

TEST_F(InfluxHostileTest, a_hundred_thousand_series_are_stored) {
  start_with_leader({"stored 1"});
  std::string body;
  for (int series = 0; series < 100'000; ++series) body += "m,t=" + std::to_string(series) + " f=1 1\n";
  EXPECT_EQ(post("/api/v2/write?bucket=d", body).status, 204);
  EXPECT_EQ(writes()[0].series.size(), 100'000U);
  EXPECT_EQ(writes()[0].series[99'999].name, "m,t=99999 f");
}

TEST_F(InfluxHostileTest, a_hundred_thousand_fields_of_one_key_are_stored) {
  start_with_leader({"stored 1"});
  std::string body;
  for (int field = 100'000; field > 0; --field) body += "m f" + std::to_string(field * 7919 % 100'003) + "=1 1\n";
  EXPECT_EQ(post("/write?db=d", body).status, 204);
  EXPECT_EQ(writes()[0].series.size(), 100'000U);
}

TEST_F(InfluxHostileTest, a_hundred_thousand_bad_lines_are_told_in_short) {
  start_with_leader({"stored 1"});
  std::string body;
  for (int line = 0; line < 100'000; ++line) body += "bad \x01\n";
  const auto answer = post("/write?db=d", body);
  EXPECT_EQ(answer.status, 400);
  EXPECT_LT(answer.body.size(), 10'000U);
  EXPECT_LE(answer.get_header_value("X-Influxdb-Error").size(), 1'024U);
  EXPECT_THAT(error_in(answer), HasSubstr("and 99900 more lines"));
}

TEST_F(InfluxHostileTest, any_bytes_are_answered) {
  start_with_leader({"stored 1"});
  const std::string pieces[] = {
      "m",  "cpu,a=1", "timeseries,deviceId=", " ",        ",", "=", "\"", "\\", "\n", " f=1", "time=1", "=1i",
      " 5", "\xff",    std::string("\0", 1),   "\xc3\xa9", "#", "\t"};
  EXPECT_TRUE(rc::check([&] {
    std::string body;
    for (int piece = *rc::gen::inRange(0, 60); piece > 0; --piece)
      body += *rc::gen::elementOf(std::vector(std::begin(pieces), std::end(pieces)));
    for (const char* target : {"/write?db=d", "/api/v2/write?bucket=d"}) {
      const auto answer = post(target, body);
      RC_ASSERT((answer.status == 204 || answer.status == 400 || answer.status == 422));
      const char* member = std::string(target) == "/write?db=d" ? "error" : "message";
      RC_ASSERT(error_in(answer, member).empty() == (answer.status == 204));
    }
  }));
  static_cast<void>(writes());  // each is a command that can be read
}

}  // namespace
}  // namespace timestore::net
