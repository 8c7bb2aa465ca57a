#include "engine/base/checksum.h"

#include <zlib.h>

namespace timestore {

uint32_t crc32(std::string_view bytes, uint32_t seed) {
  // A null pointer would make zlib forget the seed.
  if (bytes.empty()) return seed;
  return static_cast<uint32_t>(::crc32_z(seed, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace timestore
