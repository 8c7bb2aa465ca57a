// A second implementation of line protocol, written from the rules: whole bodies, character by character, slow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/formats/line_protocol.h"

namespace timestore {

// What became of a line. Values are written with their type, such as "float 0x1.8p+0".
struct LineOutcome {
  uint64_t number = 0;
  std::string refusal;  // the whole message; empty for a good line, and then the rest is set
  std::string measurement = {};
  std::vector<std::pair<std::string, std::string>> tags = {};
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string key = {};
  int64_t time_ns = 0;

  bool operator==(const LineOutcome&) const = default;
};

void PrintTo(const LineOutcome& outcome, std::ostream* out);

using LineOutcomes = std::vector<LineOutcome>;

LineOutcomes naive_lines(std::string_view body, const LineReading& reading);

// What the parser passes on, kept.
class LineKeeper : public LineSink {
 public:
  void take(const Line& line) override;
  void refuse(const BadLine& line) override;

  LineOutcomes outcomes;
};

}  // namespace timestore
