// A second reader of integer and double columns, by the layouts that the headers of the room describe: bit by bit, into
// vectors, with no care for speed. It shares no code with the first.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace timestore::points::naive {

// The values, if `bytes` are a column of so many and nothing more.
std::optional<std::vector<uint64_t>> integers(std::string_view bytes, size_t count);

// As bits.
std::optional<std::vector<uint64_t>> doubles(std::string_view bytes, size_t count);

}  // namespace timestore::points::naive
