#include "engine/series/time_entry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/series/parse.h"
#include "tests/engine/series/generators.h"

namespace timestore {
namespace {

std::string json_of(const TimeEntry& entry) {
  std::string out;
  append_json(out, entry);
  return out;
}

TimeEntry entry_with(std::string attributes) {
  return {.id = {}, .device_id = "d", .timestamp_ns = 0, .value = 1, .attributes = std::move(attributes)};
}

bool same_attributes(std::string left, std::string right) {
  return same_content(entry_with(std::move(left)), entry_with(std::move(right)));
}

bool same_number(const std::string& left, const std::string& right) {
  return same_attributes("{\"a\":" + left + "}", "{\"a\":" + right + "}");
}

TEST(TimeEntry, json_has_the_form_of_the_contract) {
  TimeEntry entry{.id = *Guid::parse("0190b6a8-5a4e-7c3d-9f12-3456789abcde"),
                  .device_id = "boiler \"2\"",
                  .timestamp_ns = 1'714'564'800'500'000'000,
                  .value = 21.5,
                  .attributes = ""};
  EXPECT_EQ(json_of(entry), R"({"id":"0190b6a8-5a4e-7c3d-9f12-3456789abcde","deviceId":"boiler \"2\"",)"
                            R"("timestamp":"2024-05-01T12:00:00.5Z","value":21.5})");
  entry.id = {};
  entry.attributes = R"({"unit":"C"})";
  EXPECT_EQ(json_of(entry), R"({"deviceId":"boiler \"2\"","timestamp":"2024-05-01T12:00:00.5Z","value":21.5,)"
                            R"("attributes":{"unit":"C"}})");
}

TEST(SameContent, the_id_does_not_count) {
  TimeEntry left = entry_with("");
  left.id.bytes[3] = 1;
  EXPECT_TRUE(same_content(left, entry_with("")));
}

TEST(SameContent, device_time_and_value_count) {
  const TimeEntry entry = entry_with("");
  TimeEntry other = entry;
  other.device_id = "D";
  EXPECT_FALSE(same_content(entry, other));
  other = entry;
  other.timestamp_ns = 1;
  EXPECT_FALSE(same_content(entry, other));
  other = entry;
  other.value = 1.0000000000000002;
  EXPECT_FALSE(same_content(entry, other));
}

TEST(SameContent, the_two_zeros_are_the_same) {
  TimeEntry left = entry_with("");
  TimeEntry right = left;
  left.value = 0.0;
  right.value = -0.0;
  EXPECT_TRUE(same_content(left, right));
}

TEST(SameContent, attributes_are_compared_as_values) {
  EXPECT_TRUE(same_attributes(R"({"a":1,"b":[true,null]})", R"({"b":[true,null],"a":1})"));
  EXPECT_TRUE(same_attributes(R"({"x":{"a":1,"b":2}})", R"({"x":{"b":2,"a":1}})"));
  EXPECT_TRUE(same_attributes(R"({"é":"A/"})", R"({"\u00e9":"\u0041\/"})"));
  EXPECT_FALSE(same_attributes(R"({"a":[1,2]})", R"({"a":[2,1]})"));
  EXPECT_FALSE(same_attributes(R"({"a":1})", R"({"a":"1"})"));
  EXPECT_FALSE(same_attributes(R"({"a":1})", R"({"a":1,"b":1})"));
  EXPECT_FALSE(same_attributes(R"({"a":1})", R"({"b":1})"));
  EXPECT_FALSE(same_attributes(R"({"a":{"b":1}})", R"({"a":[{"b":1}]})"));
  EXPECT_FALSE(same_attributes(R"({"a":1})", ""));
  EXPECT_FALSE(same_attributes(R"({"a":""})", R"({"a":null})"));
}

TEST(SameContent, numbers_are_compared_as_decimals) {
  for (const std::string one : {"1.0", "1e0", "1E+0", "10e-1", "0.1e1", "0.001E3", "100e-2", "1.000e-0"}) {
    EXPECT_TRUE(same_number("1", one)) << one;
  }
  for (const std::string zero : {"-0", "0.0", "0e99", "0e99999999999999999999", "-0.000E-5"}) {
    EXPECT_TRUE(same_number("0", zero)) << zero;
  }
  EXPECT_FALSE(same_number("1", "-1"));
  EXPECT_FALSE(same_number("1", "10"));
  EXPECT_FALSE(same_number("0.1", "0.01"));
  EXPECT_FALSE(same_number("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(same_number("1e400", "1e401"));
  EXPECT_TRUE(same_number("1e400", "10e399"));
}

TEST(SameContent, exponents_beyond_counting_are_compared_as_text) {
  EXPECT_TRUE(same_number("1e99999999999999999999", "1e99999999999999999999"));
  EXPECT_FALSE(same_number("1e99999999999999999999", "10e99999999999999999998"));
  EXPECT_FALSE(same_number("10e9223372036854775807", "1e9223372036854775807"));
}

// The oracle writes numbers out: 40 digits on each side of the point.
std::string written_out(const std::string& digits, int exponent) {
  std::string out(static_cast<size_t>(40 - exponent) - digits.size(), '0');
  out += digits;
  out.resize(80, '0');
  return out;
}

RC_GTEST_PROP(SameContent, numbers_are_the_same_when_they_are_written_out_the_same, ()) {
  const auto draw = [] {
    const std::string digits = std::to_string(*rc::gen::element(0, 1, 5, 10, 50, 100, 105, 1000, 1050));
    return std::pair(digits, pick(9) - 4);
  };
  const auto [left, left_exponent] = draw();
  const auto [right, right_exponent] = draw();
  // Half of the time the point goes before the last digit.
  std::string left_text = left;
  int left_shift = left_exponent;
  if (left.size() > 1 && *rc::gen::arbitrary<bool>()) {
    left_text.insert(left.size() - 1, ".");
    left_shift += 1;
  }
  RC_ASSERT(same_number(left_text + "e" + std::to_string(left_shift), right + "E" + std::to_string(right_exponent)) ==
            (written_out(left, left_exponent) == written_out(right, right_exponent)));
}

JsonTree shuffled(JsonTree tree) {
  for (JsonTree& child : tree.children) child = shuffled(std::move(child));
  if (tree.is_object && !tree.children.empty()) {
    const auto by = pick(tree.children.size());
    const auto steps = static_cast<std::ptrdiff_t>(by);
    std::rotate(tree.names.begin(), tree.names.begin() + steps, tree.names.end());
    std::rotate(tree.children.begin(), tree.children.begin() + steps, tree.children.end());
  }
  return tree;
}

RC_GTEST_PROP(SameContent, the_order_of_members_never_counts, ()) {
  const JsonTree tree = random_object();
  RC_ASSERT(same_attributes(minified(tree), minified(shuffled(tree))));
}

RC_GTEST_PROP(SameContent, another_member_anywhere_counts, ()) {
  const JsonTree tree = random_object();
  JsonTree other = tree;
  JsonTree* at = &other;
  while (!at->children.empty() && *rc::gen::arbitrary<bool>()) {
    JsonTree* const child = &at->children[pick(at->children.size())];
    if (!child->is_object && !child->is_array) break;
    at = child;
  }
  if (at->is_object) at->names.push_back("more");
  at->children.push_back(*at);
  at->children.back().children.clear();
  at->children.back().names.clear();
  RC_ASSERT(!same_attributes(minified(tree), minified(other)));
}

}  // namespace
}  // namespace timestore
