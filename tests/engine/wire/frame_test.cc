// Frames against fixed bytes, against tables of hostile ones, and against every message that its description can make.
#include "engine/wire/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/checksum.h"
#include "tests/engine/wire/codec_documents.h"
#include "tests/engine/wire/messages.h"

namespace timestore::raft {
namespace {

using testing::asked_by;
using testing::command;
using ::testing::HasSubstr;
using testing::kMessageKinds;
using testing::Maker;
using testing::noop;

// "02 ac 02" as bytes.
std::string bytes(std::string_view hexadecimal) {
  std::string out;
  for (const std::string& word : testing::words(std::string(hexadecimal))) {
    out += static_cast<char>(std::stoi(word, nullptr, 16));
  }
  return out;
}

std::string hexadecimal(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const unsigned number = static_cast<unsigned char>(byte);
    if (!out.empty()) out += ' ';
    out += {kDigits[number / 16], kDigits[number % 16]};
  }
  return out;
}

std::string fixed(std::size_t number) {
  std::string out;
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift & 0xff);
  return out;
}

// A frame around any body, with a size and a checksum that are right.
std::string frame(std::size_t alternative, const std::string& body) {
  std::string out = bytes("f5 54 01") + static_cast<char>(alternative + 1) + '\0' + fixed(body.size()) + body;
  return out + fixed(crc32(out));
}

std::string body_of(const std::string& frame) { return frame.substr(9, frame.size() - 13); }

tl::expected<Message, FrameError> decode_alone(std::size_t alternative, const std::string& bytes, Message asked) {
  return decode_frame(alternative, bytes, &asked);
}

template <typename Kind>
std::string complaint(const std::string& body) {
  const Message asked = asked_by(Kind{});
  const auto decoded = decode_frame(index_of<Kind>, frame(index_of<Kind>, body), &asked);
  return decoded ? "accepted" : decoded.error().message;
}

// --- Fixed bytes ----------------------------------------------------------------------------------------------------

// These bytes are on disks of nobody, but on wires between two releases: they never change.
void expect_golden(const Message& message, std::string_view expected) {
  const std::string frame = encode_frame(message);
  EXPECT_EQ(hexadecimal(frame), expected);
  const auto decoded = decode_alone(message.index(), frame, asked_by(message));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, message);
}

TEST(FrameGolden, elections_have_these_bytes) {
  expect_golden(
      VoteRequest{.term = 3, .candidate = "n1", .last_index = 7, .last_term = 2, .founds = true, .forced = true},
      "f5 54 01 01 00 0e 00 00 00 02 03 05 02 6e 31 06 07 08 02 0a 01 0c 01 7d 0b 57 72");
  expect_golden(VoteResponse{.term = 300, .granted = true}, "f5 54 01 02 00 05 00 00 00 02 ac 02 04 01 2a 72 fb 11");
  expect_golden(PreVoteRequest{.term = 3, .candidate = "n1", .last_index = 7, .last_term = 2, .founds = true},
                "f5 54 01 03 00 0c 00 00 00 02 03 05 02 6e 31 06 07 08 02 0a 01 f3 d7 1e 8e");
  expect_golden(PreVoteResponse{.term = 2, .proposed = 3, .granted = true},
                "f5 54 01 04 00 06 00 00 00 02 02 04 03 06 01 35 0d d7 da");
  expect_golden(TimeoutNow{.term = 3, .leader = "n1", .round = 9},
                "f5 54 01 09 00 08 00 00 00 02 03 05 02 6e 31 06 09 99 01 a6 66");
}

TEST(FrameGolden, appends_have_these_bytes) {
  expect_golden(AppendRequest{.term = 3,
                              .leader = "n1",
                              .prev_index = 6,
                              .prev_term = 2,
                              .leader_commit = 5,
                              .round = 9,
                              .recalled = 8,
                              .from_snapshot = true,
                              .admits = 7,
                              .founds = true,
                              .entries = {noop(2), command(3, "\xff{}")}},
                "f5 54 01 05 00 27 00 00 00 02 03 05 02 6e 31 06 06 08 02 0a 05 0c 09 0e 08 10 01 12 07 14 "
                "01 17 04 02 02 07 00 17 09 02 03 04 01 07 03 ff 7b 7d 58 dd 03 3e");
  expect_golden(AppendResponse{.term = 3, .success = true, .match = 8, .prev_index = 6, .round = 9, .novice = true},
                "f5 54 01 06 00 0c 00 00 00 02 03 04 01 06 08 08 06 0c 09 0e 01 12 4f 6f 62");
  expect_golden(AppendResponse{.term = 3, .prev_index = 6, .hint = {2, 4}, .round = 9},
                "f5 54 01 06 00 0c 00 00 00 02 03 08 06 0b 04 02 02 04 04 0c 09 5a 69 0d e5");
}

TEST(FrameGolden, parts_of_snapshots_have_these_bytes) {
  const SnapshotMeta meta{.applied = {.term = 2, .index = 8}, .state_hash = ~0ULL, .size_bytes = 8192, .checksum = 77};
  expect_golden(SnapshotRequest{.term = 3, .follower = "n2", .wanted = meta, .offset = 4096},
                "f5 54 01 07 00 21 00 00 00 02 03 05 02 6e 32 07 16 03 04 02 02 04 08 04 ff ff ff ff ff ff "
                "ff ff ff 01 06 80 40 08 4d 08 80 20 39 f0 be d9");
  expect_golden(SnapshotResponse{.term = 3, .meta = meta, .offset = 4096, .checksum = 5, .bytes = Payload("\n\xff")},
                "f5 54 01 08 00 23 00 00 00 02 03 05 16 03 04 02 02 04 08 04 ff ff ff ff ff ff ff ff ff 01 "
                "06 80 40 08 4d 06 80 20 08 05 0b 02 0a ff 1a 6e 71 4e");
}

// --- Every message --------------------------------------------------------------------------------------------------

RC_GTEST_PROP(Frame, every_message_survives_its_own_frame, (std::uint64_t seed)) {
  Maker maker(seed);
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    const Message message = maker.message(kind);
    const auto decoded = decode_alone(kind, encode_frame(message), asked_by(message));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == message);
  }
}

// Of every field, JSON carries what frames carry: a node that is not known to read frames may be one of ours.
RC_GTEST_PROP(Frame, every_message_survives_its_own_json_too, (std::uint64_t seed)) {
  Maker maker(seed, {.is_text = true});
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    const Message message = maker.message(kind);
    const Message asked = asked_by(message);
    RC_ASSERT(is_text(message));
    const auto decoded = decode(kind, encode(message), &asked);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == message);
  }
}

TEST(Frame, a_bit_that_was_flipped_on_the_way_is_noticed) {
  Maker maker(1, {.is_full = true});
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    const Message message = maker.message(kind);
    const std::string whole = encode_frame(message);
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      std::string flipped = whole;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      const auto decoded = decode_alone(kind, flipped, asked_by(message));
      ASSERT_FALSE(decoded) << "kind " << kind << ", bit " << bit;
      EXPECT_EQ(decoded.error().kind == FrameError::Kind::kUnknown, bit / 8 == 2) << "bit " << bit;
    }
  }
}

TEST(Frame, one_that_was_cut_or_goes_on_is_noticed) {
  Maker maker(2, {.is_full = true});
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    const Message message = maker.message(kind);
    const std::string whole = encode_frame(message);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ASSERT_FALSE(decode_alone(kind, whole.substr(0, size), asked_by(message)))
          << "kind " << kind << ", size " << size;
    }
    EXPECT_FALSE(decode_alone(kind, whole + '\0', asked_by(message)));
    EXPECT_FALSE(decode_alone(kind, whole + whole, asked_by(message)));
  }
}

// What somebody means to break has a checksum that is right.
RC_GTEST_PROP(Frame, any_body_is_a_message_within_its_bounds_or_an_error, (std::uint64_t seed)) {
  Prng prng(seed);
  Maker maker(seed);
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    const Message message = maker.message(kind);
    std::string body = body_of(encode_frame(message));
    for (std::uint64_t rest = 1 + prng.below(3); rest > 0 && !body.empty(); --rest) {
      const std::size_t at = prng.below(body.size());
      const std::uint64_t how = prng.below(4);
      if (how == 0) body[at] = static_cast<char>(body[at] ^ (1 << prng.below(8)));
      if (how == 1) body.erase(at, 1 + prng.below(3));
      if (how == 2) body.insert(at, 1, static_cast<char>(prng.below(256)));
      if (how == 3) body.insert(at, body.substr(prng.below(body.size()), 1 + prng.below(8)));
    }
    const auto decoded = decode_alone(kind, frame(kind, body), asked_by(message));
    if (!decoded) {
      RC_ASSERT(decoded.error().message.ends_with("."));
      continue;
    }
    const std::string again = encode_frame(*decoded);  // which checks the bounds
    const Message asked = asked_by(*decoded);
    RC_ASSERT(*decode_frame(kind, again, &asked) == *decoded);
    RC_ASSERT(again.size() <= frame(kind, body).size());
  }
}

RC_GTEST_PROP(Frame, any_bytes_are_a_message_or_an_error, (const std::string& any)) {
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    const auto plain = decode_alone(kind, any, asked_by(AppendResponse{}));
    RC_ASSERT(!plain.has_value());
  }
}

TEST(Frame, a_message_of_another_kind_is_none_of_the_kind_that_is_due) {
  const auto decoded = decode_frame(index_of<VoteRequest>, encode_frame(VoteResponse{.term = 1}), nullptr);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().kind, FrameError::Kind::kBroken);
}

TEST(Frame, an_answer_of_another_term_says_nothing_but_its_term) {
  const AppendResponse answer{.term = 4, .success = true, .match = 9, .prev_index = 8, .round = 7, .novice = true};
  const Message asked = AppendRequest{.term = 3, .leader = "n1", .entries = {}};
  EXPECT_EQ(decode_frame(index_of<AppendResponse>, encode_frame(answer), &asked), Message(AppendResponse{.term = 4}));
}

TEST(Frame, commands_may_be_any_bytes) {
  AppendRequest request = testing::asked();
  request.entries = {command(3, std::string("\0\xff\xc0", 3))};
  EXPECT_EQ(decode_frame(index_of<AppendRequest>, encode_frame(request), nullptr), Message(request));
  EXPECT_FALSE(is_text(request));
  EXPECT_TRUE(is_text(testing::asked()));
}

// --- What newer nodes send ------------------------------------------------------------------------------------------

TEST(FrameOfANewerNode, a_field_that_nobody_here_knows_is_skipped) {
  Maker maker(3, {.is_full = true});
  const std::string unknown = bytes("f8 01 96 01") + bytes("fb 01 03 61 62 63") + bytes("fb 01 00");
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    const Message message = maker.message(kind);
    const std::string body = body_of(encode_frame(message));
    const auto decoded = decode_alone(kind, frame(kind, body + unknown), asked_by(message));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, message);
    EXPECT_FALSE(decode_alone(kind, frame(kind, body + unknown.substr(0, 6)), asked_by(message))) << "it ends early";
  }
  const AppendRequest with_entry{.term = 1, .leader = "a", .entries = {noop(1)}};
  const std::string body = bytes("02 01 05 01 61 17 06 02 01 07 00") + bytes("7e 05");
  EXPECT_EQ(decode_frame(index_of<AppendRequest>, frame(index_of<AppendRequest>, body), nullptr), Message(with_entry))
      << "nor one of an entry";
}

TEST(FrameOfANewerNode, what_cannot_be_read_without_new_knowledge_is_unknown) {
  const std::string vote = encode_frame(VoteResponse{.term = 1});
  const auto kind_of_error = [](const std::string& bytes) {
    return decode_frame(index_of<VoteResponse>, bytes, nullptr).error().kind;
  };
  const auto sealed = [&](std::size_t at, char byte) {
    std::string changed = vote.substr(0, vote.size() - 4);
    changed[at] = byte;
    return changed + fixed(crc32(changed));
  };
  EXPECT_EQ(kind_of_error(sealed(2, 2)), FrameError::Kind::kUnknown) << "version";
  EXPECT_EQ(kind_of_error(sealed(3, kMessageKinds + 1)), FrameError::Kind::kUnknown) << "kind";
  EXPECT_EQ(kind_of_error(sealed(3, 0)), FrameError::Kind::kUnknown) << "kind";
  EXPECT_EQ(kind_of_error(sealed(4, 1)), FrameError::Kind::kUnknown) << "flags";
  const auto entry =
      decode_frame(index_of<AppendRequest>,
                   frame(index_of<AppendRequest>, bytes("02 01 05 01 61 17 07 02 01 04 04 07 01 78")), nullptr);
  EXPECT_EQ(entry.error(), (FrameError{.kind = FrameError::Kind::kUnknown,
                                       .message = "entries[0].kind is one that this node does not know."}));
}

// --- Tables of hostile bodies ---------------------------------------------------------------------------------------

TEST(FrameHostile, a_field_is_written_in_one_way_only) {
  const std::pair<const char*, const char*> bodies[] = {
      {"02 80 00", "term is no number."},
      {"02 ff ff ff ff ff ff ff ff ff 02", "term is no number."},
      {"02 ff ff ff ff ff ff ff ff ff ff 01", "term is no number."},
      {"02", "term is no number."},
      {"02 80", "term is no number."},
      {"02 00", "term must be left out where it is the default."},
      {"02 81 80 80 80 80 80 80 10", "term must not be above 9007199254740992."},
      {"04 02", "voteGranted must not be above 1."},
      {"03 01 05", "term has another form than it should."},
      {"02 01 02 01", "term comes twice."},
      {"04 01 02 01", "The frame has its fields out of order."},
      {"00 01", "The frame has a field without a key."},
      {"01 00", "The frame has a field without a key."},
      {"80", "The frame has a field without a key."},
  };
  for (const auto& [body, sentence] : bodies) EXPECT_EQ(complaint<VoteResponse>(bytes(body)), sentence) << body;
}

TEST(FrameHostile, what_tells_its_size_ends_where_it_says) {
  EXPECT_EQ(complaint<VoteRequest>(bytes("02 01")), "candidateId is missing.");
  EXPECT_EQ(complaint<VoteRequest>(bytes("02 01 05 02 61")), "candidateId ends early.");
  EXPECT_EQ(complaint<VoteRequest>(bytes("05 ff ff ff ff ff ff ff ff ff 01 61")), "candidateId ends early.");
  EXPECT_THAT(complaint<VoteRequest>(bytes("05 00")), HasSubstr("candidateId must be a string of 1 to 64 bytes"));
  EXPECT_THAT(complaint<VoteRequest>(bytes("05 01 0a")), HasSubstr("no control characters"));
  EXPECT_THAT(complaint<VoteRequest>(bytes("05 01 ff")), HasSubstr("candidateId"));
  EXPECT_THAT(complaint<VoteRequest>(bytes("05 41") + std::string(65, 'n')), HasSubstr("candidateId"));
  EXPECT_EQ(complaint<SnapshotResponse>(bytes("02 01")), "bytes is missing.");
}

TEST(FrameHostile, appends_and_their_entries_are_within_their_bounds) {
  const std::string start = bytes("02 03 05 01 61 06 06 08 02");  // term 3, leader a, after term 2, index 6
  const std::pair<const char*, const char*> bodies[] = {
      {"17 02 02 03", "entries[0].command is missing."},
      {"17 02 07 00", "entries[0].term must not be 0."},
      {"17 06 02 03 04 01 07 01", "entries[0].command ends early."},
      {"17 04 02 03 07 00 17 07 02 03 04 02 07 01 78", "entries[1].kind does not follow from the command."},
      {"17 05 02 03 07 01 78", "entries[0].kind does not follow from the command."},
      {"17 04 02 01 07 00", "entries must not have terms that fall."},
      {"17 04 02 03 07 00 17 04 02 02 07 00", "entries must not have terms that fall."},
      {"17 04 02 04 07 00", "entries must not have terms above that of the request."},
      {"17 09 02 03 07 00", "entries[0] ends early."},
      {"16 01", "entries has another form than it should."},
  };
  for (const auto& [body, sentence] : bodies)
    EXPECT_EQ(complaint<AppendRequest>(start + bytes(body)), sentence) << body;
  EXPECT_EQ(complaint<AppendRequest>(bytes("02 03 05 01 61 06 ff ff ff ff ff ff 0f 17 04 02 03 07 00")),
            "entries must not reach beyond the index 70368744177663.");
  EXPECT_EQ(complaint<AppendResponse>(bytes("02 0c 04 01 0b 02 02 01")), "hint belongs to a refusal.");
  EXPECT_EQ(complaint<AppendResponse>(bytes("02 0c 06 01")), "matchIndex belongs to a success.");
}

TEST(FrameHostile, entries_are_limited_in_number) {
  const std::string start = bytes("02 03 05 01 61");
  std::string entries;
  for (std::size_t i = 0; i < kMaxEntriesPerMessage; ++i) entries += bytes("17 04 02 03 07 00");
  EXPECT_EQ(complaint<AppendRequest>(start + entries), "accepted");
  EXPECT_EQ(complaint<AppendRequest>(start + entries + bytes("17 00")), "entries holds too many entries.");
}

// --- Descriptions ---------------------------------------------------------------------------------------------------

struct Grown {
  Term term = 0;
  bool is_new = false;
};

}  // namespace

template <>
inline constexpr auto kFields<Grown> = std::tuple(field(1, "term", &Grown::term));

namespace {

static_assert(!is_described<Grown>(), "the alarm rings when a member has no line");
static_assert(member_count<AppendRequest>() == field_count<AppendRequest>);

// Each field by itself, and nothing else, makes two messages differ, in words and in frames.
TEST(Fields, every_field_makes_a_difference_by_its_name) {
  Maker maker(4, {.is_full = true});
  const auto full = maker.make<AppendRequest>();
  for_each_field<AppendRequest>([&](const auto& field) {
    AppendRequest other = full;
    other.*field.member = AppendRequest{}.*field.member;
    EXPECT_EQ(difference(full, other), field.name);
    EXPECT_FALSE(full == other);
  });
  EXPECT_EQ(difference(full, full), "");
}

}  // namespace
}  // namespace timestore::raft
