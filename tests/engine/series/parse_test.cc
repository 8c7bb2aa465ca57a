#include "engine/series/parse.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/series/generators.h"

namespace timestore {

void PrintTo(const Problem& problem, std::ostream* out) { *out << problem.pointer << ": " << problem.detail; }

namespace {

constexpr int64_t kNoon = 1'714'564'800'000'000'000;
constexpr std::string_view kGood = R"({"deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":21.5})";

TimeEntry parsed(std::string_view json) {
  const auto entry = parse_time_entry(json);
  if (!entry) ADD_FAILURE() << json << "\n" << entry.error().front().detail;
  return entry.value_or(TimeEntry{});
}

Problems problems_of(std::string_view json) {
  const auto entry = parse_time_entry(json);
  return entry ? Problems{} : entry.error();
}

Problems problems_of_batch(std::string_view json) {
  const auto entries = parse_time_entries(json);
  return entries ? Problems{} : entries.error();
}

// A valid body but for the text of one of its properties.
struct Texts {
  std::string device_id = R"("d")";
  std::string timestamp = R"("2024-05-01T12:00:00Z")";
  std::string value = "21.5";
  std::string more = {};
};

std::string body(const Texts& texts) {
  return R"({"deviceId":)" + texts.device_id + R"(,"timestamp":)" + texts.timestamp + R"(,"value":)" + texts.value +
         texts.more + "}";
}

std::string with_value(std::string value) { return body({.value = std::move(value)}); }
std::string with_device(std::string device_id) { return body({.device_id = std::move(device_id)}); }
std::string with_attributes(const std::string& attributes) { return body({.more = R"(,"attributes":)" + attributes}); }

TEST(ParseTimeEntry, a_full_entry_is_read) {
  const TimeEntry entry = parsed(
      R"( { "id" : "0190B6A8-5A4E-7C3D-9F12-3456789ABCDE", "deviceId" : "boiler", "timestamp" : "2024-05-01T12:00:00Z",
            "value" : 21.5, "attributes" : { "unit" : "C", "place" : [ 1 , 2.50 ] } } )");
  EXPECT_EQ(entry.id.text(), "0190b6a8-5a4e-7c3d-9f12-3456789abcde");
  EXPECT_EQ(entry.device_id, "boiler");
  EXPECT_EQ(entry.timestamp_ns, kNoon);
  EXPECT_EQ(entry.value, 21.5);
  EXPECT_EQ(entry.attributes, R"({"unit":"C","place":[1,2.50]})");
}

TEST(ParseTimeEntry, names_match_in_any_case) {
  EXPECT_EQ(parsed(R"({"DEVICEID":"d","Timestamp":"2024-05-01T12:00:00Z","vALUE":21.5})"), parsed(kGood));
  EXPECT_EQ(parsed(R"({"device\u0049d":"d","timestamp":"2024-05-01T12:00:00Z","value":21.5})"), parsed(kGood));
}

TEST(ParseTimeEntry, an_id_that_is_null_or_nil_is_not_given) {
  EXPECT_TRUE(parsed(body({.more = R"(,"id":null)"})).id.is_nil());
  EXPECT_TRUE(parsed(body({.more = R"(,"id":"00000000-0000-0000-0000-000000000000")"})).id.is_nil());
  const std::string detail = "An id is a GUID such as 0190b6a8-5a4e-7c3d-9f12-3456789abcde, or is left out.";
  EXPECT_EQ(problems_of(body({.more = R"(,"id":"")"})), (Problems{{"/id", detail}}));
  EXPECT_EQ(problems_of(body({.more = R"(,"id":"7")"})), (Problems{{"/id", detail}}));
  EXPECT_EQ(problems_of(body({.more = R"(,"id":7)"})),
            (Problems{{"/id", "\"id\" is a GUID in a string, not a number."}}));
}

TEST(ParseTimeEntry, all_that_is_wrong_is_told_at_once) {
  EXPECT_EQ(problems_of("{}"), (Problems{{"/deviceId", "A time entry needs \"deviceId\"."},
                                         {"/timestamp", "A time entry needs \"timestamp\"."},
                                         {"/value", "A time entry needs \"value\"."}}));
  EXPECT_EQ(problems_of(R"({"id":[],"deviceId":null,"timestamp":1714564800,"value":true,"attributes":"x"})"),
            (Problems{{"/id", "\"id\" is a GUID in a string, not an array."},
                      {"/deviceId", "\"deviceId\" is a string, not null."},
                      {"/timestamp", "\"timestamp\" is a string such as \"2024-05-01T12:00:00Z\", not a number."},
                      {"/value", "\"value\" is a number, not true."},
                      {"/attributes", "\"attributes\" is an object, not a string."}}));
}

TEST(ParseTimeEntry, unknown_properties_are_refused_with_a_hint) {
  EXPECT_EQ(
      problems_of(body({.more = R"(,"unit":{"x":[1]},"a/b~c":1)"})),
      (Problems{{"/unit", "A time entry has no property \"unit\"; put what is your own into \"attributes\"."},
                {"/a~1b~0c", "A time entry has no property \"a/b~c\"; put what is your own into \"attributes\"."}}));
  const std::string long_name(1'000, 'n');
  EXPECT_EQ(problems_of(body({.more = ",\"" + long_name + "\":1"})),
            (Problems{{"",
                       "A time entry has no property with a name of 1000 bytes; put what is your own into "
                       "\"attributes\"."}}));
}

TEST(ParseTimeEntry, a_property_given_twice_is_refused) {
  EXPECT_EQ(problems_of(body({.more = R"(,"Value":21.5)"})),
            (Problems{{"/value", "\"value\" is given twice; names match in any case."}}));
}

TEST(ParseTimeEntry, device_ids_keep_their_limits) {
  EXPECT_EQ(parsed(with_device("\"" + std::string(kMaxDeviceIdBytes, 'd') + "\"")).device_id.size(), kMaxDeviceIdBytes);
  EXPECT_EQ(parsed(with_device(R"("\u00e9 \"\\ \ud83d\ude00 \u007f")")).device_id, "é \"\\ 😀 \x7f");
  EXPECT_EQ(problems_of(with_device("\"" + std::string(kMaxDeviceIdBytes + 1, 'd') + "\"")),
            (Problems{{"/deviceId", "A deviceId has at most 256 bytes; this one has 257."}}));
  EXPECT_EQ(problems_of(with_device(R"("")")), (Problems{{"/deviceId", "A deviceId is not empty."}}));
  for (const std::string text : {R"("a\u0000")", R"("\n")", R"("\u001f")"}) {
    EXPECT_EQ(problems_of(with_device(text)), (Problems{{"/deviceId", "A deviceId has no control characters."}}))
        << text;
  }
}

TEST(ParseTimeEntry, what_is_wrong_with_a_timestamp_is_told) {
  EXPECT_EQ(problems_of(body({.timestamp = R"("2024-13-01T00:00:00Z")"})),
            (Problems{{"/timestamp", "There is no month 13."}}));
}

TEST(ParseTimeEntry, numbers_may_stand_in_quotes) {
  EXPECT_EQ(parsed(with_value(R"("21.5")")).value, 21.5);
  EXPECT_EQ(parsed(with_value(R"("-1e-3")")).value, -0.001);
  for (const std::string text : {"NaN", "Infinity", "-Infinity", "0x10", " 1", "1 ", "1,5", "+1", ".5", "5.", "01",
                                 "1e", "", "one", "\\u0031"}) {
    EXPECT_EQ(problems_of(with_value('"' + text + '"')),
              (Problems{{"/value", "The text of a value is a finite decimal number such as 21.5 or -1e-3."}}))
        << text;
  }
}

TEST(ParseTimeEntry, values_are_finite_and_keep_every_bit) {
  const Problems not_finite = {{"/value", "A value is a finite 64-bit floating-point number; this one is not."}};
  for (const std::string text : {"1e999", "-1e999", "1.7976931348623159e308", "\"1e999\"", "1e99999999999999999999"}) {
    EXPECT_EQ(problems_of(with_value(text)), not_finite) << text;
  }
  EXPECT_EQ(problems_of(with_value(std::string(400, '9'))), not_finite);
  EXPECT_EQ(parsed(with_value("1.7976931348623157e308")).value, 1.7976931348623157e308);
  EXPECT_EQ(parsed(with_value("5e-324")).value, 5e-324);
  EXPECT_EQ(parsed(with_value("1e-400")).value, 0);
  EXPECT_EQ(parsed(with_value("1e-999999999999999999")).value, 0);
  EXPECT_EQ(parsed(with_value("123456789012345678901234567890")).value, 123456789012345678901234567890.0);
  for (const std::string text : {"-0", "-0.0", "\"-0\"", "-0e5", "-1e-400"}) {
    EXPECT_TRUE(std::signbit(parsed(with_value(text)).value)) << text;
  }
}

RC_GTEST_PROP(ParseTimeEntry, decimal_numbers_are_rounded_as_strtod_does, ()) {
  const uint64_t whole = *any_number<uint64_t>() >> pick(64);
  std::string text = *rc::gen::element("", "-");
  text += std::to_string(whole);
  if (whole > 0 && *rc::gen::arbitrary<bool>()) text += std::to_string(*any_number<uint64_t>());
  if (*rc::gen::arbitrary<bool>()) text += '.' + std::to_string(*any_number<uint64_t>());
  if (*rc::gen::arbitrary<bool>()) text += 'e' + std::to_string(pick(680) - 340);
  const double expected = std::strtod(text.c_str(), nullptr);
  for (const std::string& json : {with_value(text), with_value('"' + text + '"')}) {
    const auto entry = parse_time_entry(json);
    RC_ASSERT(entry.has_value() == std::isfinite(expected));
    if (entry) RC_ASSERT(std::bit_cast<uint64_t>(entry->value) == std::bit_cast<uint64_t>(expected));
  }
}

TEST(ParseTimeEntry, attributes_are_kept_minified_as_they_were_written) {
  EXPECT_EQ(parsed(with_attributes("{ \"b\" : 1.50 ,\n\t\"a\" : [ { } , [ ] , -0 , 1E5 ] }")).attributes,
            R"({"b":1.50,"a":[{},[],-0,1E5]})");
  EXPECT_EQ(parsed(with_attributes("{\"big\":123456789012345678901234567890,\"far\":1e999}")).attributes,
            R"({"big":123456789012345678901234567890,"far":1e999})");
  EXPECT_EQ(parsed(with_attributes(R"({"\u00e9\/":"\u0000\u0041\ud83d\ude00"})")).attributes, R"({"é/":"\u0000A😀"})");
  EXPECT_EQ(parsed(with_attributes("null")).attributes, "");
  EXPECT_EQ(parsed(with_attributes("{ }")).attributes, "");
}

TEST(ParseTimeEntry, attributes_keep_their_limits) {
  const std::string most = R"({"a":")" + std::string(kMaxAttributesBytes - 8, 'x') + "\"}";
  EXPECT_EQ(parsed(with_attributes(most)).attributes, most);
  EXPECT_EQ(parsed(with_attributes("  " + most + "  ")).attributes, most);
  EXPECT_EQ(problems_of(with_attributes(R"({"a":"x)" + most.substr(6))),
            (Problems{{"/attributes", "Attributes have at most 16384 bytes without white space; these have 16385."}}));
  for (const std::string text : {R"({"a":1,"b":2,"a":1})", R"({"x":[{"a":1,"\u0061":2}]})"}) {
    EXPECT_EQ(problems_of(with_attributes(text)),
              (Problems{{"/attributes", "The attributes have a property \"a\" twice in one object."}}))
        << text;
  }
  EXPECT_EQ(problems_of(with_attributes("[]")),
            (Problems{{"/attributes", "\"attributes\" is an object, not an array."}}));
}

RC_GTEST_PROP(ParseTimeEntry, attributes_come_out_as_the_tree_that_went_in, ()) {
  const JsonTree tree = random_object();
  const std::string expected = minified(tree);
  RC_ASSERT(parsed(with_attributes(expected)).attributes == (expected == "{}" ? "" : expected));
}

TEST(ParseTimeEntry, nesting_ends_at_the_limit) {
  const auto nested = [](size_t levels) {
    return with_attributes(R"({"a":)" + std::string(levels - 2, '[') + std::string(levels - 2, ']') + "}");
  };
  EXPECT_NE(parsed(nested(kMaxJsonDepth)).attributes, "");
  EXPECT_TRUE(parse_time_entries("[" + nested(kMaxJsonDepth) + "]"));
  const Problems too_deep = {{"", "The JSON is nested deeper than 64 levels."}};
  EXPECT_EQ(problems_of(nested(kMaxJsonDepth + 1)), too_deep);
  EXPECT_EQ(problems_of(nested(100'000)), too_deep);
  EXPECT_EQ(problems_of(R"({"value":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}"), too_deep);
  EXPECT_EQ(problems_of_batch(std::string(100'000, '[') + std::string(100'000, ']')), too_deep);
}

TEST(ParseTimeEntry, malformed_json_is_one_sentence_with_its_place) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"", "There is no JSON: the text is empty."},
      {" \n", "There is no JSON: the text is empty."},
      {"{", "The JSON does not end with the } of its object."},
      {R"({"deviceId":"d")", "The JSON does not end with the } of its object."},
      {"{} 7", "The JSON does not end with the } of its object."},
      {R"({"attributes":{"a":1})", "The JSON ends before all its objects and arrays do."},
      {R"({"attributes":{})", "The JSON ends before all its objects and arrays do."},
      {R"({"deviceId":"d)", "The JSON ends within a string."},
      {"{\"deviceId\":\"a\nb\"}", "A string in the JSON has a control character without an escape."},
      {"{\"deviceId\":\"\xff\"}", "The JSON is not valid UTF-8."},
      {"{\"deviceId\":\"\xed\xa0\x80\"}", "The JSON is not valid UTF-8."},
      {R"({"value":1,})", "The JSON is malformed at line 1, column 12."},
      {R"({"value" 1})", "The JSON is malformed at line 1, column 10."},
      {R"({"value":1 "id":null})", "The JSON is malformed at line 1, column 12."},
      {R"({"value":})", "The JSON is malformed at line 1, column 10."},
      {R"({value:1})", "The JSON is malformed at line 1, column 2."},
      {R"({'value':1})", "The JSON is malformed at line 1, column 2."},
      {"{\n  \"é\": nul\n}", "The JSON is malformed at line 2, column 8."},
      {R"({"value":01})", "The JSON is malformed at line 1, column 10."},
      {R"({"value":+1})", "The JSON is malformed at line 1, column 10."},
      {R"({"value":1.})", "The JSON is malformed at line 1, column 10."},
      {R"({"value":NaN})", "The JSON is malformed at line 1, column 10."},
      {R"({"value":1/**/})", "The JSON is malformed at line 1, column 10."},
      {R"({"value":1]})", "The JSON is malformed at line 1, column 11."},
      {R"({"deviceId":"\x"})", "The JSON is malformed at line 1, column 13."},
      {R"({"deviceId":"\ud800"})", "The JSON is malformed at line 1, column 13."},
      {R"({"unknown":[1,2})", "The JSON is malformed at line 1, column 16."},
      {R"({"unknown":{"a":tru}})", "The JSON is malformed at line 1, column 17."},
      {"{} {}", "The JSON ends, but something follows it at line 1, column 4."},
      {"{}\n,{}", "The JSON ends, but something follows it at line 2, column 1."},
      {"nope", "The JSON is malformed at line 1, column 1."},
      {"}", "The JSON is malformed at line 1, column 1."},
      {"[]", "A time entry is an object, not an array."},
      {"7", "A time entry is an object, not a number."},
      {"\"x\"", "A time entry is an object, not a string."},
      {"null", "A time entry is an object, not null."},
  };
  for (const auto& [json, detail] : cases) EXPECT_EQ(problems_of(json), (Problems{{"", std::string(detail)}})) << json;
  EXPECT_EQ(problems_of(std::string(kGood) + '\0'),
            (Problems{{"", "The JSON does not end with the } of its object."}}));
}

TEST(ParseTimeEntry, what_is_malformed_hides_all_other_problems) {
  EXPECT_EQ(problems_of(R"({"value":true,"id":7,})"), (Problems{{"", "The JSON is malformed at line 1, column 22."}}));
}

TEST(ParseTimeEntry, a_body_not_finite_is_refused) {
  const std::string padding(kMaxBodyBytes - kGood.size(), ' ');
  EXPECT_EQ(parsed(std::string(kGood) + padding), parsed(kGood));
  EXPECT_EQ(problems_of(" " + padding + std::string(kGood)), (Problems{{"", "A body has at most 16777216 bytes."}}));
}

RC_GTEST_PROP(ParseTimeEntry, any_entry_reads_back_from_its_json, ()) {
  const TimeEntry entry = random_entry();
  std::string json;
  append_json(json, entry);
  const auto back = parse_time_entry(json);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == entry);
  RC_ASSERT(std::bit_cast<uint64_t>(back->value) == std::bit_cast<uint64_t>(entry.value));
}

TEST(ParseTimeEntries, entries_keep_their_order) {
  const auto entries = parse_time_entries(R"([{"deviceId":"b","timestamp":"2024-05-01","value":1},
                                              {"deviceId":"a","timestamp":"2024-05-01","value":"2"}])");
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2);
  EXPECT_EQ(entries->at(0).device_id, "b");
  EXPECT_EQ(entries->at(1).value, 2);
  EXPECT_TRUE(parse_time_entries("[]")->empty());
}

TEST(ParseTimeEntries, pointers_begin_with_the_place) {
  EXPECT_EQ(problems_of_batch("[" + std::string(kGood) + ",7," + with_value("true") + ",{\"unit\":1}]"),
            (Problems{{"/1", "A time entry is an object, not a number."},
                      {"/2/value", "\"value\" is a number, not true."},
                      {"/3/unit", "A time entry has no property \"unit\"; put what is your own into \"attributes\"."},
                      {"/3/deviceId", "A time entry needs \"deviceId\"."},
                      {"/3/timestamp", "A time entry needs \"timestamp\"."},
                      {"/3/value", "A time entry needs \"value\"."}}));
}

TEST(ParseTimeEntries, problems_are_counted_up_to_the_limit) {
  std::string json = "[{}";
  for (int entry = 1; entry < 100; ++entry) json += ",{}";
  EXPECT_EQ(problems_of_batch(json + "]").size(), kMaxProblems);
  EXPECT_EQ(problems_of_batch(json + ",}]").size(), 1);
}

TEST(ParseTimeEntries, a_batch_has_a_largest_size) {
  const std::string one = R"({"deviceId":"d","timestamp":"2024-05-01","value":1})";
  std::string json = "[" + one;
  for (size_t entry = 1; entry < kMaxBatchEntries; ++entry) json += "," + one;
  const auto entries = parse_time_entries(json + "]");
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size(), kMaxBatchEntries);
  EXPECT_EQ(problems_of_batch(json + "," + one + "]"), (Problems{{"", "A batch has at most 100000 time entries."}}));
}

TEST(ParseTimeEntries, one_entry_is_not_a_batch) {
  EXPECT_EQ(problems_of_batch(kGood), (Problems{{"", "A batch of time entries is an array, not an object."}}));
  EXPECT_EQ(problems_of_batch("[" + std::string(kGood)),
            (Problems{{"", "The JSON does not end with the ] of its array."}}));
  EXPECT_EQ(problems_of_batch("[] []"),
            (Problems{{"", "The JSON ends, but something follows it at line 1, column 4."}}));
}

RC_GTEST_PROP(ParseTimeEntries, any_bytes_give_entries_or_problems, (const std::string& bytes)) {
  const auto entry = parse_time_entry(bytes);
  RC_ASSERT((entry.has_value() || !entry.error().empty()));
  const auto entries = parse_time_entries(bytes);
  RC_ASSERT((entries.has_value() || !entries.error().empty()));
}

// What simdjson's other front end, which checks everything by itself, says of the text. It cannot represent some
// numbers that are well-formed nonetheless.
enum class Verdict { kWellFormed, kMalformed, kNumberOutOfRange };

Verdict verdict_of(const std::string& json) {
  simdjson::dom::parser parser;
  const simdjson::error_code code = parser.parse(json).error();
  if (code == simdjson::SUCCESS) return Verdict::kWellFormed;
  return code == simdjson::NUMBER_ERROR ? Verdict::kNumberOutOfRange : Verdict::kMalformed;
}

bool calls_it_malformed(const Problems& problems) {
  return problems.size() == 1 && problems[0].pointer.empty() && problems[0].detail.find("JSON") != std::string::npos;
}

RC_GTEST_PROP(ParseTimeEntries, damaged_batches_are_malformed_when_a_full_parser_says_so, ()) {
  std::string json = "[";
  for (int count = pick(3) + 1; count > 0; --count) {
    append_json(json, random_entry());
    json += count > 1 ? ',' : ']';
  }
  for (int edits = pick(4); edits > 0 && !json.empty(); --edits) {
    const auto at = pick(json.size());
    const char byte = *rc::gen::oneOf(rc::gen::arbitrary<char>(),
                                      rc::gen::element('"', '{', '}', '[', ']', ',', ':', '\\', '0', ' ', 't', '-'));
    const int edit = pick(8);
    if (edit < 3) json[at] = byte;
    if (edit >= 3 && edit < 5) json.insert(at, 1, byte);
    if (edit >= 5 && edit < 7) json.erase(at, 1);
    if (edit == 7) json.resize(at);
  }
  const auto entries = parse_time_entries(json);
  RC_ASSERT((entries.has_value() || !entries.error().empty()));
  const Verdict verdict = verdict_of(json);
  if (verdict == Verdict::kWellFormed) RC_ASSERT((entries.has_value() || !calls_it_malformed(entries.error())));
  if (verdict == Verdict::kMalformed) RC_ASSERT((!entries.has_value() && entries.error().size() == 1));
}

}  // namespace
}  // namespace timestore
