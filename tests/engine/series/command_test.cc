#include "engine/series/command.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/series/generators.h"

namespace timestore {
namespace {

constexpr int64_t kNoonNs = 1'714'564'800'000'000'000;

Result<std::vector<TimeEntry>> entries_in(std::string_view command) {
  auto decoded = decode_command(command);
  if (!decoded) return tl::unexpected<Error>(decoded.error());
  return std::move(decoded->entries);
}

std::vector<TimeEntry> decoded(std::string_view command) {
  const auto entries = entries_in(command);
  EXPECT_TRUE(entries) << command << "\n" << entries.error().message;
  return entries.value_or(std::vector<TimeEntry>{});
}

std::string error_of(std::string_view command) {
  const auto entries = entries_in(command);
  return entries ? "" : entries.error().message;
}

// A command of the original with one property replaced.
std::string of_value(std::string_view value) {
  return R"({"Id":null,"DeviceId":"d","Timestamp":"2024-05-01T12:00:00","Value":)" + std::string(value) + "}";
}

std::string of_time(std::string_view timestamp) {
  return R"({"DeviceId":"d","Timestamp":")" + std::string(timestamp) + R"(","Value":1})";
}

TEST(Command, one_entry_is_its_object) {
  const TimeEntry entry{.id = *Guid::parse("0190b6a8-5a4e-7c3d-9f12-3456789abcde"),
                        .device_id = "d",
                        .timestamp_ns = kNoonNs,
                        .value = -0.0,
                        .attributes = R"({"b":1,"a":1.0})"};
  EXPECT_EQ(encode_command(std::vector{entry}),
            R"({"id":"0190b6a8-5a4e-7c3d-9f12-3456789abcde","deviceId":"d","timestamp":"2024-05-01T12:00:00Z",)"
            R"("value":-0,"attributes":{"b":1,"a":1.0}})");
}

TEST(Command, several_entries_are_an_array_and_none_is_an_empty_one) {
  const TimeEntry entry{.id = {}, .device_id = "d", .timestamp_ns = 0, .value = 1, .attributes = ""};
  const std::string object = R"({"deviceId":"d","timestamp":"1970-01-01T00:00:00Z","value":1})";
  EXPECT_EQ(encode_command(std::vector{entry, entry}), "[" + object + "," + object + "]");
  EXPECT_EQ(encode_command({}), "[]");
  EXPECT_TRUE(decoded("[]").empty());
  EXPECT_EQ(decoded("[" + object + "]"), std::vector{entry});
}

RC_GTEST_PROP(Command, what_was_encoded_is_decoded_bit_by_bit, ()) {
  std::vector<TimeEntry> entries(pick<size_t>(4));
  for (TimeEntry& entry : entries) entry = random_entry();
  const auto back = entries_in(encode_command(entries));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == entries);
  for (size_t at = 0; at < entries.size(); ++at) {
    RC_ASSERT(std::bit_cast<uint64_t>((*back)[at].value) == std::bit_cast<uint64_t>(entries[at].value));
  }
}

TEST(Command, a_large_batch_comes_back) {
  std::vector<TimeEntry> entries(20'000);
  for (size_t at = 0; at < entries.size(); ++at) {
    entries[at].device_id = "device-" + std::to_string(at % 7);
    entries[at].timestamp_ns = kNoonNs + static_cast<int64_t>(at);
    entries[at].value = static_cast<double>(at) / 3;
  }
  EXPECT_EQ(decoded(encode_command(entries)), entries);
}

TEST(Command, a_command_of_the_original_is_read) {
  const auto entries = decoded(
      R"({"Id":"3F2504E0-4F89-11D3-9A0C-0305E82C3301","DeviceId":"d\u00E9","Timestamp":"2024-05-01T12:00:00","Value":21.5})");
  ASSERT_EQ(entries.size(), 1);
  EXPECT_EQ(entries[0].id.text(), "3f2504e0-4f89-11d3-9a0c-0305e82c3301");
  EXPECT_EQ(entries[0].device_id, "dé");
  EXPECT_EQ(entries[0].timestamp_ns, kNoonNs);
  EXPECT_EQ(entries[0].value, 21.5);
  EXPECT_EQ(entries[0].attributes, "");
}

TEST(Command, the_timestamps_of_dotnet_are_read) {
  EXPECT_EQ(decoded(of_time("2024-05-01T12:00:00"))[0].timestamp_ns, kNoonNs);
  EXPECT_EQ(decoded(of_time("2024-05-01T12:00:00.1234567Z"))[0].timestamp_ns, kNoonNs + 123'456'700);
  EXPECT_EQ(decoded(of_time("2024-05-01T14:00:00.5+02:00"))[0].timestamp_ns, kNoonNs + 500'000'000);
  EXPECT_EQ(decoded(of_time("2024-05-01T14:00:00\\u002B02:00"))[0].timestamp_ns, kNoonNs);
}

TEST(Command, what_the_original_accepted_is_kept) {
  EXPECT_EQ(
      decoded(R"({"Id":"00000000-0000-0000-0000-000000000000","DeviceId":null,"Timestamp":"2024-05-01","Value":1})")[0]
          .device_id,
      "");
  EXPECT_EQ(decoded(R"({"Timestamp":"2024-05-01","Value":1})")[0].device_id, "");
  const std::string long_id(5'000, 'd');
  EXPECT_EQ(decoded(R"({"DeviceId":")" + long_id + R"(\n","Timestamp":"2024-05-01","Value":1})")[0].device_id,
            long_id + "\n");
}

TEST(Command, unknown_properties_are_ignored_wherever_they_stand) {
  const auto entries = decoded(
      R"({"Series":{"Id":[1,{"value":2}]},"deviceid":"d","TIMESTAMP":"2024-05-01T12:00:00Z","Extra":"x","vAlUe":"2","Z":1e999})");
  EXPECT_EQ(entries[0].device_id, "d");
  EXPECT_EQ(entries[0].value, 2);
}

TEST(Command, values_that_are_no_finite_numbers_are_errors) {
  for (const std::string_view value : {"\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "\"0x10\"", "\" 1\"", "\"1 \"",
                                       "\"\"", "1e999", "-1e999", "\"1e999\"", "null", "true", "[1]", "{}"}) {
    EXPECT_NE(error_of(of_value(value)), "") << value;
  }
  EXPECT_EQ(decoded(of_value("\"21.5\""))[0].value, 21.5);
}

TEST(Command, errors_say_what_and_where) {
  EXPECT_EQ(error_of(""), "There is no JSON: the text is empty.");
  EXPECT_EQ(error_of("7"), "A time entry is an object, not a number.");
  EXPECT_EQ(error_of("{}"), "The command is not of time entries: /timestamp: A time entry needs \"timestamp\".");
  EXPECT_EQ(error_of("[" + of_value("1") + ",7]"),
            "The command is not of time entries: /1: A time entry is an object, not a number.");
  EXPECT_EQ(
      error_of(of_time("0001-01-01T00:00:00")),
      "The command is not of time entries: /timestamp: A timestamp lies between 1677-09-21T00:12:43.145224193Z and "
      "2262-04-11T23:47:16.854775807Z.");
}

RC_GTEST_PROP(Command, any_bytes_give_entries_or_an_error, (const std::string& bytes)) {
  const auto entries = entries_in(bytes);
  RC_ASSERT((entries == entries_in(bytes)));
  if (!entries) RC_ASSERT(!entries.error().message.empty());
}

RC_GTEST_PROP(Command, a_damaged_command_gives_entries_that_encode_again_or_an_error, ()) {
  std::vector<TimeEntry> entries(1 + pick<size_t>(2));
  for (TimeEntry& entry : entries) entry = random_entry();
  std::string command = encode_command(entries);
  for (int edits = pick(3) + 1; edits > 0 && !command.empty(); --edits) {
    const auto at = pick(command.size());
    const auto byte =
        *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::element('"', '{', '}', '[', ']', ',', ':', '\\', '0'));
    switch (pick(4)) {
      case 0:
        command[at] = byte;
        break;
      case 1:
        command.insert(at, 1, byte);
        break;
      case 2:
        command.erase(at, 1);
        break;
      default:
        command.resize(at);
        break;
    }
  }
  const auto read = entries_in(command);
  if (read) RC_ASSERT((entries_in(encode_command(*read)) == read));
  if (!read) RC_ASSERT(!read.error().message.empty());
}

}  // namespace
}  // namespace timestore
