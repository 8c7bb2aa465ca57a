#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/series/command.h"
#include "engine/series/entry_id.h"
#include "engine/store/points/batch.h"
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

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) / 16];
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) % 16];
  }
  return text;
}

// These bytes are in logs: they never change.
TEST(Envelope, has_these_bytes) {
  EXPECT_EQ(encode_command({&kEntry, 1}, kOriginalText), kBody);
  EXPECT_EQ(hex(encode_command({&kEntry, 1}, 1)),
            "c1010200dc99a47f0000000000000000010001640d00010000000005030100000102010000");
  TimeEntry nameless = kEntry;
  nameless.device_id.clear();
  const std::string text = R"({"deviceId":"","timestamp":"1970-01-01T00:00:00Z","value":1})";
  EXPECT_EQ(encode_command({&nameless, 1}, 1), envelope(1, 1, 0, text));
  EXPECT_EQ(encode_command({}, 1), envelope(1, 1, 0, "[]"));
}

TEST(Envelope, leaves_out_the_ids_that_its_place_gives) {
  std::vector<TimeEntry> entries(3, kEntry);
  for (std::uint32_t ordinal : {0U, 1U}) entries[ordinal].id = make_entry_id({7, ordinal}, 99, "d", 0);
  entries[2].id = make_entry_id({7, 1}, 99, "d", 0);  // of another place
  const auto back = decode_command(encode_command(entries, 1, CommandPlace{.index = 7, .salt = 99})).value();
  EXPECT_EQ(back.salt, 99U);
  EXPECT_TRUE(back.entries[0].id.is_nil() && back.entries[1].id.is_nil());
  EXPECT_EQ(back.entries[2], entries[2]);
  EXPECT_EQ(decode_command(encode_command(entries, 1)).value().entries, entries);
}

TEST(Envelope, a_batch_is_far_smaller_than_its_text) {
  std::vector<TimeEntry> entries;
  for (int device = 0; device < 1000; ++device) {
    entries.push_back({.device_id = "device-" + std::to_string(device),
                       .timestamp_ns = 1'700'000'000'000'000'000,
                       .value = 20 + device % 97 / 100.0});
  }
  EXPECT_LT(encode_command(entries, 1).size(), encode_command(entries).size() / 5);
}

TEST(Envelope, what_is_no_batch_of_time_entries_is_malformed) {
  points::BatchWriter writer;
  const auto body = [&] { return std::string(8, '\0') + writer.finish(); };
  writer.add({.series = writer.add_series({.name = "d"})});
  EXPECT_FALSE(is_malformed(envelope(1, 2, 0, body())));
  writer.add({.series = writer.add_series({.number = 5})});
  EXPECT_TRUE(is_malformed(envelope(1, 2, 0, body())));
  writer.add({.series = writer.add_series({.name = "d"}), .is_line = true});
  EXPECT_TRUE(is_malformed(envelope(1, 2, 0, body())));
  writer.add({.series = writer.add_series({.name = "d"}), .type = points::Type::kInteger});
  EXPECT_TRUE(is_malformed(envelope(1, 2, 0, body())));
}

TEST(Envelope, is_taken_for_no_text_and_no_text_for_it) {
  EXPECT_NE(static_cast<unsigned char>(kCommandMagic), 0xef);  // a byte order mark begins with that
  for (const char first : "{[\"-0123456789tfn \t\r\n") EXPECT_NE(first, kCommandMagic);
  EXPECT_TRUE(is_malformed(encode_command({&kEntry, 1}, 1).substr(1)));
}

TEST(Envelope, a_version_a_kind_or_a_flag_that_is_not_known_is_no_malformed_command) {
  EXPECT_TRUE(is_unknown(envelope(kNewestCommandVersion + 1, 1, 0, kBody)));
  EXPECT_TRUE(is_unknown(envelope(255, 1, 0, "")));
  EXPECT_TRUE(is_unknown(envelope(1, 3, 0, kBody)));
  EXPECT_TRUE(is_unknown(envelope(1, 0, 0, kBody)));
  EXPECT_TRUE(is_unknown(envelope(1, 1, 1, kBody)));
  EXPECT_FALSE(is_unknown(envelope(2, 1, 0, kBody), 2));
  EXPECT_TRUE(is_unknown(envelope(2, 5, 0, kBody)));
  EXPECT_TRUE(is_unknown(envelope(1, 1, 0, kBody), kOriginalText));
}

TEST(Envelope, the_fault_names_both_versions_and_what_to_do) {
  EXPECT_EQ(decode_command(envelope(3, 7, 1, kBody), 1).error().message,
            "is a command of version 3 (kind 7, flags 1), and this node knows commands up to version 1 (kinds 1 to 6, "
            "flags 0): upgrade this node to the release that its peers run. Nothing of the entry was applied.");
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

TEST(Envelope, an_order_of_retention_has_these_bytes) {
  const RetentionOrder order{.sets_age = true, .max_age_ns = 1'000'000'000, .edge_ns = -2};
  const std::string bytes = encode_order(order, 2);
  EXPECT_EQ(hex(bytes.substr(0, 4)), "c1020300");
  EXPECT_EQ(hex(bytes.substr(kEnvelopeBytes)),
            "00ca9a3b00000000"
            "feffffffffffffff");
  EXPECT_EQ(decode_command(bytes).value(), (Command{.entries = {}, .salt = 0, .retention = order}));
  const RetentionOrder move{.sets_age = false, .max_age_ns = 1'000'000'000, .edge_ns = kNoEdge};
  EXPECT_EQ(decode_command(encode_order(move, 3), 3).value().retention, move);
}

TEST(Envelope, an_older_release_stops_at_an_order_of_retention) {
  const std::string bytes = encode_order(RetentionOrder{.sets_age = true}, 2);
  EXPECT_TRUE(is_unknown(bytes, 1));
  for (const unsigned kind : {3U, 4U}) {
    EXPECT_TRUE(is_unknown(envelope(1, kind, 0, std::string(16, '\0')))) << "version 1 had no such kind";
    EXPECT_FALSE(is_unknown(envelope(2, kind, 0, std::string(16, '\0'))));
    EXPECT_TRUE(is_malformed(envelope(2, kind, 0, std::string(15, '\0'))));
    EXPECT_TRUE(is_malformed(envelope(2, kind, 0, std::string(17, '\0'))));
    EXPECT_TRUE(is_malformed(envelope(2, kind, 0, std::string(16, '\xff')))) << "no age";
    EXPECT_TRUE(is_malformed(envelope(2, kind, 0, "\1" + std::string(15, '\0')))) << "less than a second";
  }
}

RC_GTEST_PROP(Envelope, what_was_put_in_comes_out, ()) {
  std::vector<TimeEntry> entries(pick<size_t>(4));
  for (TimeEntry& entry : entries) entry = random_entry();
  const auto version = static_cast<CommandVersion>(1 + pick<size_t>(255));
  const auto back = decode_command(encode_command(entries, version), version);
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->entries == entries);
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
  for (const std::string& command :
       {bytes, "\xc1"s + bytes, "\xc1\x01\x01\x00"s + bytes, envelope(1, 1, 0, bytes), envelope(1, 2, 0, bytes)}) {
    const auto read = decode_command(command);
    if (!read) RC_ASSERT(!read.error().message.empty());
    if (read) RC_ASSERT(decode_command(encode_command(read->entries, 1))->entries == read->entries);
  }
}

}  // namespace
}  // namespace timestore
