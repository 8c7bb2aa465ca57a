// The codec against fixed texts, against tables of hostile values, and against a second, dumb reader of JSON.
#include "engine/wire/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "engine/base/prng.h"
#include "tests/engine/wire/codec_documents.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of this test

using ::testing::HasSubstr;

// --- Golden texts ---------------------------------------------------------------------------------------------------

void expect_golden(Kind kind, const Message& message, const std::string& text) {
  EXPECT_EQ(encode(message), text);
  const auto decoded = decode(kind, text);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, message);
}

TEST(CodecGolden, votes_have_these_texts) {
  expect_golden(Kind::kVoteRequest, VoteRequest{.term = 3, .candidate = "node1", .last_index = 7, .last_term = 2},
                R"({"term":3,"candidateId":"node1","lastLogIndex":7,"lastLogTerm":2})");
  expect_golden(Kind::kVoteResponse, VoteResponse{.term = 3, .granted = true, .judged = {2, 7}},
                R"({"term":3,"voteGranted":true,"lastLogIndex":7,"lastLogTerm":2})");
  expect_golden(Kind::kVoteResponse, VoteResponse{.term = 4, .granted = false},
                R"({"term":4,"voteGranted":false,"lastLogIndex":0,"lastLogTerm":0})");
}

TEST(CodecGolden, an_append_request_has_this_text) {
  AppendRequest request{
      .term = 3, .leader = "node1", .prev_index = 6, .prev_term = 2, .leader_commit = 6, .round = 9, .entries = {}};
  expect_golden(Kind::kAppendRequest, request,
                R"({"term":3,"leaderId":"node1","prevLogIndex":6,"prevLogTerm":2,"leaderCommit":6,"entries":[],)"
                R"("round":9})");
  request.entries = {noop(2), command(3, "{\"Value\":1}")};
  expect_golden(Kind::kAppendRequest, request,
                R"({"term":3,"leaderId":"node1","prevLogIndex":6,"prevLogTerm":2,"leaderCommit":6,)"
                R"("entries":[{"term":2,"command":""},{"term":3,"command":"{\"Value\":1}"}],"round":9})");
}

TEST(CodecGolden, append_responses_have_these_texts) {
  expect_golden(Kind::kAppendResponse,
                AppendResponse{.term = 3, .success = true, .match = 7, .prev_index = 6, .round = 9},
                R"({"term":3,"success":true,"matchIndex":7,"prevLogIndex":6,"round":9})");
  expect_golden(Kind::kAppendResponse, AppendResponse{.term = 3, .prev_index = 6, .hint = {2, 4}, .round = 9},
                R"({"term":3,"success":false,"prevLogIndex":6,"hintIndex":4,"hintTerm":2,"round":9})");
}

TEST(CodecGolden, an_admission_comes_back_and_so_does_that_it_is_for_founders) {
  for (const bool founds : {false, true}) {
    AppendRequest request = asked();
    request.admits = 7;
    request.founds = founds;
    const std::string text = encode(Message(request));
    EXPECT_EQ(text.find(R"(,"admits":7,"founds":true})") != std::string::npos, founds) << text;
    EXPECT_EQ(decode_append_request(text), request);
  }
}

TEST(CodecGolden, every_character_that_must_be_escaped_comes_back) {
  std::string all_ascii;
  for (char c = 0; c < 0x7f; ++c) all_ascii += c;
  all_ascii += "\x7f\u00e9\u2028\uffff\U0010ffff";
  AppendRequest request = asked();
  request.entries = {command(3, all_ascii), command(3, std::string(1, '\0'))};
  const auto decoded = decode_append_request(encode(Message(request)));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, request);
}

// --- The original's peers -------------------------------------------------------------------------------------------

TEST(CodecOriginal, its_bare_requests_are_understood) {
  const auto vote = decode_vote_request(R"({"Term":3,"CandidateId":"node1","LastLogIndex":7,"LastLogTerm":2})");
  EXPECT_EQ(vote, (VoteRequest{.term = 3, .candidate = "node1", .last_index = 7, .last_term = 2}));

  const auto append = decode_append_request(
      R"({ "Term": "3", "LeaderId": "node1", "PrevLogIndex": 6, "PrevLogTerm": 2,
           "Entries": [ { "Term": 3, "Command": "{\u0022Id\u0022:1}" } ], "LeaderCommit": 5 })");
  EXPECT_EQ(append, (AppendRequest{.term = 3,
                                   .leader = "node1",
                                   .prev_index = 6,
                                   .prev_term = 2,
                                   .leader_commit = 5,
                                   .admits = 7,
                                   .entries = {command(3, "{\"Id\":1}")}}));
}

TEST(CodecOriginal, absent_and_null_entries_are_none_and_a_null_command_is_a_noop) {
  const Document document = full(Kind::kAppendRequest);
  EXPECT_THAT(decode_append_request(document.without("entries").text()).value().entries, ::testing::IsEmpty());
  EXPECT_THAT(decode_append_request(document.with("entries", "null").text()).value().entries, ::testing::IsEmpty());
  EXPECT_THAT(decode_append_request(document.with("entries", R"([{"term":2,"command":null}])").text()).value().entries,
              ::testing::ElementsAre(noop(2)));
}

TEST(CodecOriginal, a_bare_vote_is_for_the_log_that_asked) {
  EXPECT_EQ(decode_vote_response(R"({"Term":3,"VoteGranted":true})", asked_for_a_vote()),
            (VoteResponse{.term = 3, .granted = true, .judged = {2, 7}}));
}

TEST(CodecOriginal, a_bare_success_matches_all_that_was_sent) {
  EXPECT_EQ(decode_append_response(R"({"Term":3,"Success":true})", asked()),
            (AppendResponse{.term = 3, .success = true, .match = 8, .prev_index = 6, .round = 9}));
}

TEST(CodecOriginal, a_bare_refusal_hints_at_the_entry_before) {
  EXPECT_EQ(decode_append_response(R"({"term":3,"success":false})", asked()),
            (AppendResponse{.term = 3, .prev_index = 6, .hint = {2, 5}, .round = 9}));

  AppendRequest from_the_start = asked();
  from_the_start.prev_index = 0;
  from_the_start.prev_term = 0;
  EXPECT_EQ(decode_append_response(R"({"term":3,"success":false})", from_the_start),
            (AppendResponse{.term = 3, .round = 9}));
}

TEST(CodecOriginal, an_answer_of_another_term_says_nothing_but_its_term) {
  for (const std::string term : {"4", "2", "0", "9007199254740992"}) {
    const AppendResponse only_the_term{.term = std::stoull(term)};
    EXPECT_EQ(decode_append_response(R"({"term":)" + term + R"(,"success":true})", asked()), only_the_term);
    EXPECT_EQ(decode_append_response(full(Kind::kAppendResponse).with("term", term).text(), asked()), only_the_term);
  }
}

TEST(CodecOriginal, a_success_has_no_hint_and_a_refusal_no_match) {
  const Document document = full(Kind::kAppendResponse);
  EXPECT_EQ(decode_append_response(document.text(), asked()).value().match, 0U);
  EXPECT_EQ(decode_append_response(document.with("success", "true").text(), asked()).value().hint, Position{});
}

// --- Tables of hostile values ---------------------------------------------------------------------------------------

const std::map<std::string, std::uint64_t> kIntegerBounds = {
    {"term", kMaxTerm},          {"lastLogIndex", kMaxIndex}, {"lastLogTerm", kMaxTerm}, {"prevLogIndex", kMaxIndex},
    {"prevLogTerm", kMaxTerm},   {"hintTerm", kMaxTerm},      {"hintIndex", kMaxIndex},  {"matchIndex", kMaxIndex},
    {"leaderCommit", kMaxIndex}, {"round", kMaxRound},
};

// Every integer of every message: calls `check` with the message's kind, its other properties, the name and the bound.
template <typename Check>
void for_each_integer(Check check) {
  for (const Kind kind : kKinds) {
    // Without entries, so that no rule but the bounds applies.
    const Document document = full(kind).without("entries");
    for (const auto& [name, value] : document.properties) {
      const auto bound = kIntegerBounds.find(name);
      if (bound != kIntegerBounds.end()) check(kind, document, name, bound->second);
    }
  }
}

TEST(CodecHostile, integers_are_taken_up_to_their_bound_plain_or_quoted) {
  for_each_integer([](Kind kind, const Document& document, const std::string& name, std::uint64_t bound) {
    const std::string most = std::to_string(bound);
    for (const std::string& value : words("0 -0 1 " + most + R"( "0" "1" "\u0031\u0032" ")" + most + "\"")) {
      EXPECT_TRUE(decode(kind, document.with(name, value).text())) << name << ": " << value;
    }
  });
}

TEST(CodecHostile, all_else_is_refused_with_the_name_and_the_bound) {
  const auto too_large = words("9223372036854775807 9223372036854775808 18446744073709551615 -9223372036854775808");
  const auto not_integers = words("-1 1e3 1E0 1.0 0.0 -1.5 1e300 null true false [] [1] {}");
  const auto quoted =
      words(R"("" "+1" "-1" "-0" "01" "00" "1.0" "1e3" "0x10" "ten" "null" "1\u0000" "\u0020\u0031")"
            R"( "1\t" "\u0661" "18446744073709551615" "18446744073709551616" "99999999999999999999999")");
  for_each_integer([&](Kind kind, const Document& document, const std::string& name, std::uint64_t bound) {
    const std::string sentence = name + " must be an integer from 0 to " + std::to_string(bound) + ".";
    const std::string over = std::to_string(bound + 1);
    for (const auto& values : {words(over + " \"" + over + "\""), too_large, not_integers, quoted}) {
      for (const std::string& value : values) {
        EXPECT_EQ(complaint(kind, document.with(name, value).text()), sentence) << value;
      }
    }
  });
}

TEST(CodecHostile, numbers_that_are_malformed_or_beyond_64_bits_spoil_the_whole_text) {
  for (const Kind kind : kKinds) {
    for (const std::string& value :
         words("18446744073709551616 -9223372036854775809 99999999999999999999999 1e400 -1e400 "
               "01 1. .5 +1 0x10 1e - NaN Infinity 1_000 12abc")) {
      EXPECT_FALSE(decode(kind, full(kind).with("term", value).text())) << value;
      EXPECT_FALSE(decode(kind, full(kind).with("unknown", value).text())) << value;
    }
  }
  EXPECT_EQ(complaint(Kind::kVoteResponse, R"({"term":18446744073709551616,"voteGranted":true})"),
            "The message holds a number that is malformed or beyond 64 bits.");
}

TEST(CodecHostile, booleans_are_true_or_false) {
  for (const std::string& value : words(R"(null 1 0 "true" "" [] {})")) {
    EXPECT_EQ(complaint(Kind::kVoteResponse, full(Kind::kVoteResponse).with("voteGranted", value).text()),
              "voteGranted must be true or false.");
    EXPECT_EQ(complaint(Kind::kAppendResponse, full(Kind::kAppendResponse).with("success", value).text()),
              "success must be true or false.");
  }
}

TEST(CodecHostile, node_ids_are_short_and_printable) {
  const auto with_id = [](const std::string& id) { return full(Kind::kVoteRequest).with("candidateId", id).text(); };
  const std::string longest(kMaxNodeIdBytes, 'n');
  EXPECT_EQ(decode_vote_request(with_id("\"" + longest + "\"")).value().candidate, longest);
  EXPECT_EQ(decode_vote_request(with_id("\"kn\u00f6tchen\"")).value().candidate, "kn\u00f6tchen");
  for (const std::string& id : words(R"("" null 7 ["n"] "a\nb" "\u0000" "\u007f" ")" + longest + "n\"")) {
    EXPECT_EQ(complaint(Kind::kVoteRequest, with_id(id)),
              "candidateId must be a string of 1 to 64 bytes, no control characters.")
        << id;
    EXPECT_THAT(complaint(Kind::kAppendRequest, full(Kind::kAppendRequest).with("leaderId", id).text()),
                HasSubstr("leaderId must be a string"));
  }
}

TEST(CodecHostile, every_required_property_is_missed_by_name) {
  const auto optional = [](const std::string& name) {
    return name == "entries" || name == "round" || name == "matchIndex";
  };
  for (const Kind kind : kKinds) {
    for (const auto& [name, value] : full(kind).properties) {
      const std::string rest = full(kind).without(name).text();
      const bool repeats_the_request =
          kind == Kind::kVoteResponse ? name.starts_with("lastLog") : kind == Kind::kAppendResponse && name == "prevLogIndex";
      if (optional(name) || repeats_the_request) {
        EXPECT_TRUE(decode(kind, rest)) << name;
      } else {
        EXPECT_THAT(complaint(kind, rest), ::testing::StartsWith(name + " is missing")) << rest;
      }
    }
    EXPECT_EQ(complaint(kind, "{}"), "term is missing.");
  }
}

TEST(CodecHostile, a_property_given_twice_is_refused_in_whatever_case) {
  for (const Kind kind : kKinds) {
    for (const auto& [name, value] : full(kind).properties) {
      Document twice = full(kind);
      std::string shouted = name;
      for (char& c : shouted) c = static_cast<char>(std::toupper(c));
      twice.properties.insert(twice.properties.begin(), {shouted, value});
      EXPECT_EQ(complaint(kind, twice.text()), name + " is given twice.");
    }
  }
}

TEST(CodecHostile, names_match_in_the_case_of_ascii_letters_only) {
  // Control character 0x14 and the digit 4 differ from `t` and `T` in one or two bits.
  for (const std::string name : {"\\u0014erm", "terM\\u0000", "ter", "terms", "", "te\u0280m", "4erm"}) {
    EXPECT_EQ(complaint(Kind::kVoteResponse, "{\"" + name + R"(":3,"voteGranted":true})"), "term is missing.");
  }
  EXPECT_TRUE(decode_vote_response(R"({"\u0054eRm":3,"VOTEGRANTED":true})", asked_for_a_vote()));
}

TEST(CodecHostile, entries_are_refused_by_place_and_name) {
  const auto with_entries = [](const std::string& entries) {
    return complaint(Kind::kAppendRequest, full(Kind::kAppendRequest).with("entries", entries).text());
  };
  EXPECT_EQ(with_entries("{}"), "entries must be an array or null.");
  EXPECT_EQ(with_entries("\"\""), "entries must be an array or null.");
  EXPECT_EQ(with_entries("[null]"), "entries must hold objects only.");
  EXPECT_EQ(with_entries(R"([{"term":2,"command":"x"},[]])"), "entries must hold objects only.");
  EXPECT_EQ(with_entries(R"([{"term":2,"command":"x"},{"command":"x"}])"), "entries[1].term is missing.");
  EXPECT_EQ(with_entries(R"([{"term":2}])"), "entries[0].command is missing.");
  EXPECT_EQ(with_entries(R"([{"term":2,"command":7}])"), "entries[0].command must be a string or null.");
  EXPECT_EQ(with_entries(R"([{"term":2,"command":{"Value":1}}])"), "entries[0].command must be a string or null.");
  EXPECT_EQ(with_entries(R"([{"term":2,"command":"a","Command":"b"}])"), "entries[0].command is given twice.");
  EXPECT_EQ(with_entries(R"([{"term":0,"command":""}])"),
            "entries[0].term must be an integer from 1 to 9007199254740992.");
}

TEST(CodecHostile, the_terms_of_entries_never_fall_and_end_at_the_requests_term) {
  const auto with_terms = [](const std::string& first, const std::string& second) {
    const std::string entries = R"([{"term":)" + first + R"(,"command":"x"},{"term":)" + second + R"(,"command":"y"}])";
    return complaint(Kind::kAppendRequest, full(Kind::kAppendRequest).with("entries", entries).text());
  };
  EXPECT_THAT(with_terms("2", "2"), HasSubstr("accepted"));
  EXPECT_THAT(with_terms("3", "3"), HasSubstr("accepted"));
  EXPECT_EQ(with_terms("1", "2"), "entries[0].term must not be below the term of the entry before it.");
  EXPECT_EQ(with_terms("3", "2"), "entries[1].term must not be below the term of the entry before it.");
  EXPECT_EQ(with_terms("3", "4"), "entries[1].term must not be above the term of the request.");
}

TEST(CodecHostile, entries_end_at_the_last_index) {
  const Document document = full(Kind::kAppendRequest);
  const std::string last_that_fits = std::to_string(kMaxIndex - 2);
  EXPECT_TRUE(decode_append_request(document.with("prevLogIndex", last_that_fits).text()));
  EXPECT_EQ(complaint(Kind::kAppendRequest, document.with("prevLogIndex", std::to_string(kMaxIndex - 1)).text()),
            "entries must not reach beyond the index " + std::to_string(kMaxIndex) + ".");
}

TEST(CodecHostile, entries_are_limited_in_number) {
  AppendRequest request = asked();
  request.entries.assign(kMaxEntriesPerMessage, noop(3));
  std::string text = encode(Message(request));
  ASSERT_GT(text.size(), std::size_t{1} << 20) << "the text should be longer than what a thread's own parser reads";
  EXPECT_EQ(decode_append_request(text), request);

  text.insert(text.find(']'), R"(,{"term":3,"command":""})");
  EXPECT_EQ(complaint(Kind::kAppendRequest, text), "entries must not hold more than 65536.");
}

TEST(CodecHostile, only_one_json_object_is_a_message) {
  for (const Kind kind : kKinds) {
    const std::string text = full(kind).text();
    EXPECT_TRUE(decode(kind, " \t\r\n" + text + "\n"));
    EXPECT_FALSE(decode(kind, std::string_view()));
    for (const std::string& other : {text + text, text + "x", text + ",", text + "{}", text + std::string(1, '\0'),
                                     "[" + text + "]", "\xef\xbb\xbf" + text, std::string(), std::string(" "),
                                     std::string("null"), std::string("7"), std::string("\"{}\""), std::string("[]"),
                                     std::string("\0", 1), std::string(1000, '{'), std::string(100'000, '[')}) {
      EXPECT_FALSE(decode(kind, other)) << other;
    }
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(decode(kind, text.substr(0, size)));
  }
}

TEST(CodecHostile, unknown_properties_may_nest_64_deep_with_the_message) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + "7" + std::string(depth, ']'); };
  const Document document = full(Kind::kVoteResponse);
  EXPECT_TRUE(decode_vote_response(document.with("unknown", nested(63)).text(), asked_for_a_vote()));
  EXPECT_EQ(complaint(Kind::kVoteResponse, document.with("unknown", nested(64)).text()),
            "The message is nested deeper than 64.");
  EXPECT_FALSE(decode_vote_response(document.with("unknown", nested(100'000)).text(), asked_for_a_vote()));
}

TEST(CodecHostile, texts_that_are_not_unicode_are_refused) {
  for (const std::string bytes : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\\ud800",
                                  "\\udc00", "\\ud800\\ud800", "\\ud83d\\u0041", "\\uD83Dx"}) {
    const std::string entries = "[{\"term\":3,\"command\":\"" + bytes + "\"}]";
    EXPECT_FALSE(decode_append_request(full(Kind::kAppendRequest).with("entries", entries).text())) << bytes;
    EXPECT_FALSE(decode_append_request(full(Kind::kAppendRequest).with(bytes, "1").text())) << bytes;
  }
}

TEST(Codec, a_command_that_is_no_text_travels_as_base64) {
  AppendRequest request = asked();
  request.entries = {command(3, std::string("\xc1\x01\x01\x00", 4))};
  const std::string json = encode(Message(request));
  EXPECT_THAT(json, HasSubstr(R"("entries":[{"term":3,"envelope":"wQEBAA=="}])"));
  EXPECT_EQ(decode_append_request(json).value(), request);
}

TEST(CodecHostile, an_envelope_holds_base64) {
  for (const char* text : {R"("wQEBAA")", R"("wQEBAA==\n")", "null", "3"}) {
    const std::string entries = std::string(R"([{"term":3,"envelope":)") + text + "}]";
    EXPECT_FALSE(decode_append_request(full(Kind::kAppendRequest).with("entries", entries).text())) << text;
  }
}

TEST(CodecDeathTest, what_json_cannot_carry_is_never_encoded) {
  AppendRequest request = asked();
  request.entries = {Entry{.term = 3, .kind = EntryKind::kCommand, .payload = Payload()}};
  EXPECT_DEATH(encode(Message(request)), "an entry is fetched before it is sent");
  request.entries = {command(3, "")};
  EXPECT_DEATH(encode(Message(request)), "an entry.s kind follows from its command");
  request.entries.assign(kMaxEntriesPerMessage + 1, noop(3));
  EXPECT_DEATH(encode(Message(request)), "limited in number");
  EXPECT_DEATH(encode(Message(VoteRequest{.candidate = ""})), "a node's id is short");
}

}  // namespace
}  // namespace timestore::raft
