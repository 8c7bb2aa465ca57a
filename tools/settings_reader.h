// What timestored is told: on its command line, in the environment, in a configuration file; in this order of strength.
// It can be read again while the process runs: the file may have changed.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "net/base/settings.h"

namespace timestore::tools {

struct Told {
  net::Settings settings;
  std::map<std::string, std::string> values;  // as they were given or are by default, by the name of the flag
  std::vector<std::string> hints;             // what looks like a typing error and is ignored
};

// The process is to end: it was asked for help, or was told something that cannot be.
struct Ending {
  int status = 0;
  std::string output;    // for standard output
  std::string sentence;  // what is wrong; where it stands in a file, with the line
};

inline constexpr int kWrongSettings = 2;

[[nodiscard]] std::variant<Told, Ending> read_settings(const std::vector<std::string>& arguments);

}  // namespace timestore::tools
