// Which series and which points a filter lets pass, and what a block's statistics already say of that.
#pragma once

#include <string_view>

#include "engine/query/query.h"
#include "engine/query/source.h"

namespace timestore::query {

bool passes(const Filter& filter, const Series& series);

// Value and attributes; not the time.
bool passes(const Filter& filter, points::Type type, uint64_t bits, std::string_view attributes);

// Of a batch, without decoding it: whether value and attributes let all of its points pass, none, or it is unknown.
enum class Verdict { kAll, kNone, kUnknown };
Verdict verdict(const Filter& filter, const BatchHead& head);

// The least and the greatest of a batch's numbers, where its statistics say them of all its points.
struct Extremes {
  Number min;
  Number max;
};
std::optional<Extremes> extremes_of(const BatchHead& head);

}  // namespace timestore::query
