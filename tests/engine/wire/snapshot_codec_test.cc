// The two messages that carry snapshots, and the word in an append that calls for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>

#include "engine/wire/codec.h"
#include "tests/engine/wire/codec_documents.h"

namespace timestore::raft {
namespace {

using testing::Document;
using ::testing::HasSubstr;

constexpr std::uint64_t kMaxExact = std::uint64_t{1} << 53;

// Bounds are where decoders err.
std::uint64_t any_up_to(std::uint64_t max) {
  const auto any = *rc::gen::arbitrary<std::uint64_t>();
  const std::uint64_t below = max == std::numeric_limits<std::uint64_t>::max() ? any : any % (max + 1);
  return *rc::gen::element<std::uint64_t>(0, 1, max, below);
}

SnapshotMeta any_meta() {
  return {.applied = {.term = any_up_to(kMaxTerm), .index = any_up_to(kMaxIndex)},
          .state_hash = any_up_to(std::numeric_limits<std::uint64_t>::max()),
          .size_bytes = any_up_to(kMaxExact),
          .checksum = any_up_to(std::numeric_limits<std::uint64_t>::max())};
}

std::string text_of(const Message& message) { return encode(message); }

RC_GTEST_PROP(SnapshotCodec, a_question_survives_its_own_text, ()) {
  const SnapshotRequest request{.term = any_up_to(kMaxTerm),
                                .follower = *rc::gen::element<std::string>("n1", "\"\\", "\u00e9"),
                                .wanted = any_meta(),
                                .offset = any_up_to(kMaxExact)};
  const auto decoded = decode_snapshot_request(text_of(request));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == request);
}

// The bytes may be any at all: line feeds, zeros, JSON, what is not UTF-8.
RC_GTEST_PROP(SnapshotCodec, a_part_survives_its_own_text, (const std::string& bytes)) {
  const SnapshotResponse part{.term = any_up_to(kMaxTerm),
                              .meta = any_meta(),
                              .offset = any_up_to(kMaxExact),
                              .checksum = static_cast<std::uint32_t>(any_up_to(0xffffffff)),
                              .bytes = Payload(*rc::gen::element<std::string>("", "\n", "\0", "}\n{") + bytes)};
  const auto decoded = decode_snapshot_response(text_of(part));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == part);
}

RC_GTEST_PROP(SnapshotCodec, any_bytes_are_a_part_or_an_error, (const std::string& bytes)) {
  const std::string text = *rc::gen::element<std::string>("", "{", "{}", "{\"term\":1}", "\n") + bytes;
  const auto part = decode_snapshot_response(text);
  if (part) RC_ASSERT(text_of(*part).size() > 0);
  if (!part) RC_ASSERT(!part.error().message.empty());
  const auto request = decode_snapshot_request(text);
  if (!request) RC_ASSERT(!request.error().message.empty());
}

Document question() {
  return {{{"term", "3"},
           {"nodeId", "\"n2\""},
           {"appliedIndex", "8"},
           {"appliedTerm", "2"},
           {"stateHash", "\"18446744073709551615\""},
           {"sizeBytes", "8192"},
           {"fileChecksum", "\"77\""},
           {"offset", "4096"}}};
}

Document part() { return question().without("nodeId").with("checksum", "4294967295"); }

TEST(SnapshotCodec, a_question_has_this_text) {
  const SnapshotRequest request{
      .term = 3,
      .follower = "n2",
      .wanted = {.applied = {.term = 2, .index = 8}, .state_hash = ~0ULL, .size_bytes = 8192, .checksum = 77},
      .offset = 4096};
  EXPECT_EQ(text_of(request),
            R"({"term":3,"nodeId":"n2","appliedIndex":8,"appliedTerm":2,"stateHash":"18446744073709551615",)"
            R"("sizeBytes":8192,"fileChecksum":"77","offset":4096})");
  EXPECT_EQ(decode_snapshot_request(question().text()), request);
}

TEST(SnapshotCodec, every_property_is_needed) {
  for (const auto& [name, value] : question().properties) {
    const auto decoded = decode_snapshot_request(question().without(name).text());
    ASSERT_FALSE(decoded) << name;
    EXPECT_THAT(decoded.error().message, HasSubstr(name));
  }
  for (const auto& [name, value] : part().properties) {
    const auto decoded = decode_snapshot_response(part().without(name).text() + "\nbytes");
    ASSERT_FALSE(decoded) << name;
    EXPECT_THAT(decoded.error().message, HasSubstr(name));
  }
  EXPECT_EQ(decode_snapshot_response(part().text() + "\nbytes")->bytes.view(), "bytes");
}

TEST(SnapshotCodec, numbers_beyond_their_bounds_are_refused_by_name) {
  const std::pair<std::string, std::string> excesses[] = {{"term", "9007199254740993"},
                                                          {"appliedIndex", "70368744177664"},
                                                          {"appliedTerm", "9007199254740993"},
                                                          {"sizeBytes", "9007199254740993"},
                                                          {"offset", "9007199254740993"},
                                                          {"offset", "-1"},
                                                          {"sizeBytes", "4096.0"},
                                                          {"offset", "true"},
                                                          {"checksum", "4294967296"}};
  for (const auto& [name, value] : excesses) {
    SCOPED_TRACE(name + " " + value);
    const auto decoded = decode_snapshot_response(part().with(name, value).text() + "\n");
    ASSERT_FALSE(decoded);
    EXPECT_THAT(decoded.error().message, HasSubstr(name));
    if (name == "checksum") continue;
    EXPECT_FALSE(decode_snapshot_request(question().with(name, value).text()));
  }
  EXPECT_FALSE(decode_snapshot_response(part().with("stateHash", "18446744073709551616").text() + "\n"));
}

TEST(SnapshotCodec, a_part_without_its_first_line_is_no_part) {
  EXPECT_FALSE(decode_snapshot_response(""));
  EXPECT_FALSE(decode_snapshot_response(part().text())) << "the line has no end";
  EXPECT_FALSE(decode_snapshot_response("\n" + part().text())) << "the line is empty";
  EXPECT_FALSE(decode_snapshot_response("bytes\n")) << "the line is no JSON";
  EXPECT_FALSE(decode_snapshot_response(part().text() + part().text() + "\n")) << "the line goes on";
  const auto empty = decode_snapshot_response(part().text() + "\n");
  ASSERT_TRUE(empty);
  EXPECT_FALSE(empty->bytes.is_absent()) << "no bytes are bytes too";
}

TEST(SnapshotCodec, an_append_says_whether_a_snapshot_comes_before_it) {
  AppendRequest request{.term = 3, .leader = "n1", .prev_index = 6, .prev_term = 2, .leader_commit = 5, .entries = {}};
  const std::string usual = text_of(request);
  request.from_snapshot = true;
  const std::string calling = text_of(request);
  EXPECT_TRUE(decode_append_request(calling)->from_snapshot);
  EXPECT_FALSE(decode_append_request(usual)->from_snapshot) << "a peer that does not know of snapshots says nothing";
  EXPECT_EQ(*decode_append_request(calling), request);
}

}  // namespace
}  // namespace timestore::raft
