// What the files of a node say of its past, held against its settings.
//
// A start is refused only where nothing legitimate looks like it. A cluster that shrank to one node, or was recovered
// from one, may well be started with the settings of before: that is only told.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/log/log_file.h"
#include "net/base/settings.h"

namespace timestore::net {

struct Remark {
  std::string sentence;
  bool is_warning = true;
};

// What the operator should be told. An error lasts: the settings or the files must change.
[[nodiscard]] Result<std::vector<Remark>> compare_with_past(const Settings& settings,
                                                            const store::LogFile::Recovered& stored);

}  // namespace timestore::net
