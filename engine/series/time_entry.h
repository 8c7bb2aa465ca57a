// A time entry: what one device measured at one moment. The unit of data that clients write and read.
//
// It is a plain value. The limits below hold for what clients send (parse.h enforces them); entries that an original
// Time Store put into the log may exceed them (see command.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/guid.h"
#include "engine/base/hash.h"

namespace timestore {

inline constexpr size_t kMaxDeviceIdBytes = 256;
inline constexpr size_t kMaxAttributesBytes = size_t{16} * 1024;
inline constexpr size_t kMaxBatchEntries = 100'000;
inline constexpr size_t kMaxBodyBytes = size_t{16} * 1024 * 1024;
// The entry's own braces are level 1, those of its attributes level 2. The array around a batch does not count, so that
// an entry is as valid in a batch as alone.
inline constexpr size_t kMaxJsonDepth = 64;

// Every member has a default, so that designated initializers may name a few. What treats all members takes them apart
// by name, so that it does not compile when one is added: engine/DESIGN.md lists what a new one touches.
struct TimeEntry {
  Guid id = {};  // Nil: not given.
  std::string device_id = {};
  int64_t timestamp_ns = 0;
  double value = 0;             // Finite.
  std::string attributes = {};  // Minified text of a JSON object; empty when there are none.

  bool operator==(const TimeEntry&) const = default;
};

// Appends {"id":"...","deviceId":"...","timestamp":"...","value":21.5}, and "attributes":{...} where there are any. A
// nil id is left out.
void append_json(std::string& out, const TimeEntry& entry);

// Whether a repeated write means the same as the one before it, ids aside: the same device, the same time, the same
// value (0 and -0 are the same), and the same attributes as JSON values. There the order of members, the way a string
// is escaped and the way a number is written (1, 1.0, 10e-1) make no difference.
bool same_content(const TimeEntry& left, const TimeEntry& right);

// Every member, bit for bit: part of what all nodes must agree on.
void add_to(Hasher& hasher, const TimeEntry& entry);

// What it takes in memory.
size_t size_bytes(const TimeEntry& entry);

}  // namespace timestore
