// All rows of a series file, as one number: files of nodes that have sealed the same must have the same. (Rows, not
// pages: where SQLite puts them depends on what was removed before.)
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"

namespace timestore::sim {

[[nodiscard]] Result<std::uint64_t> hash_of_rows(const std::string& path, const std::string& vfs);

}  // namespace timestore::sim
