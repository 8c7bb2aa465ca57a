// An inquiry to a reader, asked through the query engine.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/series/series_reader.h"
#include "sim/checkers/inquiry.h"

namespace timestore::sim {

// Requires that the reader has begun.
[[nodiscard]] Result<std::vector<std::string>> ask(store::SeriesReader& reader, const Inquiry& inquiry);

}  // namespace timestore::sim
