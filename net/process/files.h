// Whether this process may use the files that it was told to, in sentences that name the directory, the user and the
// way out. SQLite would only say that it cannot open a file.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace timestore::net {

// Nothing is made: where a directory is missing, a disk may not be mounted, and a node that then began anew beneath its
// mount point would have forgotten everything.
[[nodiscard]] Result<void> check_files(const std::string& series_path, const std::string& log_path);

}  // namespace timestore::net
