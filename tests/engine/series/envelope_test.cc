#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/series/command.h"
#include "tests/engine/series/generators.h"

namespace timestore {
namespace {

using namespace std::string_literals;

const TimeEntry kEntry{.id = {}, .device_id = "d", .timestamp_ns = 0, .value = 1, .attributes = ""};
const std::string kBody = R"({"deviceId":"d","timestamp":"1970-01-01T00:00:00Z","value":1})";

// An envelope as another build might make it: whatever its fields say, its checksum is right.
std::string envelope(unsigned version, unsigned kind, unsigned flags, const std::string& body) {
  const std::string head{static_cast<char>(version), static_cast<char>(kind), static_cast<char>(flags)};
  const std::uint32_t checksum = crc32(head + body);
  std::string out = "\xc1"s + head;
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(checksum >> shift & 0xff);
  return out + body;
}

bool is_unknown(std::string_view command, CommandVersion newest = kNewestCommandVersion) {
  const auto entries = decode_command(command, newest);
  return !entries && entries.error().is_unknown;
}

bool is_malformed(std::string_view command) {
  const auto entries = decode_command(command);
  return !entries && !entries.error().is_unknown && !entries.error().message.empty();
}

TEST(Envelope, has_these_bytes) {
  EXPECT_EQ(encode_command({&kEntry, 1}, 1), "\xc1\x01\x01\x00\xcf\x19\x42\x0c"s + kBody);
  EXPECT_EQ(encode_command({&kEntry, 1}, 1), envelope(1, 1, 0, kBody));
  EXPECT_EQ(encode_command({&kEntry, 1}, kOriginalText), kBody);
}

TEST(Envelope, is_taken_for_no_text_and_no_text_for_it) {
  EXPECT_NE(static_cast<unsigned char>(kCommandMagic), 0xef);  // a byte order mark begins with that
  for (const char first : "{[\"-0123456789tfn \t\r\n") EXPECT_NE(first, kCommandMagic);
  EXPECT_TRUE(is_malformed(encode_command({&kEntry, 1}, 1).substr(1)));
}

TEST(Envelope, a_version_a_kind_or_a_flag_that_is_not_known_is_no_malformed_command) {
  EXPECT_TRUE(is_unknown(envelope(2, 1, 0, kBody)));
  EXPECT_TRUE(is_unknown(envelope(255, 1, 0, "")));
  EXPECT_TRUE(is_unknown(envelope(1, 2, 0, kBody)));
  EXPECT_TRUE(is_unknown(envelope(1, 0, 0, kBody)));
  EXPECT_TRUE(is_unknown(envelope(1, 1, 1, kBody)));
  EXPECT_FALSE(is_unknown(envelope(2, 1, 0, kBody), 2));
  EXPECT_TRUE(is_unknown(envelope(1, 1, 0, kBody), kOriginalText));
}

TEST(Envelope, the_fault_names_both_versions_and_what_to_do) {
  EXPECT_EQ(decode_command(envelope(3, 7, 1, kBody), 1).error().message,
            "is a command of version 3 (kind 7, flags 1), and this node knows commands up to version 1 (kind 1, flags "
            "0): upgrade this node to the release that its peers run. Nothing of the entry was applied.");
}

TEST(Envelope, what_nobody_can_read_is_malformed) {
  EXPECT_TRUE(is_malformed("\xc1"));
  EXPECT_TRUE(is_malformed("\xc1\x02\x01\x00\x00\x00\x00"s));
  EXPECT_TRUE(is_malformed(envelope(0, 1, 0, kBody)));
  EXPECT_TRUE(is_malformed(envelope(1, 1, 0, "")));
  EXPECT_TRUE(is_malformed(envelope(1, 1, 0, "hello")));
  EXPECT_TRUE(is_malformed(envelope(1, 1, 0, R"({"deviceId":"d"})")));
  EXPECT_TRUE(is_malformed(envelope(1, 1, 0, envelope(1, 1, 0, kBody))));
}

RC_GTEST_PROP(Envelope, what_was_put_in_comes_out, ()) {
  std::vector<TimeEntry> entries(pick<size_t>(4));
  for (TimeEntry& entry : entries) entry = random_entry();
  const auto version = static_cast<CommandVersion>(1 + pick<size_t>(255));
  const auto back = decode_command(encode_command(entries, version), version);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == entries);
}

// Damage never looks like a newer version, which would stop a node, nor like other entries.
RC_GTEST_PROP(Envelope, a_changed_byte_is_found, ()) {
  const TimeEntry entry = random_entry();
  std::string command = encode_command({&entry, 1}, 1);
  const auto at = 1 + pick<size_t>(command.size() - 1);
  command[at] = static_cast<char>(command[at] ^ static_cast<int>(1 + pick<size_t>(255)));
  RC_ASSERT(is_malformed(command));
}

RC_GTEST_PROP(Envelope, any_bytes_give_entries_or_a_fault, (const std::string& bytes)) {
  for (const std::string& command : {bytes, "\xc1"s + bytes, "\xc1\x01\x01\x00"s + bytes, envelope(1, 1, 0, bytes)}) {
    const auto read = decode_command(command);
    if (!read) RC_ASSERT(!read.error().message.empty());
    if (read) RC_ASSERT((decode_command(encode_command(*read, 1)) == read));
  }
}

}  // namespace
}  // namespace timestore
