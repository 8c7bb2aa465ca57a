// What a command deletes: some points by their ids, or all of some series in a range of times.
//
//   varint  up to which log index
//   byte    0: ids follow; 1: a range
//   0: varint  how many ids; 16 bytes each
//   1: varint  bytes of the database's name, and the name; of the one of our own API: none
//      8 bytes each, little-endian: the first and the last time
//      varint  how many names; of each: a varint, bytes << 3 | whether it is a prefix << 2 | the kind; and these bytes
//
// What it deletes stood in the log before it. So a command that arrives behind a later write leaves that alone, and one
// that says up to which log index it holds may be given again.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/guid.h"
#include "engine/base/result.h"

namespace timestore {

inline constexpr std::size_t kMaxDeletedIds = 10'000;    // of one command
inline constexpr std::size_t kMaxDeletedNames = 10'000;  // likewise

// Series of that name; or those whose names begin with it.
struct DeletedName {
  enum class Kind : std::uint8_t { kEither, kDevice, kLine };
  Kind kind = Kind::kEither;
  bool is_prefix = false;
  std::string name = {};
  bool operator==(const DeletedName&) const = default;
};

struct DeleteOrder {
  // Points that stand behind this log index stay; of its own points a command never has any.
  std::uint64_t up_to = std::numeric_limits<std::uint64_t>::max();
  std::vector<Guid> ids = {};  // none: a range
  std::string database = {};
  std::int64_t first_ns = std::numeric_limits<std::int64_t>::min();
  std::int64_t last_ns = std::numeric_limits<std::int64_t>::max();
  std::vector<DeletedName> names = {};
  bool operator==(const DeleteOrder&) const = default;

  // Whether the range means a series of that name.
  [[nodiscard]] bool means(bool is_line, std::string_view name) const;
};

// What it takes in memory.
[[nodiscard]] std::size_t size_bytes(const DeleteOrder& order);

void append_delete_order(std::string& out, const DeleteOrder& order);

// Total: any bytes are an order that can be applied, or an error.
[[nodiscard]] Result<DeleteOrder> read_delete_order(std::string_view bytes);

}  // namespace timestore
