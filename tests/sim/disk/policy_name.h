// What a test is called that has a crash policy for its parameter.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sim/disk/disk.h"

namespace timestore::sim {

inline std::string name_of_parameter(const testing::TestParamInfo<CrashPolicy>& info) {
  std::string name(name_of(info.param));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace timestore::sim
