// What our own nodes say to each other: one binary frame for each message. (The original's JSON is in codec.h.)
//
//   offset  bytes
//        0      2  the magic bytes f5 54: no JSON begins like that, nor any UTF-8
//        2      1  the version, 1
//        3      1  the kind: the message's place in the variant Message, from 1
//        4      1  flags, 0
//        5      4  the size of the body in bytes, little-endian
//        9      n  the body: the fields of the message
//    9 + n      4  the CRC-32 (engine/base/checksum.h) of all bytes before, little-endian
//
// A field is a key, which is 2 * tag + form as a varint, and its value. Forms: 0, a varint (numbers, truths, kinds of
// entries); 1, a varint that tells a size, and so many bytes (ids, payloads, and records, whose bytes are their own
// fields). A varint has seven bits in a byte, the lowest first, and the highest bit set in all but its last; it is as
// short as it can be. A list is its elements one after the other, each under the list's key. Tags rise. A field that
// holds its default is left out. So one message has one frame. VoteResponse{.term = 300, .granted = true}:
//
//   f5 54 01 02 00 05 00 00 00   02 ac 02   04 01   2a 72 fb 11
//   head, a body of five bytes   term 300   granted  the checksum
//
// What a newer node may say. Fields that a node does not know are skipped: in a rolling upgrade an older node must go
// on to follow, vote and lead, and a new version for each new field would end that. So a new field's default must mean
// what its absence meant before, and what may not be overlooked is sent only at a feature level that all members have
// told. A frame that cannot be read without new knowledge (another layout, compressed) has another version, kind of
// message or of entry, or a flag: it is refused as unknown, and a sender that hears so goes back to JSON.
//
// Decoding is total and makes nothing larger than the bytes that came, but for the constant size of an entry: any bytes
// give either a message within the bounds of codec.h, or an error with one sentence that names the field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "engine/raft/message.h"

namespace timestore::raft {

// HTTP's name of version 1. Another version has another name, so that nobody is answered what it cannot read.
inline constexpr const char* kFrameType = "application/vnd.timestore.frame.v1";

struct FrameError {
  enum class Kind : std::uint8_t {
    kBroken,   // no frame at all, damaged on its way, or out of bounds
    kUnknown,  // of a newer node: a version, kind or flag of which this one knows nothing
  };
  Kind kind = Kind::kBroken;
  std::string message;
  bool operator==(const FrameError&) const = default;
};

// Requires what codec.h requires, but that commands may be any bytes: JSON alone wants UTF-8.
[[nodiscard]] std::string encode_frame(const Message& message);

// The message of the kind `alternative` of the variant Message: another kind is kBroken. `asked` is the request that an
// answer belongs to, as in codec.h; null where it is a request itself.
[[nodiscard]] tl::expected<Message, FrameError> decode_frame(std::size_t alternative, std::string_view bytes,
                                                             const Message* asked);

}  // namespace timestore::raft
