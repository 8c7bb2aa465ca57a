// A line of InfluxDB's line protocol, and what it means: measurement, tags, fields and a time.
//
//   measurement[,tag=value]* field=value[,field=value]* [time]
//
// All texts are unescaped. They are views into the line where nothing in it was escaped.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace timestore {

struct LineTag {
  std::string_view key;
  std::string_view value;

  bool operator==(const LineTag&) const = default;
};

using LineValue = std::variant<double, int64_t, uint64_t, bool, std::string_view>;

struct LineField {
  std::string_view key;
  LineValue value;

  bool operator==(const LineField&) const = default;
};

struct Line {
  uint64_t number = 0;    // of its first line in the body, from 1; a line may hold line feeds
  std::string_view text;  // as it was written, from its first character that is no white space
  std::string_view measurement;
  std::span<const LineTag> tags;      // by key, each key once
  std::span<const LineField> fields;  // as they were written: of one that is named twice the last counts
  std::string_view key;               // "measurement,tag=a,other=b", escaped: the one text for measurement and tags
  int64_t time_ns = 0;
};

// Appends the name of the series of one field: the line's key, a space, and the field's key, escaped. Two series never
// have the same name.
void append_series_name(std::string& out, const Line& line, std::string_view field_key);

// A line that was refused, in the words of InfluxDB 1.x.
struct BadLine {
  uint64_t number = 0;
  std::string_view text;  // from its first character that is no white space
  std::string reason;
};

// Appends unable to parse '<text>': <reason>. Bytes that are not UTF-8 become U+FFFD, as in InfluxDB's answers.
void append_message(std::string& out, const BadLine& line);

// What a number at the end of a line counts: nanoseconds in one of its units.
enum class LinePrecision : int64_t {
  kNanoseconds = 1,
  kMicroseconds = 1'000,
  kMilliseconds = 1'000'000,
  kSeconds = 1'000'000'000,
  kMinutes = 60'000'000'000,
  kHours = 3'600'000'000'000,
};

// n, ns, u, us, ms, s, m or h.
std::optional<LinePrecision> line_precision_named(std::string_view name);

}  // namespace timestore
