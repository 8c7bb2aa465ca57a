// application/x-ndjson: one time entry a line, read piece by piece.
//
// An entry is what engine/series/parse.h says. Pointers begin with the number of the line, from 1: /3/value. Blank
// lines are passed over. A line may end in CRLF, the last one need not end at all, and the body may begin with a byte
// order mark. A malformed line is one problem, and the lines behind it are read all the same.
#pragma once

#include <cstddef>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "engine/formats/batch.h"
#include "engine/formats/records.h"

namespace timestore {

// JSON has no line feeds but between its tokens and, escaped, in its strings.
struct LineFeedEnd {
  static size_t find(std::string_view text) { return text.find('\n'); }
};

class NdjsonParser {
 public:
  NdjsonParser(EntrySink sink, Limits limits) : batch_(std::move(sink), limits), records_(limits.record_bytes) {}

  // False: the body is refused, whatever follows.
  bool feed(std::string_view piece);

  // After the last piece, once.
  tl::expected<void, Refusal> finish();

  const Seen& seen() const { return batch_.seen(); }

 private:
  bool take(std::string_view line);

  Batch batch_;
  Records<LineFeedEnd> records_;
  size_t number_ = 0;  // of the line being read
};

}  // namespace timestore
