// The codec against fixed texts, against tables of hostile values, and against a second, dumb reader of JSON.
#include "engine/raft/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/prng.h"

namespace timestore::raft {
namespace {

using ::testing::HasSubstr;

// --- Documents written by hand --------------------------------------------------------------------------------------

// The properties of a JSON object as texts, to be replaced one by one.
struct Document {
  std::vector<std::pair<std::string, std::string>> properties;

  Document with(const std::string& name, const std::string& value) const {
    Document changed = without(name);
    changed.properties.emplace_back(name, value);
    return changed;
  }

  Document without(const std::string& name) const {
    Document changed = *this;
    std::erase_if(changed.properties, [&](const auto& property) { return property.first == name; });
    return changed;
  }

  std::string text() const {
    std::string out;
    for (const auto& [name, value] : properties) out += (out.empty() ? "{\"" : ",\"") + name + "\":" + value;
    return out.empty() ? "{}" : out + "}";
  }
};

// Values that contain no blanks, written in one line.
std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

enum class Kind { kVoteRequest, kVoteResponse, kAppendRequest, kAppendResponse };
constexpr Kind kKinds[] = {Kind::kVoteRequest, Kind::kVoteResponse, Kind::kAppendRequest, Kind::kAppendResponse};

Entry command(Term term, std::string text) { return {term, EntryKind::kCommand, Payload(std::move(text))}; }
Entry noop(Term term) { return {term, EntryKind::kNoop, Payload(std::string())}; }

// What the append responses of these tests answer.
AppendRequest asked() {
  return {.term = 3,
          .leader = "node1",
          .prev_index = 6,
          .prev_term = 2,
          .leader_commit = 5,
          .round = 9,
          .entries = {command(3, "x"), noop(3)}};
}

Document full(Kind kind) {
  switch (kind) {
    case Kind::kVoteRequest:
      return {{{"term", "3"}, {"candidateId", "\"node1\""}, {"lastLogIndex", "7"}, {"lastLogTerm", "2"}}};
    case Kind::kVoteResponse:
      return {{{"term", "3"}, {"voteGranted", "true"}}};
    case Kind::kAppendRequest:
      return {{{"term", "3"},
               {"leaderId", "\"node1\""},
               {"prevLogIndex", "6"},
               {"prevLogTerm", "2"},
               {"leaderCommit", "6"},
               {"entries", R"([{"term":2,"command":""},{"term":3,"command":"{\"Value\":1}"}])"},
               {"round", "9"}}};
    case Kind::kAppendResponse:
      return {{{"term", "3"},
               {"success", "false"},
               {"matchIndex", "7"},
               {"prevLogIndex", "6"},
               {"hintIndex", "4"},
               {"hintTerm", "2"},
               {"round", "9"}}};
  }
  std::abort();
}

Result<Message> decode(Kind kind, std::string_view json) {
  const auto widen = [](auto message) { return Message(std::move(message)); };
  switch (kind) {
    case Kind::kVoteRequest:
      return decode_vote_request(json).map(widen);
    case Kind::kVoteResponse:
      return decode_vote_response(json).map(widen);
    case Kind::kAppendRequest:
      return decode_append_request(json).map(widen);
    case Kind::kAppendResponse:
      return decode_append_response(json, asked()).map(widen);
  }
  std::abort();
}

std::string complaint(Kind kind, std::string_view json) {
  const auto message = decode(kind, json);
  return message ? "accepted: " + encode(*message) : message.error().message;
}

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
  expect_golden(Kind::kVoteResponse, VoteResponse{.term = 3, .granted = true}, R"({"term":3,"voteGranted":true})");
  expect_golden(Kind::kVoteResponse, VoteResponse{.term = 4, .granted = false}, R"({"term":4,"voteGranted":false})");
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
                                   .entries = {command(3, "{\"Id\":1}")}}));
}

TEST(CodecOriginal, absent_and_null_entries_are_none_and_a_null_command_is_a_noop) {
  const Document document = full(Kind::kAppendRequest);
  EXPECT_THAT(decode_append_request(document.without("entries").text()).value().entries, ::testing::IsEmpty());
  EXPECT_THAT(decode_append_request(document.with("entries", "null").text()).value().entries, ::testing::IsEmpty());
  EXPECT_THAT(decode_append_request(document.with("entries", R"([{"term":2,"command":null}])").text()).value().entries,
              ::testing::ElementsAre(noop(2)));
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
      if (optional(name) || (kind == Kind::kAppendResponse && name == "prevLogIndex")) {
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
  EXPECT_TRUE(decode_vote_response(R"({"\u0054eRm":3,"VOTEGRANTED":true})"));
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
            "entries must not reach beyond the index 281474976710655.");
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
  EXPECT_TRUE(decode_vote_response(document.with("unknown", nested(63)).text()));
  EXPECT_EQ(complaint(Kind::kVoteResponse, document.with("unknown", nested(64)).text()),
            "The message is nested deeper than 64.");
  EXPECT_FALSE(decode_vote_response(document.with("unknown", nested(100'000)).text()));
}

TEST(CodecHostile, texts_that_are_not_unicode_are_refused) {
  for (const std::string bytes : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\\ud800",
                                  "\\udc00", "\\ud800\\ud800", "\\ud83d\\u0041", "\\uD83Dx"}) {
    const std::string entries = "[{\"term\":3,\"command\":\"" + bytes + "\"}]";
    EXPECT_FALSE(decode_append_request(full(Kind::kAppendRequest).with("entries", entries).text())) << bytes;
    EXPECT_FALSE(decode_append_request(full(Kind::kAppendRequest).with(bytes, "1").text())) << bytes;
  }
}

TEST(CodecDeathTest, what_json_cannot_carry_is_never_encoded) {
  AppendRequest request = asked();
  request.entries = {Entry{.term = 3, .kind = EntryKind::kCommand, .payload = Payload()}};
  EXPECT_DEATH(encode(Message(request)), "an entry is fetched before it is sent");
  request.entries = {command(3, "")};
  EXPECT_DEATH(encode(Message(request)), "no-ops alone have an empty command");
  request.entries = {command(3, "\xff")};
  EXPECT_DEATH(encode(Message(request)), "a command is UTF-8");
  request.entries.assign(kMaxEntriesPerMessage + 1, noop(3));
  EXPECT_DEATH(encode(Message(request)), "limited in number");
  EXPECT_DEATH(encode(Message(VoteRequest{.candidate = ""})), "a node's id is short");
}

// --- The oracle: a naive reader of JSON, and of messages in it ------------------------------------------------------

struct Json {
  char type = 'n';                 // n, t, f: null, true, false; 0: number; ": string; [ and {
  std::string text;                // of a number as it stands, of a string unescaped
  std::vector<std::string> names;  // of an object's children
  std::vector<Json> children;
};

// Recursive descent, one character at a time. `bad` is set by the first mistake and ends everything.
class NaiveReader {
 public:
  explicit NaiveReader(std::string text) : text_(std::move(text)) {}

  std::optional<Json> document() {
    for (std::size_t at = 0; at < text_.size() && !bad_;) at += code_point_size(at);
    const Json json = value();
    blanks();
    if (bad_ || at_ != text_.size()) return std::nullopt;
    return json;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char next() { return at_ < text_.size() ? text_[at_++] : (bad_ = true, '\0'); }
  bool take(char c) { return !bad_ && at_ < text_.size() && text_[at_] == c && ++at_ > 0; }
  void expect(std::string_view text) {
    for (const char c : text) bad_ |= next() != c;
  }
  void blanks() {
    while (take(' ') || take('\t') || take('\r') || take('\n')) continue;
  }

  // The length of the UTF-8 sequence at `at`; sets `bad` where Unicode has none (RFC 3629, the table of section 4).
  std::size_t code_point_size(std::size_t at) {
    const auto byte = [&](std::size_t k) { return at + k < text_.size() ? text_[at + k] & 0xff : 0; };
    const int lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    int code = size == 4 ? lead & 7 : size == 3 ? lead & 15 : lead & 31;
    for (std::size_t k = 1; k < size; ++k) {
      bad_ |= byte(k) < 0x80 || byte(k) > 0xbf;
      code = code * 64 + (byte(k) & 63);
    }
    const int smallest = size == 4 ? 0x10000 : size == 3 ? 0x800 : 0x80;
    bad_ |= lead < 0xc0 || lead > 0xf7 || code < smallest || code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
    return size;
  }

  Json value() {
    blanks();
    switch (peek()) {
      case '{':
        return container('{', '}');
      case '[':
        return container('[', ']');
      case '"':
        return {'"', string(), {}, {}};
      case 't':
        expect("true");
        return {'t', {}, {}, {}};
      case 'f':
        expect("false");
        return {'f', {}, {}, {}};
      case 'n':
        expect("null");
        return {'n', {}, {}, {}};
      default:
        return {'0', number(), {}, {}};
    }
  }

  Json container(char open, char close) {
    Json json{open, {}, {}, {}};
    expect(std::string_view(&open, 1));
    blanks();
    if (take(close)) return json;
    do {
      blanks();
      if (open == '{') {
        json.names.push_back(string());
        blanks();
        expect(":");
      }
      json.children.push_back(value());
      blanks();
    } while (take(','));
    bad_ |= !take(close);
    return json;
  }

  int hexadecimal() {
    const std::string digits = text_.substr(at_, 4);
    bad_ |= digits.size() < 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos;
    at_ = std::min(at_ + 4, text_.size());
    return bad_ ? 0 : std::stoi(digits, nullptr, 16);
  }

  static void append_code_point(std::string& out, int code) {
    const auto put = [&](int byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) return put(0xc0 | code >> 6), put(0x80 | (code & 63));
    if (code < 0x10000) return put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
    put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 63)), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
  }

  std::string string() {
    std::string out;
    expect("\"");
    while (!bad_ && !take('"')) {
      const char c = next();
      bad_ |= (c & 0xff) < 0x20;
      if (c != '\\') {
        out += c;
        continue;
      }
      const char escape = next();
      const std::size_t which = std::string_view("\"\\/bfnrt").find(escape);
      if (escape == 'u') {
        int code = hexadecimal();
        if (code >= 0xd800 && code < 0xdc00) {
          expect("\\u");
          const int low = hexadecimal();
          bad_ |= low < 0xdc00 || low > 0xdfff;
          code = 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00);
        } else {
          bad_ |= code >= 0xdc00 && code < 0xe000;
        }
        append_code_point(out, code);
      } else {
        bad_ |= which == std::string_view::npos;
        if (!bad_) out += "\"\\/\b\f\n\r\t"[which];
      }
    }
    return out;
  }

  void digits() {
    bad_ |= peek() < '0' || peek() > '9';
    while (peek() >= '0' && peek() <= '9') ++at_;
  }

  std::string number() {
    const std::size_t start = at_;
    take('-');
    if (!take('0')) digits();
    const std::size_t integer_end = at_;
    if (take('.')) digits();
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      digits();
    }
    std::string text = text_.substr(start, at_ - start);
    if (bad_) return text;
    if (at_ != integer_end) {
      bad_ |= std::isinf(std::strtod(text.c_str(), nullptr));
    } else {
      // Compared as texts: equal lengths order as numbers do.
      const std::string most = text.front() == '-' ? "-9223372036854775808" : "18446744073709551615";
      bad_ |= text.size() > most.size() || (text.size() == most.size() && text > most);
    }
    return text;
  }

  std::string text_;
  std::size_t at_ = 0;
  bool bad_ = false;
};

// Looks properties up in the children of one object; `bad` is any reason to refuse the message.
struct NaiveObject {
  explicit NaiveObject(const std::optional<Json>& json) : bad(!json || json->type != '{') {
    for (std::size_t at = 0; !bad && at < json->names.size(); ++at) {
      std::string lower = json->names[at];
      for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      values[lower].push_back(json->children[at]);
    }
  }

  std::optional<Json> find(const std::string& lower_name) {
    const auto found = values.find(lower_name);
    if (found == values.end()) return std::nullopt;
    bad |= found->second.size() != 1;
    return found->second.front();
  }

  std::optional<std::uint64_t> integer_if_any(const std::string& name, std::uint64_t max) {
    const auto value = find(name);
    if (!value) return std::nullopt;
    const std::string text = value->type == '0' && value->text == "-0" ? "0" : value->text;
    const bool is_integer = (value->type == '0' || value->type == '"') && !text.empty() && text.size() < 20 &&
                            text.find_first_not_of("0123456789") == std::string::npos &&
                            (text == "0" || text.front() != '0');
    const std::uint64_t number = is_integer ? std::stoull(text) : 0;
    bad |= !is_integer || number > max;
    return number;
  }

  std::uint64_t integer(const std::string& name, std::uint64_t max) {
    const auto number = integer_if_any(name, max);
    bad |= !number;
    return number.value_or(0);
  }

  bool boolean(const std::string& name) {
    const Json value = find(name).value_or(Json());
    bad |= value.type != 't' && value.type != 'f';
    return value.type == 't';
  }

  std::string id(const std::string& name) {
    const Json value = find(name).value_or(Json());
    bad |= value.type != '"' || value.text.empty() || value.text.size() > 64;
    for (const char c : value.text) bad |= (c & 0xff) < ' ' || c == 127;
    return value.text;
  }

  std::map<std::string, std::vector<Json>> values;
  bool bad;
};

AppendRequest naive_append_request(NaiveObject& object) {
  AppendRequest request = {.term = object.integer("term", kMaxTerm),
                           .leader = object.id("leaderid"),
                           .prev_index = object.integer("prevlogindex", kMaxIndex),
                           .prev_term = object.integer("prevlogterm", kMaxTerm),
                           .leader_commit = object.integer("leadercommit", kMaxIndex),
                           .round = object.integer_if_any("round", kMaxRound).value_or(0),
                           .entries = {}};
  const Json entries = object.find("entries").value_or(Json());
  object.bad |= entries.type != '[' && entries.type != 'n';
  for (const Json& element : entries.children) {
    NaiveObject entry(element);
    const Term term = entry.integer("term", request.term);
    const auto text = entry.find("command");
    const Term least = request.entries.empty() ? request.prev_term : request.entries.back().term;
    object.bad |= entry.bad || term < 1 || term < least || !text || (text->type != '"' && text->type != 'n');
    if (text) request.entries.push_back(text->text.empty() ? noop(term) : command(term, text->text));
  }
  object.bad |= request.prev_index + request.entries.size() > kMaxIndex;
  return request;
}

AppendResponse naive_append_response(NaiveObject& object) {
  const AppendRequest request = asked();
  AppendResponse response;
  response.term = object.integer("term", kMaxTerm);
  response.success = object.boolean("success");
  response.match = object.integer_if_any("matchindex", kMaxIndex).value_or(request.prev_index + request.entries.size());
  response.prev_index = object.integer_if_any("prevlogindex", kMaxIndex).value_or(request.prev_index);
  response.round = object.integer_if_any("round", kMaxRound).value_or(request.round);
  const auto hint_index = object.integer_if_any("hintindex", kMaxIndex);
  const auto hint_term = object.integer_if_any("hintterm", kMaxTerm);
  object.bad |= hint_index.has_value() != hint_term.has_value();
  response.hint = {hint_term.value_or(request.prev_term), hint_index.value_or(request.prev_index - 1)};
  if (response.success) response.hint = {};
  if (!response.success) response.match = 0;
  return response.term == request.term ? response : AppendResponse{.term = response.term};
}

std::optional<Message> naive_decode(Kind kind, const std::string& text) {
  NaiveObject object(NaiveReader(text).document());
  Message message;
  switch (kind) {
    case Kind::kVoteRequest:
      message = VoteRequest{.term = object.integer("term", kMaxTerm),
                            .candidate = object.id("candidateid"),
                            .last_index = object.integer("lastlogindex", kMaxIndex),
                            .last_term = object.integer("lastlogterm", kMaxTerm)};
      break;
    case Kind::kVoteResponse:
      message = VoteResponse{.term = object.integer("term", kMaxTerm), .granted = object.boolean("votegranted")};
      break;
    case Kind::kAppendRequest:
      message = naive_append_request(object);
      break;
    case Kind::kAppendResponse:
      message = naive_append_response(object);
      break;
  }
  if (object.bad) return std::nullopt;
  return message;
}

// Both readers refuse, or both accept and mean the same.
void expect_agreement(Kind kind, const std::string& text) {
  const auto expected = naive_decode(kind, text);
  const auto decoded = decode(kind, text);
  RC_LOG() << "text: " << text << "\n" << (decoded ? "accepted" : decoded.error().message) << "\n";
  RC_ASSERT(decoded.has_value() == expected.has_value());
  if (expected) RC_ASSERT(*decoded == *expected);
  if (!decoded) RC_ASSERT(decoded.error().message.ends_with('.'));
}

// --- Properties -----------------------------------------------------------------------------------------------------

rc::Gen<std::uint64_t> integer_up_to(std::uint64_t max) {
  return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange<std::uint64_t>(0, 5)),
                      [max](const auto& drawn) {
                        switch (drawn.second) {
                          case 0:
                            return std::min(max, drawn.first % 4);
                          case 1:
                            return max - std::min(max, drawn.first % 4);
                          default:
                            return max == ~std::uint64_t{0} ? drawn.first : drawn.first % (max + 1);
                        }
                      });
}

// Valid UTF-8 with all that escaping, simdjson's blocks or a log line could trip over.
rc::Gen<std::string> hostile_text() {
  const auto piece = rc::gen::weightedOneOf<std::string>(
      {{4, rc::gen::map(rc::gen::inRange(0, 128), [](int c) { return std::string(1, static_cast<char>(c)); })},
       {2, rc::gen::element<std::string>("\"", "\\", "\\u0000", "\\\"", "/", "\u00e9", "\u0000", "\u2028", "\ufeff",
                                         "\ud7ff", "\ue000", "\uffff", "\U0001f600", "\U0010ffff")},
       {1, rc::gen::element<std::string>(std::string(1, '\0'), std::string(31, 'x'), std::string(64, '"'),
                                         R"({"Id":"x","Value":-1.5e300})")}});
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const std::vector<std::string>& pieces) {
    std::string text;
    for (const std::string& each : pieces) text += each;
    return text;
  });
}

rc::Gen<NodeId> any_node_id() {
  return rc::gen::map(hostile_text(), [](const std::string& text) {
    NodeId id;
    for (const char c : text) {
      if ((c & 0xff) >= ' ' && c != 127) id += c;
    }
    // A cut may go through a character: drop what is left of it.
    if (id.size() > kMaxNodeIdBytes) {
      id.resize(kMaxNodeIdBytes);
      while (!id.empty() && (id.back() & 0x80) != 0) id.pop_back();
    }
    return id.empty() ? NodeId("node1") : id;
  });
}

AppendRequest any_append_request() {
  AppendRequest request;
  request.term = *integer_up_to(kMaxTerm);
  request.leader = *any_node_id();
  request.prev_term = *integer_up_to(request.term);
  request.leader_commit = *integer_up_to(kMaxIndex);
  request.round = *integer_up_to(kMaxRound);
  const Term least = std::max<Term>(request.prev_term, 1);
  if (request.term >= least) {
    for (const std::string& text : *rc::gen::container<std::vector<std::string>>(hostile_text())) {
      request.entries.push_back(text.empty() ? noop(0) : command(0, text));
    }
  }
  std::vector<Term> terms;
  while (terms.size() < request.entries.size()) terms.push_back(least + *integer_up_to(request.term - least));
  std::sort(terms.begin(), terms.end());
  for (std::size_t at = 0; at < terms.size(); ++at) request.entries[at].term = terms[at];
  request.prev_index = *integer_up_to(kMaxIndex - request.entries.size());
  return request;
}

AppendResponse any_append_response() {
  AppendResponse response{.term = *integer_up_to(kMaxTerm), .success = *rc::gen::arbitrary<bool>()};
  response.prev_index = *integer_up_to(kMaxIndex);
  response.round = *integer_up_to(kMaxRound);
  if (response.success) response.match = *integer_up_to(kMaxIndex);
  if (!response.success) response.hint.term = *integer_up_to(kMaxTerm);
  if (!response.success) response.hint.index = *integer_up_to(kMaxIndex);
  return response;
}

Message any_message(Kind kind) {
  switch (kind) {
    case Kind::kVoteRequest: {
      VoteRequest request{.term = *integer_up_to(kMaxTerm), .candidate = *any_node_id()};
      request.last_index = *integer_up_to(kMaxIndex);
      request.last_term = *integer_up_to(kMaxTerm);
      return request;
    }
    case Kind::kVoteResponse:
      return VoteResponse{.term = *integer_up_to(kMaxTerm), .granted = *rc::gen::arbitrary<bool>()};
    case Kind::kAppendRequest:
      return any_append_request();
    case Kind::kAppendResponse: {
      AppendResponse response = any_append_response();
      if (*rc::gen::inRange(0, 4) > 0) response.term = asked().term;
      return response;
    }
  }
  std::abort();
}

RC_GTEST_PROP(CodecProperty, every_message_survives_its_own_text, ()) {
  for (const Kind kind : {Kind::kVoteRequest, Kind::kVoteResponse, Kind::kAppendRequest}) {
    const Message message = any_message(kind);
    const auto decoded = decode(kind, encode(message));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == message);
  }
}

RC_GTEST_PROP(CodecProperty, every_answer_survives_its_own_text_whatever_was_asked, ()) {
  AppendRequest request = any_append_request();
  const AppendResponse response = any_append_response();
  request.term = response.term;
  const auto decoded = decode_append_response(encode(Message(response)), request);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == response);
}

RC_GTEST_PROP(CodecProperty, the_oracle_reads_what_we_write, ()) {
  for (const Kind kind : kKinds) expect_agreement(kind, encode(any_message(kind)));
}

// Writes a JSON value in one of its many equal forms, and with properties that nobody knows.
class Disguise {
 public:
  explicit Disguise(std::uint64_t seed) : prng_(seed) {}

  std::string text(const Json& json) {
    switch (json.type) {
      case 'n':
        return "null";
      case 't':
        return "true";
      case 'f':
        return "false";
      case '0':
        return prng_.chance(1, 3) ? string(json.text) : json.text;
      case '"':
        return string(json.text);
      default:
        return container(json);
    }
  }

 private:
  std::string blank() {
    constexpr std::string_view kBlanks[] = {"", "", " ", "\n\t", "\r\n"};
    return std::string(kBlanks[prng_.below(5)]);
  }

  std::string string(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      const bool is_ascii = (c & 0x80) == 0;
      const bool must = (is_ascii && c < ' ') || c == '"' || c == '\\';
      if (!must && (!is_ascii || !prng_.chance(1, 5))) {
        out += c;
        continue;
      }
      char escape[8];
      std::snprintf(escape, sizeof escape, prng_.chance(1, 2) ? "\\u%04x" : "\\u%04X", static_cast<unsigned>(c));
      out += escape;
    }
    return out + "\"";
  }

  std::string any_case(std::string name) {
    for (char& c : name) {
      if (prng_.chance(1, 2)) c = static_cast<char>(std::toupper(c));
    }
    return name;
  }

  std::string container(const Json& json) {
    const bool is_object = json.type == '{';
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < json.children.size(); ++at) {
      std::string part = blank();
      if (is_object) part += string(any_case(json.names[at]));
      if (is_object) part += blank() + ":";
      part += blank();
      part += text(json.children[at]);
      part += blank();
      parts.push_back(part);
    }
    if (is_object) {
      constexpr std::string_view kUnknown[] = {R"("":null)", R"("x":[1,{"term":[]},-1.5e3])",
                                               R"("terms":"\ud83d\ude00")", R"("x":{"entries":[{}],"x":{}})",
                                               R"("Term ":false)"};
      while (prng_.chance(1, 3)) parts.emplace_back(kUnknown[prng_.below(5)]);
      for (std::size_t at = parts.size(); at > 1; --at) std::swap(parts[at - 1], parts[prng_.below(at)]);
    }
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
    return (is_object ? "{" : "[") + out + (is_object ? "}" : "]");
  }

  Prng prng_;
};

RC_GTEST_PROP(CodecProperty, a_disguised_message_is_the_same_message, (std::uint64_t seed)) {
  Disguise disguise(seed);
  for (const Kind kind : kKinds) {
    const Message message = any_message(kind);
    const std::string plain = encode(message);
    const std::string text = disguise.text(NaiveReader(plain).document().value());
    expect_agreement(kind, text);
    RC_ASSERT(*decode(kind, text) == *decode(kind, plain));
  }
}

// Removes, doubles or replaces one property or element of the message, at any depth.
void change_one(Json& json, Prng& prng) {
  static const auto kValues = words(
      R"(null true [] {} "" "x" 0 1 2 3 4 -1 -0 1.0 3e0 "3" "03" 9007199254740992 9007199254740993 281474976710655)"
      R"( 281474976710656 "9007199254740992" [null] [{}] [{"term":3,"command":"x"}] [{"term":3,"command":null}])");
  const std::size_t at = prng.below(json.children.size());
  Json& child = json.children[at];
  const std::uint64_t how = prng.below(6);
  if (!child.children.empty() && how < 4) return change_one(child, prng);
  if (how > 1) {
    child = NaiveReader(kValues[prng.below(kValues.size())]).document().value();
    return;
  }
  const auto place = static_cast<std::ptrdiff_t>(at);
  const bool is_object = json.type == '{';
  if (how == 0) {
    if (is_object) json.names.erase(json.names.begin() + place);
    json.children.erase(json.children.begin() + place);
  } else {
    if (is_object) json.names.push_back(json.names[at]);
    json.children.push_back(json.children[at]);
  }
}

RC_GTEST_PROP(CodecProperty, a_changed_message_is_judged_as_the_oracle_judges_it, (std::uint64_t seed)) {
  Prng prng(seed);
  Disguise disguise(seed);
  for (const Kind kind : kKinds) {
    for (const std::string& text : {full(kind).text(), encode(any_message(kind))}) {
      const Json json = NaiveReader(text).document().value();
      for (int times = 0; times < 20; ++times) {
        Json changed = json;
        change_one(changed, prng);
        expect_agreement(kind, disguise.text(changed));
      }
    }
  }
}

// Breaks a text in a few places, mostly where JSON or the codec look twice.
std::string mutate(std::string text, Prng& prng) {
  static const auto kTokens = words(
      R"({ } [ ] , : " \ \u \u0000 \ud800 \udc00 - + . 0 1e3 E9 18446744073709551616 9007199254740993 281474976710656)"
      R"( null true nul /*x*/ '' "term":3, {"term":1,"command":""}, )"
      "\x7f \xff \xc3 \xed\xa0\x80");
  static const std::string kBytes("\0 \n\t\x01", 5);
  for (std::uint64_t rest = 1 + prng.below(3); rest > 0; --rest) {
    const std::size_t at = prng.below(text.size() + 1);
    const std::size_t size = prng.below(8);
    const std::uint64_t how = prng.below(8);
    if (how == 0) text.erase(at, size);
    if (how == 1) text.insert(at, text.substr(prng.below(text.size() + 1), size * 4));
    if (how == 2) text.resize(at);
    if (how == 3 && at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << prng.below(8)));
    if (how == 4) text.insert(at, 1, kBytes[prng.below(kBytes.size())]);
    if (how >= 5) text.replace(at, how == 5 ? 0 : size, kTokens[prng.below(kTokens.size())]);
  }
  return text;
}

RC_GTEST_PROP(CodecProperty, a_broken_message_is_read_as_the_oracle_reads_it, (std::uint64_t seed)) {
  Prng prng(seed);
  for (const Kind kind : kKinds) {
    const std::string fixed = full(kind).text();
    const std::string any = encode(any_message(kind));
    for (int times = 0; times < 50; ++times) {
      expect_agreement(kind, mutate(fixed, prng));
      expect_agreement(kind, mutate(any, prng));
    }
  }
}

RC_GTEST_PROP(CodecProperty, any_bytes_are_read_as_the_oracle_reads_them, (const std::string& bytes)) {
  for (const Kind kind : kKinds) expect_agreement(kind, bytes);
}

}  // namespace
}  // namespace timestore::raft
