// Lines of line protocol, as one command: points of any series and type, in lines that are stored each as a whole.
//
//   byte    flags: 1, the good lines are kept
//   varint  bytes of the database's name, and the name; of the one of our own API: none
//   varint  how many series; for each of them
//             varint  how many bytes its name shares with that of the series before
//             varint  the bytes that follow << 1 | whether it is a device; and these bytes
//   varint  how many runs of lines; for each of them a varint: points in a line; and one: how many such lines
//   the points (store/points/batch.h), each with its place: lines follow each other, a series is a place in the list
//
// The fields of a line share its key, so a name costs few bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/point.h"

namespace timestore {

inline constexpr std::size_t kMaxDatabaseBytes = 255;

// What lines write to.
struct LineSeries {
  std::string name = {};                      // series_name.h; of a device, its id
  bool is_device = false;                     // of our own API: a plain series, whose values are floats
  points::Type type = points::Type::kFloat;  // of the points in this write
  bool operator==(const LineSeries&) const = default;
};

struct LinePoint {
  std::uint32_t series = 0;  // the place in the list
  std::int64_t time_ns = 0;
  std::uint64_t bits = 0;  // point.h
  std::string text = {};   // of a string
  bool operator==(const LinePoint&) const = default;
};

// Without any line it creates the database.
struct LineWrite {
  std::string database = {};           // empty: the one of our own API
  bool keeps_good_lines = false;       // otherwise nothing is stored where one line is refused
  std::vector<LineSeries> series = {};
  std::vector<LinePoint> points = {};  // line by line; no series twice in a line
  std::vector<std::uint32_t> line_ends = {};  // behind the last point of each line: ascending
  bool operator==(const LineWrite&) const = default;
};

// What it takes in memory.
std::size_t size_bytes(const LineWrite& write);

void append_line_write(std::string& out, const LineWrite& write);

// Total: any bytes are a write that can be applied, or an error.
Result<LineWrite> read_line_write(std::string_view bytes);

}  // namespace timestore
