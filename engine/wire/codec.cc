#include "engine/wire/codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/base64.h"
#include "engine/base/check.h"
#include "engine/base/json_text.h"
#include "engine/raft/configuration.h"
#include "engine/raft/object_reader.h"
#include "engine/wire/belonging_json.h"
#include "engine/wire/fields.h"

namespace timestore::raft {
namespace {

// --- Encoding -------------------------------------------------------------------------------------------------------

// What an entry takes beyond its command: names, quotes, a term, and some escapes. A guess that saves reallocations.
constexpr std::size_t kEntryOverheadBytes = 64;

// The properties that the original does not know, where they say anything.
template <typename Record>
void append_extras(std::string& out, const Record& record) {
  for_each_field<Record>([&](const auto& field) {
    using Value = typename std::remove_cvref_t<decltype(field)>::Value;
    if (field.json != InJson::kExtra || record.*field.member == Value{}) return;
    if constexpr (std::is_same_v<Value, Belonging>) return append_belonging(out, record.*field.member);
    out.append(",\"").append(field.name).append("\":");
    if constexpr (std::is_same_v<Value, bool>) {
      out += "true";
    } else if constexpr (std::is_integral_v<Value>) {
      append_json_integer(out, record.*field.member);
    } else {
      TIMESTORE_CHECK(false, "an extra property is a number or a truth");
    }
  });
}

void append_boolean(std::string& out, std::string_view label, bool truth) {
  out += label;
  out += truth ? "true" : "false";
}

void append_node_id(std::string& out, std::string_view label, const NodeId& id) {
  TIMESTORE_CHECK(is_node_id(id), "a node's id is short, printable UTF-8");
  out += label;
  append_json_string(out, id);
}

template <typename Request>  // a VoteRequest or a PreVoteRequest
void append_candidacy(std::string& out, const Request& request) {
  append_json_integer(out, R"({"term":)", request.term);
  append_node_id(out, R"(,"candidateId":)", request.candidate);
  append_json_integer(out, R"(,"lastLogIndex":)", request.last_index);
  append_json_integer(out, R"(,"lastLogTerm":)", request.last_term);
  append_extras(out, request);
  out += '}';
}

void append_entry(std::string& out, const Entry& entry) {
  const std::string_view command = entry.payload.view();
  TIMESTORE_CHECK(!entry.payload.is_absent(), "an entry is fetched before it is sent");
  TIMESTORE_CHECK(entry.kind == kind_of(command), "an entry's kind follows from its command");
  append_json_integer(out, R"({"term":)", entry.term);
  if (simdjson::validate_utf8(command)) {
    out += R"(,"command":)";
    append_json_string(out, command);
  } else {
    out += R"(,"envelope":")";
    append_base64(out, command);
    out += '"';
  }
  out += '}';
}

// --- Decoding -------------------------------------------------------------------------------------------------------

constexpr Range kRoundRange{0, kMaxRound};

template <typename Record>
void read_extras(ObjectReader& reader, Record& record) {
  for_each_field<Record>([&](const auto& field) {
    using Value = typename std::remove_cvref_t<decltype(field)>::Value;
    if (field.json != InJson::kExtra) return;
    if constexpr (std::is_same_v<Value, bool>) {
      record.*field.member = reader.optional_boolean(field.name);
    } else if constexpr (std::is_integral_v<Value>) {
      record.*field.member = static_cast<Value>(reader.optional_integer(field.name, {0, field.max}).value_or(0));
    } else if constexpr (std::is_same_v<Value, Belonging>) {
      record.*field.member = read_belonging(reader);
    }
  });
}

template <typename Request>  // a VoteRequest or a PreVoteRequest
Request read_candidacy(ObjectReader& reader) {
  Request request{.term = reader.integer("term", kTermRange),
                  .candidate = reader.node_id("candidateId"),
                  .last_index = reader.integer("lastLogIndex", kIndexRange),
                  .last_term = reader.integer("lastLogTerm", kTermRange)};
  read_extras(reader, request);
  return request;
}

PreVoteResponse read_pre_vote_response(ObjectReader& reader, const PreVoteRequest& request) {
  PreVoteResponse response{.term = reader.integer("term", kTermRange),
                           .proposed = reader.optional_integer("proposedTerm", kTermRange).value_or(request.term),
                           .granted = reader.boolean("voteGranted")};
  read_extras(reader, response);
  return response;
}

VoteResponse read_vote_response(ObjectReader& reader, const VoteRequest& request) {
  VoteResponse response{.term = reader.integer("term", kTermRange),
                        .granted = reader.boolean("voteGranted"),
                        .judged = {reader.optional_integer("lastLogTerm", kTermRange).value_or(request.last_term),
                                   reader.optional_integer("lastLogIndex", kIndexRange).value_or(request.last_index)}};
  read_extras(reader, response);
  return response;
}

Entry read_entry(ObjectReader& reader) {
  const Term term = reader.integer("term", kEntryTermRange);
  if (const auto envelope = reader.optional_base64("envelope")) {
    const EntryKind kind = kind_of(*envelope);
    return {.term = term, .kind = kind, .payload = Payload(std::move(*envelope))};
  }
  const std::string_view command = reader.command("command");
  return {.term = term, .kind = kind_of(command), .payload = Payload(std::string(command))};
}

// The entries of `request`, of which all else is already read.
std::vector<Entry> read_entries(ObjectReader& reader, const AppendRequest& request) {
  const auto array = reader.optional_array("entries");
  if (!array) return {};
  if (array->size() > kMaxEntriesPerMessage) {
    reader.complain("entries", "must not hold more than " + std::to_string(kMaxEntriesPerMessage));
    return {};
  }
  if (request.prev_index + array->size() > kMaxIndex) {
    reader.complain("entries", "must not reach beyond the index " + std::to_string(kMaxIndex));
    return {};
  }

  std::vector<Entry> entries;
  entries.reserve(array->size());
  Term term_before = request.prev_term;
  for (const simdjson::dom::element element : *array) {
    ObjectReader::Object object;
    if (element.get(object) != simdjson::SUCCESS) {
      reader.complain("entries", "must hold objects only");
      return {};
    }
    ObjectReader entry_reader = reader.element(object, "entries", entries.size());
    const Entry& entry = entries.emplace_back(read_entry(entry_reader));
    if (entry.term < term_before) entry_reader.complain("term", "must not be below the term of the entry before it");
    if (entry.term > request.term) entry_reader.complain("term", "must not be above the term of the request");
    term_before = entry.term;
  }
  return entries;
}

AppendRequest read_append_request(ObjectReader& reader) {
  const auto round = reader.optional_integer("round", kRoundRange);
  AppendRequest request{.term = reader.integer("term", kTermRange),
                        .leader = reader.node_id("leaderId"),
                        .prev_index = reader.integer("prevLogIndex", kIndexRange),
                        .prev_term = reader.integer("prevLogTerm", kTermRange),
                        .leader_commit = reader.integer("leaderCommit", kIndexRange),
                        .round = round.value_or(0),
                        .entries = {}};
  read_extras(reader, request);
  request.entries = read_entries(reader, request);
  // A peer of the original's kind has no rounds, and does not know that a disk can have been lost.
  if (!round) request.admits = request.prev_index + request.entries.size();
  return request;
}

// What a refusal without a hint says: nothing but that the previous entry is not there.
Position implied_hint(const AppendRequest& request) {
  if (request.prev_index == 0) return {};
  return {.term = request.prev_term, .index = request.prev_index - 1};
}

AppendResponse read_append_response(ObjectReader& reader, const AppendRequest& request) {
  const Term term = reader.integer("term", kTermRange);
  const bool success = reader.boolean("success");
  const auto match = reader.optional_integer("matchIndex", kIndexRange);
  const auto prev_index = reader.optional_integer("prevLogIndex", kIndexRange);
  const auto hint_index = reader.optional_integer("hintIndex", kIndexRange);
  const auto hint_term = reader.optional_integer("hintTerm", kTermRange);
  const auto round = reader.optional_integer("round", kRoundRange);
  if (hint_index && !hint_term) reader.complain("hintTerm", "is missing beside hintIndex");
  if (hint_term && !hint_index) reader.complain("hintIndex", "is missing beside hintTerm");

  AppendResponse response{.term = term,
                          .success = success,
                          .prev_index = prev_index.value_or(request.prev_index),
                          .round = round.value_or(request.round)};
  read_extras(reader, response);
  if (success) {
    response.match = match.value_or(request.prev_index + request.entries.size());
  } else {
    response.hint = hint_index && hint_term ? Position{*hint_term, *hint_index} : implied_hint(request);
  }
  return believed(response, request);
}

}  // namespace

EntryKind kind_of(std::string_view command) {
  if (command.empty() || decode_cluster(command)) return EntryKind::kNoop;
  if (command.starts_with(kMembersTextStart)) return EntryKind::kMembers;
  return command.starts_with(kLevelTextStart) ? EntryKind::kLevel : EntryKind::kCommand;
}

bool is_text(const Message& message) {
  const auto* append = std::get_if<AppendRequest>(&message);
  return append == nullptr || std::all_of(append->entries.begin(), append->entries.end(), [](const Entry& entry) {
           return simdjson::validate_utf8(entry.payload.view());
         });
}

void encode(std::string& out, const VoteRequest& message) { append_candidacy(out, message); }

void encode(std::string& out, const PreVoteRequest& message) { append_candidacy(out, message); }

void encode(std::string& out, const PreVoteResponse& message) {
  append_json_integer(out, R"({"term":)", message.term);
  append_boolean(out, R"(,"voteGranted":)", message.granted);
  append_json_integer(out, R"(,"proposedTerm":)", message.proposed);
  append_extras(out, message);
  out += '}';
}

void encode(std::string& out, const VoteResponse& message) {
  append_json_integer(out, R"({"term":)", message.term);
  append_boolean(out, R"(,"voteGranted":)", message.granted);
  append_json_integer(out, R"(,"lastLogIndex":)", message.judged.index);
  append_json_integer(out, R"(,"lastLogTerm":)", message.judged.term);
  append_extras(out, message);
  out += '}';
}

void encode(std::string& out, const AppendRequest& message) {
  TIMESTORE_CHECK(message.entries.size() <= kMaxEntriesPerMessage, "a message's entries are limited in number");
  std::size_t expected_bytes = 4 * kEntryOverheadBytes;
  for (const Entry& entry : message.entries) expected_bytes += entry.payload.size_bytes() + kEntryOverheadBytes;
  out.reserve(out.size() + expected_bytes);

  append_json_integer(out, R"({"term":)", message.term);
  append_node_id(out, R"(,"leaderId":)", message.leader);
  append_json_integer(out, R"(,"prevLogIndex":)", message.prev_index);
  append_json_integer(out, R"(,"prevLogTerm":)", message.prev_term);
  append_json_integer(out, R"(,"leaderCommit":)", message.leader_commit);
  out += R"(,"entries":[)";
  for (const Entry& entry : message.entries) {
    if (&entry != &message.entries.front()) out += ',';
    append_entry(out, entry);
  }
  append_json_integer(out, R"(],"round":)", message.round);
  append_extras(out, message);
  out += '}';
}

void encode(std::string& out, const AppendResponse& message) {
  append_json_integer(out, R"({"term":)", message.term);
  append_boolean(out, R"(,"success":)", message.success);
  if (message.success) append_json_integer(out, R"(,"matchIndex":)", message.match);
  append_json_integer(out, R"(,"prevLogIndex":)", message.prev_index);
  if (!message.success) {
    append_json_integer(out, R"(,"hintIndex":)", message.hint.index);
    append_json_integer(out, R"(,"hintTerm":)", message.hint.term);
  }
  append_json_integer(out, R"(,"round":)", message.round);
  append_extras(out, message);
  out += '}';
}

void encode(std::string& out, const TimeoutNow& message) {
  append_json_integer(out, R"({"term":)", message.term);
  append_node_id(out, R"(,"leaderId":)", message.leader);
  append_json_integer(out, R"(,"round":)", message.round);
  append_extras(out, message);
  out += '}';
}

void encode(std::string& out, const NotOurs& message) {
  append_json_integer(out, R"({"term":)", message.term);
  append_extras(out, message);
  out += '}';
}

std::string encode(const Message& message) {
  std::string out;
  std::visit([&out](const auto& kind) { encode(out, kind); }, message);
  return out;
}

Result<VoteRequest> decode_vote_request(std::string_view json) {
  return decode_object<VoteRequest>(json, read_candidacy<VoteRequest>);
}

Result<VoteResponse> decode_vote_response(std::string_view json, const VoteRequest& request) {
  return decode_object<VoteResponse>(json, [&](ObjectReader& reader) { return read_vote_response(reader, request); });
}

Result<TimeoutNow> decode_timeout_now(std::string_view json) {
  return decode_object<TimeoutNow>(json, [](ObjectReader& reader) {
    TimeoutNow order{.term = reader.integer("term", kTermRange),
                     .leader = reader.node_id("leaderId"),
                     .round = reader.integer("round", kRoundRange)};
    read_extras(reader, order);
    return order;
  });
}

Result<NotOurs> decode_not_ours(std::string_view json) {
  return decode_object<NotOurs>(json, [](ObjectReader& reader) {
    NotOurs refusal{.term = reader.integer("term", kTermRange)};
    read_extras(reader, refusal);
    return refusal;
  });
}

Result<Message> decode(std::size_t alternative, std::string_view json, const Message* asked) {
  switch (alternative) {
    case index_of<VoteRequest>:
      return decode_vote_request(json);
    case index_of<VoteResponse>:
      return decode_vote_response(json, std::get<VoteRequest>(*asked));
    case index_of<PreVoteRequest>:
      return decode_pre_vote_request(json);
    case index_of<PreVoteResponse>:
      return decode_pre_vote_response(json, std::get<PreVoteRequest>(*asked));
    case index_of<AppendRequest>:
      return decode_append_request(json);
    case index_of<AppendResponse>:
      return decode_append_response(json, std::get<AppendRequest>(*asked));
    case index_of<SnapshotRequest>:
      return decode_snapshot_request(json);
    case index_of<SnapshotResponse>:
      return decode_snapshot_response(json);
    case index_of<TimeoutNow>:
      return decode_timeout_now(json);
    case index_of<NotOurs>:
      return decode_not_ours(json);
  }
  TIMESTORE_CHECK(false, "there are as many kinds of messages as alternatives");
}

Result<PreVoteRequest> decode_pre_vote_request(std::string_view json) {
  return decode_object<PreVoteRequest>(json, read_candidacy<PreVoteRequest>);
}

Result<PreVoteResponse> decode_pre_vote_response(std::string_view json, const PreVoteRequest& request) {
  return decode_object<PreVoteResponse>(
      json, [&request](ObjectReader& reader) { return read_pre_vote_response(reader, request); });
}

Result<AppendRequest> decode_append_request(std::string_view json) {
  return decode_object<AppendRequest>(json, read_append_request);
}

Result<AppendResponse> decode_append_response(std::string_view json, const AppendRequest& request) {
  return decode_object<AppendResponse>(
      json, [&request](ObjectReader& reader) { return read_append_response(reader, request); });
}

}  // namespace timestore::raft
