// What may ail a node for good, while a majority of the others is well. An ailment is a function and a line of the table
// at the end of ailments.cc.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "sim/faults/injector.h"
#include "sim/words/choices.h"

namespace timestore::sim {

struct Ailment {
  std::string_view name;
  // Begins, and goes on until all is healed.
  void (*begin)(Injector& injector, Stream& choices, std::size_t node);
};

[[nodiscard]] const std::vector<Ailment>& ailments();
[[nodiscard]] const Ailment& ailment_named(std::string_view name);  // requires that there is one

}  // namespace timestore::sim
