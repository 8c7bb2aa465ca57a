#include "engine/wire/frame.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/checksum.h"
#include "engine/raft/object_reader.h"
#include "engine/wire/codec.h"
#include "engine/wire/fields.h"

namespace timestore::raft {
namespace {

constexpr std::string_view kMagic = "\xf5T";
constexpr char kVersion = 1;
constexpr std::size_t kHeadBytes = 9;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::uint64_t kSized = 1;  // the form of a value that tells its size
constexpr std::size_t kMaxFrameBodyBytes = std::numeric_limits<std::uint32_t>::max();

template <typename Value>
constexpr bool is_number = std::is_integral_v<Value> || std::is_enum_v<Value>;

template <typename Value>
constexpr bool is_list = std::is_same_v<Value, std::vector<Entry>>;

template <typename Value>
constexpr std::uint64_t key_of(unsigned tag) {
  return std::uint64_t{tag} << 1 | (is_number<Value> ? 0 : kSized);
}

// --- What a message must be ----------------------------------------------------------------------------------------

using Kind = FrameError::Kind;

// The first thing that is wrong, and with which field of the record; without a path, with the record itself.
struct Complaint {
  std::string path;
  std::string what;
  Kind kind = Kind::kBroken;
};
using Trouble = std::optional<Complaint>;

Trouble complain(std::string_view path, std::string what, Kind kind = Kind::kBroken) {
  return Complaint{std::string(path), std::move(what), kind};
}

Trouble within(const std::string& path, Trouble trouble) {
  if (trouble) trouble->path = trouble->path.empty() ? path : path + "." + trouble->path;
  return trouble;
}

// What the fields of one record have to do with one another.
template <typename Record>
Trouble check(const Record&) {
  return std::nullopt;
}

Trouble check(const Entry& entry) {
  if (entry.term == 0) return complain("term", "must not be 0");
  if (entry.payload.is_absent()) return complain("command", "is missing");
  if (entry.kind != kind_of(entry.payload.view())) return complain("kind", "does not follow from the command");
  return std::nullopt;
}

Trouble check(const AppendRequest& request) {
  if (request.entries.size() > kMaxEntriesPerMessage) return complain("entries", "holds too many entries");
  if (request.prev_index + request.entries.size() > kMaxIndex) {
    return complain("entries", "must not reach beyond the index " + std::to_string(kMaxIndex));
  }
  Term before = request.prev_term;
  for (const Entry& entry : request.entries) {
    if (entry.term < before) return complain("entries", "must not have terms that fall");
    if (entry.term > request.term) return complain("entries", "must not have terms above that of the request");
    before = entry.term;
  }
  return std::nullopt;
}

Trouble check(const AppendResponse& response) {
  if (response.success && response.hint != Position{}) return complain("hint", "belongs to a refusal");
  if (!response.success && response.match != 0) return complain("matchIndex", "belongs to a success");
  return std::nullopt;
}

Trouble check(const Belonging& belonging) {
  if (!belonging.is_told && belonging != Belonging{}) return complain({}, "says something and is not told");
  return std::nullopt;
}

Trouble check(const SnapshotResponse& part) {
  if (part.bytes.is_absent()) return complain("bytes", "is missing");
  return std::nullopt;
}

// --- Encoding -------------------------------------------------------------------------------------------------------

std::size_t varint_bytes(std::uint64_t number) {
  return (static_cast<std::size_t>(std::bit_width(number | 1)) + 6) / 7;
}

void append_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
  out.push_back(static_cast<char>(number));
}

void append_fixed(std::string& out, std::size_t number) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(number >> shift & 0xff));
}

std::string_view bytes_of(const NodeId& id) {
  TIMESTORE_CHECK(is_node_id(id), "a node's id is short, printable UTF-8");
  return id;
}
std::string_view bytes_of(const Payload& payload) { return payload.view(); }

template <typename Record>
std::size_t body_bytes(const Record& record);

// Of a value that tells its size.
template <typename Value>
std::size_t inner_bytes(const Value& value) {
  if constexpr (is_record<Value>) {
    return body_bytes(value);
  } else {
    return bytes_of(value).size();
  }
}

template <typename Value>
std::size_t value_bytes(const Value& value) {
  if constexpr (is_number<Value>) {
    return varint_bytes(static_cast<std::uint64_t>(value));
  } else {
    const std::size_t inner = inner_bytes(value);
    return varint_bytes(inner) + inner;
  }
}

// Calls `write` with the key and the value of all that is written of a record; of a list, with each element.
template <typename Record, typename Write>
void for_each_written(const Record& record, Write write) {
  static const Record kDefault{};
  for_each_field<Record>([&](const auto& field) {
    const auto& value = record.*field.member;
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (is_list<Value>) {
      for (const auto& element : value) write(key_of<Value>(field.tag), element);
    } else if (value != kDefault.*field.member) {
      if constexpr (is_number<Value>) {
        TIMESTORE_CHECK(static_cast<std::uint64_t>(value) <= field.max, "a message is within its bounds");
      }
      write(key_of<Value>(field.tag), value);
    }
  });
}

template <typename Record>
std::size_t body_bytes(const Record& record) {
  std::size_t sum = 0;
  for_each_written(record,
                   [&](std::uint64_t key, const auto& value) { sum += varint_bytes(key) + value_bytes(value); });
  return sum;
}

template <typename Record>
void append_body(std::string& out, const Record& record) {
  TIMESTORE_CHECK(!check(record), "a message is within its bounds");
  for_each_written(record, [&](std::uint64_t key, const auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    append_varint(out, key);
    if constexpr (is_number<Value>) {
      append_varint(out, static_cast<std::uint64_t>(value));
    } else {
      append_varint(out, inner_bytes(value));
      if constexpr (is_record<Value>) {
        append_body(out, value);
      } else {
        out += bytes_of(value);
      }
    }
  });
}

// --- Decoding -------------------------------------------------------------------------------------------------------

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  bool is_at_end() const { return rest_.empty(); }

  std::optional<std::uint64_t> varint() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) return std::nullopt;
      number |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte == 0 && shift > 0) return std::nullopt;  // it could be shorter
      if (byte < 0x80) return number;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> sized() {
    const auto size = varint();
    if (!size || *size > rest_.size()) return std::nullopt;
    const std::string_view bytes = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return bytes;
  }

  bool skip(std::uint64_t key) { return (key & 1) == kSized ? sized().has_value() : varint().has_value(); }

 private:
  std::string_view rest_;
};

template <typename Record>
Trouble read_record(std::string_view bytes, Record& record);

Trouble read_bytes(std::string_view bytes, NodeId& id) {
  if (is_node_id(bytes)) return id = bytes, std::nullopt;
  return complain({}, "must be a string of 1 to " + std::to_string(kMaxNodeIdBytes) + " bytes, no control characters");
}

Trouble read_bytes(std::string_view bytes, Payload& payload) {
  payload = Payload(std::string(bytes));
  return std::nullopt;
}

template <typename Record>
requires is_record<Record> Trouble read_bytes(std::string_view bytes, Record& record) {
  return read_record(bytes, record);
}

template <typename Value>
Trouble read_value(Cursor& cursor, std::uint64_t max, Value& value) {
  if constexpr (is_number<Value>) {
    const auto number = cursor.varint();
    if (!number) return complain({}, "is no number");
    if constexpr (std::is_enum_v<Value>) {
      if (*number > max) return complain({}, "is one that this node does not know", Kind::kUnknown);
    } else {
      max = std::min(max, std::uint64_t{std::numeric_limits<Value>::max()});
      if (*number > max) return complain({}, "must not be above " + std::to_string(max));
    }
    value = static_cast<Value>(*number);
    return std::nullopt;
  } else {
    const auto bytes = cursor.sized();
    if (!bytes) return complain({}, "ends early");
    return read_bytes(*bytes, value);
  }
}

template <typename Record, typename Field>
Trouble read_field(Cursor& cursor, std::uint64_t key, bool is_again, const Field& field, Record& record) {
  using Value = typename Field::Value;
  if (key != key_of<Value>(field.tag)) return complain(field.name, "has another form than it should");
  Value& value = record.*field.member;
  if constexpr (is_list<Value>) {
    const std::string name = std::string(field.name) + "[" + std::to_string(value.size()) + "]";
    if (value.size() == kMaxEntriesPerMessage) return complain(field.name, "holds too many entries");
    return within(name, read_value(cursor, field.max, value.emplace_back()));
  } else {
    if (is_again) return complain(field.name, "comes twice");
    if (Trouble trouble = within(std::string(field.name), read_value(cursor, field.max, value))) return trouble;
    if (value == Record{}.*field.member) return complain(field.name, "must be left out where it is the default");
    return std::nullopt;
  }
}

template <typename Record>
Trouble read_record(std::string_view bytes, Record& record) {
  Cursor cursor(bytes);
  for (std::uint64_t last_tag = 0; !cursor.is_at_end();) {
    const auto key = cursor.varint();
    if (!key || *key >> 1 == 0) return complain({}, "has a field without a key");
    const std::uint64_t tag = *key >> 1;
    if (tag < last_tag) return complain({}, "has its fields out of order");
    bool is_known = false;
    Trouble trouble;
    for_each_field<Record>([&](const auto& field) {
      if (field.tag != tag) return;
      is_known = true;
      trouble = read_field(cursor, *key, tag == last_tag, field, record);
    });
    if (trouble) return trouble;
    if (!is_known && !cursor.skip(*key)) return complain({}, "ends within a field that this node does not know");
    last_tag = tag;
  }
  Trouble missing;
  for_each_field<Record>([&](const auto& field) {
    if constexpr (std::is_same_v<typename std::remove_cvref_t<decltype(field)>::Value, NodeId>) {
      if ((record.*field.member).empty()) missing = complain(field.name, "is missing");
    }
  });
  return missing ? missing : check(record);
}

template <std::size_t... kAlternatives>
Trouble read_message(std::size_t alternative, std::string_view body, Message& message,
                     std::index_sequence<kAlternatives...>) {
  Trouble trouble;
  const auto read = [&]<std::size_t kAlternative>(std::integral_constant<std::size_t, kAlternative>) {
    if (alternative == kAlternative) trouble = read_record(body, message.emplace<kAlternative>());
  };
  (read(std::integral_constant<std::size_t, kAlternatives>{}), ...);
  return trouble;
}

std::uint64_t fixed(std::string_view bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 4; i-- > 0;) number = number << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return number;
}

// What is wrong with the frame around the body. What an unknown version means only its head can tell; that a kind or a
// flag is unknown is believed once the checksum is right.
Trouble check_frame(std::string_view bytes, std::size_t alternative) {
  if (!bytes.starts_with(kMagic)) return complain({}, "does not begin like one");
  if (bytes.size() < kHeadBytes + kChecksumBytes) return complain({}, "ends early");
  if (bytes[2] != kVersion) {
    const int version = static_cast<std::uint8_t>(bytes[2]);
    return complain({}, "is of version " + std::to_string(version) + ", which this node does not know", Kind::kUnknown);
  }
  const std::size_t end = bytes.size() - kChecksumBytes;
  if (fixed(bytes, 5) != end - kHeadBytes) return complain({}, "is of another size than it says");
  if (fixed(bytes, end) != crc32(bytes.substr(0, end))) return complain({}, "was damaged on its way");
  const std::size_t kind = static_cast<std::uint8_t>(bytes[3]);
  if (kind == 0 || kind > std::variant_size_v<Message>) {
    return complain({}, "is of kind " + std::to_string(kind) + ", which this node does not know", Kind::kUnknown);
  }
  if (bytes[4] != 0) return complain({}, "has flags that this node does not know", Kind::kUnknown);
  if (kind != alternative + 1) return complain({}, "holds another kind of message than is due");
  return std::nullopt;
}

}  // namespace

std::string encode_frame(const Message& message) {
  std::string out;
  std::visit(
      [&](const auto& record) {
        const std::size_t size = body_bytes(record);
        TIMESTORE_CHECK(size <= kMaxFrameBodyBytes, "a message has less than 4 GiB");
        out.reserve(kHeadBytes + size + kChecksumBytes);
        out += kMagic;
        out += {kVersion, static_cast<char>(message.index() + 1), '\0'};
        append_fixed(out, size);
        append_body(out, record);
      },
      message);
  append_fixed(out, crc32(out));
  return out;
}

tl::expected<Message, FrameError> decode_frame(std::size_t alternative, std::string_view bytes, const Message* asked) {
  TIMESTORE_CHECK(alternative < std::variant_size_v<Message>, "there are as many kinds of messages as alternatives");
  Message message;
  Trouble trouble = check_frame(bytes, alternative);
  if (!trouble) {
    const std::string_view body = bytes.substr(kHeadBytes, bytes.size() - kHeadBytes - kChecksumBytes);
    trouble = read_message(alternative, body, message, std::make_index_sequence<std::variant_size_v<Message>>{});
  }
  if (trouble) {
    const std::string subject = trouble->path.empty() ? "The frame" : trouble->path;
    return tl::unexpected(FrameError{.kind = trouble->kind, .message = subject + " " + trouble->what + "."});
  }
  if (auto* answer = std::get_if<AppendResponse>(&message))
    *answer = believed(*answer, std::get<AppendRequest>(*asked));
  return message;
}

}  // namespace timestore::raft
