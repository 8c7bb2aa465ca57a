// CRC-32 as zlib, gzip and PNG compute it (polynomial 0xedb88320): finds torn and rotten bytes on disks and wires.
#pragma once

#include <cstdint>
#include <string_view>

namespace timestore {

// The checksum of `bytes`. To go on over several pieces, pass the checksum of the pieces before as `seed`.
uint32_t crc32(std::string_view bytes, uint32_t seed = 0);

}  // namespace timestore
