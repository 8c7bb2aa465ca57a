// Ids that a test can tell apart.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/guid.h"

namespace timestore::sim {

inline Guid id_of(std::uint64_t number) {
  Guid id;
  for (std::size_t i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

}  // namespace timestore::sim
