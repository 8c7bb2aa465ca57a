// What a client posts: one time entry, or a batch of them in one of several formats.
//
//   application/json      an object is one entry, an array is a batch
//   application/x-ndjson  a batch: an entry a line
//   text/csv              a batch: a header line, and an entry a line
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "engine/series/time_entry.h"
#include "net/http/problem.h"
#include "net/http/router.h"

namespace timestore::net {

struct EntryBody {
  std::vector<TimeEntry> entries;  // one, or those of the batch, which may be none
  bool is_batch = false;
};

// The media types that read_entries() reads.
std::vector<std::string> entry_media_types();

// Requires a request of one of these types. A problem says all that is wrong, and where.
tl::expected<EntryBody, http::Problem> read_entries(const http::Request& request);

}  // namespace timestore::net
