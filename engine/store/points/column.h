// What all columns have in common.
//
// A column is the values of one field of one block, all of one type, encoded without loss. How many they are stands
// elsewhere (in the directory of blocks, or in the frame), so no column can claim to be larger than its reader expects.
// The first byte names the encoding. Bytes that were once written keep their meaning for ever (golden tests hold them);
// a new encoding takes a new byte, which an older reader refuses in a sentence.
//
// Encoders are pure functions of the values: the same bytes on every machine and with every compiler, since replicas
// compare their files. Decoders are total: any bytes give exactly the expected values, or an error, at a cost that the
// count bounds; what follows a column is left in the reader.
#pragma once

#include <cstddef>

#include "engine/base/result.h"

namespace timestore::points {

// A column has at least one value and at most so many. (Blocks hold 1,024; columns across narrow series may hold more.)
constexpr size_t kMaxValues = 4096;

[[nodiscard]] inline tl::unexpected<Error> cut_off() { return fail("a column ends too early"); }

}  // namespace timestore::points
