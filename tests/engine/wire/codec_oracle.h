// A second, naive reader of JSON and of messages in it: slow, obvious, and sharing nothing with the codec.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/wire/codec.h"
#include "tests/engine/wire/codec_documents.h"

namespace timestore::raft::testing {

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

// Six bits for each digit; what is left over must be zeros, and padding stands where bytes are missing.
inline std::optional<std::string> naive_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bits;
  std::size_t padding = 0;
  for (const char c : text) {
    const std::size_t value = digits.find(c);
    if (c == '=') ++padding;
    if (c != '=' && (value == std::string::npos || padding > 0)) return std::nullopt;
    for (std::size_t bit = 6; c != '=' && bit-- > 0;) bits += (value >> bit & 1) != 0 ? '1' : '0';
  }
  const std::size_t spare = bits.size() % 8;
  if (text.size() % 4 != 0 || spare != 2 * padding || padding > 2) return std::nullopt;
  if (bits.find('1', bits.size() - spare) != std::string::npos) return std::nullopt;
  std::string bytes;
  for (std::size_t at = 0; at + 8 <= bits.size(); at += 8) {
    bytes += static_cast<char>(std::stoi(bits.substr(at, 8), nullptr, 2));
  }
  return bytes;
}

inline AppendRequest naive_append_request(NaiveObject& object) {
  AppendRequest request = {.term = object.integer("term", kMaxTerm),
                           .leader = object.id("leaderid"),
                           .prev_index = object.integer("prevlogindex", kMaxIndex),
                           .prev_term = object.integer("prevlogterm", kMaxTerm),
                           .leader_commit = object.integer("leadercommit", kMaxIndex),
                           .entries = {}};
  const auto round = object.integer_if_any("round", kMaxRound);
  request.round = round.value_or(0);
  const Json entries = object.find("entries").value_or(Json());
  object.bad |= entries.type != '[' && entries.type != 'n';
  for (const Json& element : entries.children) {
    NaiveObject entry(element);
    const Term term = entry.integer("term", request.term);
    const Term least = request.entries.empty() ? request.prev_term : request.entries.back().term;
    if (const auto envelope = entry.find("envelope")) {
      const auto bytes = envelope->type == '"' ? naive_base64(envelope->text) : std::nullopt;
      object.bad |= entry.bad || term < 1 || term < least || !bytes;
      if (bytes) request.entries.push_back(bytes->empty() ? noop(term) : command(term, *bytes));
      continue;
    }
    const auto text = entry.find("command");
    object.bad |= entry.bad || term < 1 || term < least || !text || (text->type != '"' && text->type != 'n');
    if (text) request.entries.push_back(text->text.empty() ? noop(term) : command(term, text->text));
  }
  object.bad |= request.prev_index + request.entries.size() > kMaxIndex;
  if (!round) request.admits = request.prev_index + request.entries.size();  // the original admits whoever follows it
  return request;
}

inline AppendResponse naive_append_response(NaiveObject& object) {
  const AppendRequest request = asked();
  AppendResponse response;
  response.term = object.integer("term", kMaxTerm);
  response.success = object.boolean("success");
  response.match = object.integer_if_any("matchindex", kMaxIndex).value_or(request.prev_index + request.entries.size());
  response.prev_index = object.integer_if_any("prevlogindex", kMaxIndex).value_or(request.prev_index);
  response.round = object.integer_if_any("round", kMaxRound).value_or(request.round);
  response.level = static_cast<Level>(object.integer_if_any("level", 0xffffffff).value_or(0));
  if (object.find("holdslevel")) response.holds_level = object.boolean("holdslevel");
  const auto hint_index = object.integer_if_any("hintindex", kMaxIndex);
  const auto hint_term = object.integer_if_any("hintterm", kMaxTerm);
  object.bad |= hint_index.has_value() != hint_term.has_value();
  response.hint = {hint_term.value_or(request.prev_term), hint_index.value_or(request.prev_index - 1)};
  if (response.success) response.hint = {};
  if (!response.success) response.match = 0;
  return response.term == request.term ? response : AppendResponse{.term = response.term};
}

inline std::optional<Message> naive_decode(Kind kind, const std::string& text) {
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
      message = VoteResponse{
          .term = object.integer("term", kMaxTerm),
          .granted = object.boolean("votegranted"),
          .judged = {object.integer_if_any("lastlogterm", kMaxTerm).value_or(asked_for_a_vote().last_term),
                     object.integer_if_any("lastlogindex", kMaxIndex).value_or(asked_for_a_vote().last_index)}};
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
inline void expect_agreement(Kind kind, const std::string& text) {
  const auto expected = naive_decode(kind, text);
  const auto decoded = decode(kind, text);
  RC_LOG() << "text: " << text << "\n" << (decoded ? "accepted" : decoded.error().message) << "\n";
  RC_ASSERT(decoded.has_value() == expected.has_value());
  if (expected) RC_ASSERT(*decoded == *expected);
  if (!decoded) RC_ASSERT(decoded.error().message.ends_with('.'));
}

}  // namespace timestore::raft::testing
