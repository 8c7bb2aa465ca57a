#include "engine/raft/codec.h"

#include <simdjson.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/json_text.h"

namespace timestore::raft {
namespace {

namespace dom = simdjson::dom;

// --- Encoding -------------------------------------------------------------------------------------------------------

// What an entry takes beyond its command: names, quotes, a term, and some escapes. A guess that saves reallocations.
constexpr std::size_t kEntryOverheadBytes = 64;

bool is_node_id(std::string_view text) {
  if (text.empty() || text.size() > kMaxNodeIdBytes) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return simdjson::validate_utf8(text);
}

void append_integer(std::string& out, std::string_view label, std::uint64_t number) {
  out += label;
  append_json_integer(out, number);
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

void append_entry(std::string& out, const Entry& entry) {
  const std::string_view command = entry.payload.view();
  TIMESTORE_CHECK(!entry.payload.is_absent(), "an entry is fetched before it is sent");
  TIMESTORE_CHECK((entry.kind == EntryKind::kNoop) == command.empty(), "no-ops alone have an empty command");
  TIMESTORE_CHECK(simdjson::validate_utf8(command), "a command is UTF-8: JSON carries nothing else");
  append_integer(out, R"({"term":)", entry.term);
  out += R"(,"command":)";
  append_json_string(out, command);
  out += '}';
}

// --- Decoding -------------------------------------------------------------------------------------------------------

// Of objects and arrays within each other. Our own messages need three levels; unknown properties may bring more.
constexpr std::size_t kMaxJsonDepth = 64;

// A parser holds on to a multiple of the longest text that it has read, and each thread keeps one. Longer texts than
// this, which are rare, get a parser of their own.
constexpr std::size_t kKeptParserBytes = std::size_t{1} << 20;

// Both ends belong to it.
struct Range {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
};
constexpr Range kTermRange{0, kMaxTerm};
constexpr Range kEntryTermRange{1, kMaxTerm};
constexpr Range kIndexRange{0, kMaxIndex};
constexpr Range kRoundRange{0, kMaxRound};

// `name` consists of ASCII letters; two letters that differ in nothing but their case differ in the bit 0x20 alone.
bool is_named(std::string_view key, std::string_view name) {
  if (key.size() != name.size()) return false;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (((key[at] ^ name[at]) & ~0x20) != 0) return false;
  }
  return true;
}

// Digits as JSON writes an integer: no sign, no leading zero, nothing around them.
std::optional<std::uint64_t> parse_digits(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

// Takes the properties that we know out of one JSON object. A complaint does not stop the reading: the first one is
// kept in `complaint` for the caller to look at in the end, and what could not be read is zero or empty until then.
class ObjectReader {
 public:
  // `entry` is the object's ordinal if it is one of the entries.
  ObjectReader(dom::object object, std::string& complaint, std::optional<std::size_t> entry = std::nullopt)
      : object_(object), complaint_(complaint), entry_(entry) {}

  std::optional<std::uint64_t> optional_integer(std::string_view name, Range range) {
    const auto value = find(name);
    if (!value) return std::nullopt;
    std::optional<std::uint64_t> number;
    if (std::uint64_t plain = 0; value->get(plain) == simdjson::SUCCESS) number = plain;
    if (std::string_view quoted; value->get(quoted) == simdjson::SUCCESS) number = parse_digits(quoted);
    if (number && *number >= range.min && *number <= range.max) return number;
    complain(name, "must be an integer from " + std::to_string(range.min) + " to " + std::to_string(range.max));
    return 0;
  }

  std::uint64_t integer(std::string_view name, Range range) {
    const auto number = optional_integer(name, range);
    if (!number) complain(name, "is missing");
    return number.value_or(0);
  }

  bool boolean(std::string_view name) {
    bool truth = false;
    if (const auto value = find_required(name); value && value->get(truth) != simdjson::SUCCESS) {
      complain(name, "must be true or false");
    }
    return truth;
  }

  NodeId node_id(std::string_view name) {
    std::string_view id;
    if (const auto value = find_required(name); value && (value->get(id) != simdjson::SUCCESS || !is_node_id(id))) {
      complain(name, "must be a string of 1 to " + std::to_string(kMaxNodeIdBytes) + " bytes, no control characters");
    }
    return NodeId(id);
  }

  // Null stands for the empty command.
  std::string_view command(std::string_view name) {
    std::string_view text;
    const auto value = find_required(name);
    if (value && !value->is_null() && value->get(text) != simdjson::SUCCESS) complain(name, "must be a string or null");
    return text;
  }

  // Absent and null stand for the empty array, which is nullopt here.
  std::optional<dom::array> optional_array(std::string_view name) {
    const auto value = find(name);
    if (!value || value->is_null()) return std::nullopt;
    dom::array array;
    if (value->get(array) == simdjson::SUCCESS) return array;
    complain(name, "must be an array or null");
    return std::nullopt;
  }

  void complain(std::string_view name, std::string_view what) {
    if (!complaint_.empty()) return;
    if (entry_) complaint_.append("entries[").append(std::to_string(*entry_)).append("].");
    complaint_.append(name).append(" ").append(what).append(".");
  }

  // Reads one of this object's entries; complaints go to the same place.
  ObjectReader entry_reader(dom::object entry, std::size_t ordinal) const {
    return ObjectReader(entry, complaint_, ordinal);
  }

 private:
  std::optional<dom::element> find(std::string_view name) {
    std::optional<dom::element> found;
    for (const dom::key_value_pair property : object_) {
      if (!is_named(property.key, name)) continue;
      if (found) complain(name, "is given twice");
      found = property.value;
    }
    return found;
  }

  std::optional<dom::element> find_required(std::string_view name) {
    const auto value = find(name);
    if (!value) complain(name, "is missing");
    return value;
  }

  dom::object object_;
  std::string& complaint_;
  std::optional<std::size_t> entry_;
};

VoteRequest read_vote_request(ObjectReader& reader) {
  return {.term = reader.integer("term", kTermRange),
          .candidate = reader.node_id("candidateId"),
          .last_index = reader.integer("lastLogIndex", kIndexRange),
          .last_term = reader.integer("lastLogTerm", kTermRange)};
}

VoteResponse read_vote_response(ObjectReader& reader) {
  return {.term = reader.integer("term", kTermRange), .granted = reader.boolean("voteGranted")};
}

Entry read_entry(ObjectReader& reader) {
  const Term term = reader.integer("term", kEntryTermRange);
  const std::string_view command = reader.command("command");
  return {.term = term,
          .kind = command.empty() ? EntryKind::kNoop : EntryKind::kCommand,
          .payload = Payload(std::string(command))};
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
  for (const dom::element element : *array) {
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      reader.complain("entries", "must hold objects only");
      return {};
    }
    ObjectReader entry_reader = reader.entry_reader(object, entries.size());
    const Entry& entry = entries.emplace_back(read_entry(entry_reader));
    if (entry.term < term_before) entry_reader.complain("term", "must not be below the term of the entry before it");
    if (entry.term > request.term) entry_reader.complain("term", "must not be above the term of the request");
    term_before = entry.term;
  }
  return entries;
}

AppendRequest read_append_request(ObjectReader& reader) {
  AppendRequest request{.term = reader.integer("term", kTermRange),
                        .leader = reader.node_id("leaderId"),
                        .prev_index = reader.integer("prevLogIndex", kIndexRange),
                        .prev_term = reader.integer("prevLogTerm", kTermRange),
                        .leader_commit = reader.integer("leaderCommit", kIndexRange),
                        .round = reader.optional_integer("round", kRoundRange).value_or(0),
                        .entries = {}};
  request.entries = read_entries(reader, request);
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

  AppendResponse response{.term = term};
  if (term != request.term) return response;
  response.success = success;
  response.prev_index = prev_index.value_or(request.prev_index);
  response.round = round.value_or(request.round);
  if (success) {
    response.match = match.value_or(request.prev_index + request.entries.size());
  } else {
    response.hint = hint_index && hint_term ? Position{*hint_term, *hint_index} : implied_hint(request);
  }
  return response;
}

std::string parse_complaint(simdjson::error_code error) {
  if (error == simdjson::NUMBER_ERROR) return "The message holds a number that is malformed or beyond 64 bits.";
  if (error == simdjson::DEPTH_ERROR) return "The message is nested deeper than " + std::to_string(kMaxJsonDepth) + ".";
  if (error == simdjson::INCORRECT_TYPE) return "The message is not a JSON object.";
  return std::string("The message is not JSON (") + simdjson::error_message(error) + ").";
}

simdjson::error_code parse_object(dom::parser& parser, std::string_view json, dom::object& object) {
  if (json.empty()) return simdjson::EMPTY;
  if (parser.capacity() == 0) {
    // simdjson counts what the innermost array or object holds as one level more.
    if (const auto error = parser.allocate(json.size(), kMaxJsonDepth + 1); error != simdjson::SUCCESS) return error;
  }
  return parser.parse(json.data(), json.size()).get(object);
}

// Parses `json` and lets `read` make a message of its properties.
template <typename MessageType, typename Read>
Result<MessageType> decode(std::string_view json, Read read) {
  thread_local dom::parser kept;
  dom::parser passing;
  dom::object object;
  const auto error = parse_object(json.size() <= kKeptParserBytes ? kept : passing, json, object);
  if (error != simdjson::SUCCESS) return fail(parse_complaint(error));

  std::string complaint;
  ObjectReader reader(object, complaint);
  MessageType message = read(reader);
  if (!complaint.empty()) return fail(std::move(complaint));
  return message;
}

}  // namespace

void encode(std::string& out, const VoteRequest& message) {
  append_integer(out, R"({"term":)", message.term);
  append_node_id(out, R"(,"candidateId":)", message.candidate);
  append_integer(out, R"(,"lastLogIndex":)", message.last_index);
  append_integer(out, R"(,"lastLogTerm":)", message.last_term);
  out += '}';
}

void encode(std::string& out, const VoteResponse& message) {
  append_integer(out, R"({"term":)", message.term);
  append_boolean(out, R"(,"voteGranted":)", message.granted);
  out += '}';
}

void encode(std::string& out, const AppendRequest& message) {
  TIMESTORE_CHECK(message.entries.size() <= kMaxEntriesPerMessage, "a message's entries are limited in number");
  std::size_t expected_bytes = 4 * kEntryOverheadBytes;
  for (const Entry& entry : message.entries) expected_bytes += entry.payload.size_bytes() + kEntryOverheadBytes;
  out.reserve(out.size() + expected_bytes);

  append_integer(out, R"({"term":)", message.term);
  append_node_id(out, R"(,"leaderId":)", message.leader);
  append_integer(out, R"(,"prevLogIndex":)", message.prev_index);
  append_integer(out, R"(,"prevLogTerm":)", message.prev_term);
  append_integer(out, R"(,"leaderCommit":)", message.leader_commit);
  out += R"(,"entries":[)";
  for (const Entry& entry : message.entries) {
    if (&entry != &message.entries.front()) out += ',';
    append_entry(out, entry);
  }
  append_integer(out, R"(],"round":)", message.round);
  out += '}';
}

void encode(std::string& out, const AppendResponse& message) {
  append_integer(out, R"({"term":)", message.term);
  append_boolean(out, R"(,"success":)", message.success);
  if (message.success) append_integer(out, R"(,"matchIndex":)", message.match);
  append_integer(out, R"(,"prevLogIndex":)", message.prev_index);
  if (!message.success) {
    append_integer(out, R"(,"hintIndex":)", message.hint.index);
    append_integer(out, R"(,"hintTerm":)", message.hint.term);
  }
  append_integer(out, R"(,"round":)", message.round);
  out += '}';
}

std::string encode(const Message& message) {
  std::string out;
  std::visit([&out](const auto& kind) { encode(out, kind); }, message);
  return out;
}

Result<VoteRequest> decode_vote_request(std::string_view json) { return decode<VoteRequest>(json, read_vote_request); }

Result<VoteResponse> decode_vote_response(std::string_view json) {
  return decode<VoteResponse>(json, read_vote_response);
}

Result<AppendRequest> decode_append_request(std::string_view json) {
  return decode<AppendRequest>(json, read_append_request);
}

Result<AppendResponse> decode_append_response(std::string_view json, const AppendRequest& request) {
  return decode<AppendResponse>(json,
                                [&request](ObjectReader& reader) { return read_append_response(reader, request); });
}

}  // namespace timestore::raft
