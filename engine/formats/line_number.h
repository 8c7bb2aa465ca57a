// Numbers as line protocol writes them: 1.5, -2e3, 7i, 7u.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "engine/formats/line.h"

namespace timestore {

// Of a value that begins with a digit, a minus, a point or the N of NaN, which is refused. A float is the nearest
// double and finite; integers are in their range. An error is the reason in the words of InfluxDB 1.x.
tl::expected<LineValue, std::string> read_line_number(std::string_view text, bool has_unsigned);

}  // namespace timestore
