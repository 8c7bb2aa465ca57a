// Line protocol, as InfluxDB's clients write it, read piece by piece.
//
// Where a line ends is found as InfluxDB 1.x finds it (models/points.go, scanLine): a line feed does not end it within
// the quotes of a field's value, nor behind a backslash. A carriage return before the line feed is left out. Blank
// lines and comments count for nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>

#include "engine/formats/limits.h"
#include "engine/formats/line.h"
#include "engine/formats/line_reader.h"
#include "engine/formats/records.h"

namespace timestore {

// Takes the lines in their order, good ones and bad ones. What is passed is valid during the call. The caller decides
// whether the good lines stand when there are bad ones (1.x) or the whole body is refused (2.x).
class LineSink {
 public:
  virtual ~LineSink() = default;
  virtual void take(const Line& line) = 0;
  virtual void refuse(const BadLine& line) = 0;
};

class LineEnd {
 public:
  size_t find(std::string_view text);

 private:
  size_t find_slowly(std::string_view text);

  // Of a line whose end was not in the texts before.
  bool has_begun_ = false;
  bool is_escaped_ = false;  // the next byte
  bool has_fields_ = false;  // a space has come
  bool is_quoted_ = false;
  uint64_t equals_ = 0;  // behind that space, and not in quotes
  uint64_t commas_ = 0;
};

class LineParser {
 public:
  LineParser(LineSink& sink, Limits limits, LineReading reading)
      : sink_(sink), limits_(limits), reader_(reading), records_(limits.record_bytes) {}

  // False: the body is too large, and what follows is not looked at.
  bool feed(std::string_view piece);

  // After the last piece, once. An error only for a body that is too large.
  tl::expected<void, Refusal> finish();

  // Its records are lines, bad ones too.
  const Seen& seen() const { return seen_; }

 private:
  bool take(std::string_view record);

  LineSink& sink_;
  const Limits limits_;
  LineReader reader_;
  Records<LineEnd> records_;
  Seen seen_;
  uint64_t number_ = 1;  // of the next record's first line
  std::optional<Refusal> refusal_;
};

}  // namespace timestore
