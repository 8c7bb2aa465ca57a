// To which cluster a sender belongs, as properties of a message's JSON. Private to engine/wire.
//
//   "cluster":"<32 hexadecimal digits, zeros for none>", and "settled":true and "blank":true where it is so
//
// A message without "cluster" comes from a node of the original's kind.
#pragma once

#include <string>

#include "engine/raft/cluster_id.h"
#include "engine/raft/object_reader.h"

namespace timestore::raft {

void append_belonging(std::string& out, const Belonging& belonging);  // each property after a comma
[[nodiscard]] Belonging read_belonging(ObjectReader& reader);

}  // namespace timestore::raft
