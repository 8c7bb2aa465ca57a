// Whatever the bytes, the codec and a naive second reader agree.
#include "engine/wire/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.h"
#include "tests/engine/wire/codec_oracle.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of this test

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
      const bool is_text = *rc::gen::arbitrary<bool>();
      if (is_text && text.empty()) {
        request.entries.push_back(noop(0));
      } else {
        request.entries.push_back(command(0, (is_text ? "" : "\xc1") + text));
      }
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
  response.level = *rc::gen::arbitrary<Level>();
  response.holds_level = *rc::gen::arbitrary<bool>();
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
      return VoteResponse{.term = *integer_up_to(kMaxTerm),
                          .granted = *rc::gen::arbitrary<bool>(),
                          .judged = {*integer_up_to(kMaxTerm), *integer_up_to(kMaxIndex)}};
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
