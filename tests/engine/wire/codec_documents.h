// Messages written by hand, and how a test reads one of any kind.
#pragma once

#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/wire/codec.h"

namespace timestore::raft::testing {

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
inline std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

enum class Kind { kVoteRequest, kVoteResponse, kAppendRequest, kAppendResponse };
constexpr Kind kKinds[] = {Kind::kVoteRequest, Kind::kVoteResponse, Kind::kAppendRequest, Kind::kAppendResponse};

inline Entry command(Term term, std::string text) { return {term, EntryKind::kCommand, Payload(std::move(text))}; }
inline Entry noop(Term term) { return {term, EntryKind::kNoop, Payload(std::string())}; }

// What the append responses of these tests answer.
inline AppendRequest asked() {
  return {.term = 3,
          .leader = "node1",
          .prev_index = 6,
          .prev_term = 2,
          .leader_commit = 5,
          .round = 9,
          .entries = {command(3, "x"), noop(3)}};
}

// What the votes answer.
inline VoteRequest asked_for_a_vote() {
  return {.term = 3, .candidate = "node1", .last_index = 7, .last_term = 2};
}

inline Document full(Kind kind) {
  switch (kind) {
    case Kind::kVoteRequest:
      return {{{"term", "3"}, {"candidateId", "\"node1\""}, {"lastLogIndex", "7"}, {"lastLogTerm", "2"}}};
    case Kind::kVoteResponse:
      return {{{"term", "3"}, {"voteGranted", "true"}, {"lastLogIndex", "6"}, {"lastLogTerm", "1"}}};
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

inline Result<Message> decode(Kind kind, std::string_view json) {
  const auto widen = [](auto message) { return Message(std::move(message)); };
  switch (kind) {
    case Kind::kVoteRequest:
      return decode_vote_request(json).map(widen);
    case Kind::kVoteResponse:
      return decode_vote_response(json, asked_for_a_vote()).map(widen);
    case Kind::kAppendRequest:
      return decode_append_request(json).map(widen);
    case Kind::kAppendResponse:
      return decode_append_response(json, asked()).map(widen);
  }
  std::abort();
}

inline std::string complaint(Kind kind, std::string_view json) {
  const auto message = decode(kind, json);
  return message ? "accepted: " + encode(*message) : message.error().message;
}

}  // namespace timestore::raft::testing
