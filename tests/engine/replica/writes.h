// What clients of whole replicas write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/series/time_entry.h"

namespace timestore::replica::testing {

inline TimeEntry entry(const std::string& device, double value, Guid id = {}) {
  return {.id = id, .device_id = device, .timestamp_ns = 1'700'000'000'000'000'000, .value = value, .attributes = ""};
}

inline Guid guid(std::uint64_t number) {
  Guid id;
  for (std::size_t i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  id.bytes[6] = 0x40;
  id.bytes[8] = 0x80;
  return id;
}

}  // namespace timestore::replica::testing
