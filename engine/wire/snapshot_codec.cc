// The two messages that carry a snapshot (codec.h).
#include <limits>

#include "engine/base/check.h"
#include "engine/base/json_text.h"
#include "engine/raft/object_reader.h"
#include "engine/wire/belonging_json.h"
#include "engine/wire/codec.h"
#include "engine/wire/fields.h"

namespace timestore::raft {

namespace {

constexpr Range kSizeRange{0, kMaxExact};
constexpr Range kHashRange{0, std::numeric_limits<std::uint64_t>::max()};
constexpr Range kChecksumRange{0, std::numeric_limits<std::uint32_t>::max()};

// Quoted: not every JSON reader knows 64 bits.
void append_hash(std::string& out, std::string_view label, std::uint64_t number) {
  append_json_integer(out, label, number);
  out += '"';
}

void append_meta(std::string& out, const SnapshotMeta& meta) {
  append_json_integer(out, R"(,"appliedIndex":)", meta.applied.index);
  append_json_integer(out, R"(,"appliedTerm":)", meta.applied.term);
  append_hash(out, R"(,"stateHash":")", meta.state_hash);
  append_json_integer(out, R"(,"sizeBytes":)", meta.size_bytes);
  append_hash(out, R"(,"fileChecksum":")", meta.checksum);
}

std::uint64_t read(ObjectReader& reader, std::string_view name, Range range) { return reader.integer(name, range); }

SnapshotMeta read_meta(ObjectReader& reader) {
  return {
      .applied = {.term = read(reader, "appliedTerm", kTermRange), .index = read(reader, "appliedIndex", kIndexRange)},
      .state_hash = read(reader, "stateHash", kHashRange),
      .size_bytes = read(reader, "sizeBytes", kSizeRange),
      .checksum = read(reader, "fileChecksum", kHashRange)};
}

}  // namespace

void encode(std::string& out, const SnapshotRequest& message) {
  TIMESTORE_CHECK(is_node_id(message.follower), "a node's id is short, printable UTF-8");
  append_json_integer(out, R"({"term":)", message.term);
  out += R"(,"nodeId":)";
  append_json_string(out, message.follower);
  append_meta(out, message.wanted);
  append_json_integer(out, R"(,"offset":)", message.offset);
  append_belonging(out, message.belonging);
  out += '}';
}

void encode(std::string& out, const SnapshotResponse& message) {
  append_json_integer(out, R"({"term":)", message.term);
  append_meta(out, message.meta);
  append_json_integer(out, R"(,"offset":)", message.offset);
  append_json_integer(out, R"(,"checksum":)", message.checksum);
  append_belonging(out, message.belonging);
  out += "}\n";
  out += message.bytes.view();
}

Result<SnapshotRequest> decode_snapshot_request(std::string_view json) {
  return decode_object<SnapshotRequest>(json, [](ObjectReader& reader) {
    return SnapshotRequest{.term = reader.integer("term", kTermRange),
                           .follower = reader.node_id("nodeId"),
                           .wanted = read_meta(reader),
                           .offset = reader.integer("offset", kSizeRange),
                           .belonging = read_belonging(reader)};
  });
}

Result<SnapshotResponse> decode_snapshot_response(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return fail("A part of a snapshot begins with a line that says what it is.");
  return decode_object<SnapshotResponse>(text.substr(0, end), [&](ObjectReader& reader) {
    return SnapshotResponse{.term = reader.integer("term", kTermRange),
                            .meta = read_meta(reader),
                            .offset = reader.integer("offset", kSizeRange),
                            .checksum = static_cast<std::uint32_t>(reader.integer("checksum", kChecksumRange)),
                            .belonging = read_belonging(reader),
                            .bytes = Payload(std::string(text.substr(end + 1)))};
  });
}

}  // namespace timestore::raft
