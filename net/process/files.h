// Whether this process may use the files that it was told to, in sentences that name the directory, the user and the
// way out. SQLite would only say that it cannot open a file.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "engine/base/result.h"

namespace timestore::net {

// Why a node does not start.
struct StartFailure : Error {
  StartFailure(Error error, bool lasts = false) : Error(std::move(error)), is_lasting(lasts) {}
  bool is_lasting = false;  // a restart changes nothing: somebody must do something first
};

// Nothing is made: where a directory is missing, a disk may not be mounted, and a node that then began anew beneath its
// mount point would have forgotten everything.
[[nodiscard]] tl::expected<void, StartFailure> check_files(const std::string& series_path, const std::string& log_path);

}  // namespace timestore::net
