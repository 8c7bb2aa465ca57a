// Reading one line of line protocol, as the parser of InfluxDB 1.x does (models/points.go), and with its reasons.
//
// What makes its grammar uncommon: a byte is escaped when the byte before it is a backslash, whatever stands before
// that, so no name ends in a backslash; and in names only a comma, a space and (but in measurements) an equals sign are
// escaped: any other backslash is one. The first byte of a measurement, key or tag value is not looked at, but for what
// would make it empty, so a tag value may begin with an equals sign.
//
// Where 1.x takes a line in one way and reads it in another, it is refused here; DESIGN.md lists these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "engine/formats/line.h"

namespace timestore {

// Of the measurement with its tags, and of these with four bytes and a field's key, as they are written.
inline constexpr size_t kMaxLineKeyBytes = 65'535;

struct LineReading {
  LinePrecision precision = LinePrecision::kNanoseconds;
  int64_t default_time_ns = 0;  // of a line without a time; cut off to the precision
  bool has_unsigned = true;     // numbers may end in u (2.x; in 1.x this is a setting, usually off)
};

class LineReader {
 public:
  explicit LineReader(LineReading reading);

  // Of a line that is neither blank nor a comment, without white space before it. The views live as long as the line
  // and until the next call. The line's number is left to the caller. An error is the reason.
  tl::expected<Line, std::string> read(std::string_view line);

 private:
  using Reason = std::optional<std::string>;

  Reason read_key();
  Reason read_tags();
  Reason order_tags();
  Reason read_fields();
  Reason read_field();
  Reason read_value(std::string_view field_key);
  Reason read_string(std::string_view field_key);
  Reason check_field_keys() const;
  Reason read_time();

  // Goes on to the next byte that is a stop and not escaped, or to the end. The present byte is passed over.
  template <typename IsStop>
  void pass(IsStop is_stop);
  // Goes on to the next byte, this one or a later one, that is a stop; a backslash is passed over with what it
  // precedes.
  template <typename IsStop>
  void pass_pairs(IsStop is_stop);
  void skip_white_space();
  std::string_view until_comma_or_space();
  bool is_at(char c) const { return at_ != end_ && *at_ == c; }
  template <typename IsSpecial>
  std::string_view unescaped(const char* begin, IsSpecial is_special);

  const LineReading reading_;

  // The line being read, and how far.
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  bool has_backslash_ = false;

  std::string_view measurement_;
  std::vector<LineTag> tags_;
  bool has_bare_equals_ = false;  // a tag value begins with an equals sign that is not escaped
  std::vector<LineField> fields_;
  size_t longest_field_key_ = 0;
  std::string_view key_;
  int64_t time_ns_ = 0;
  std::string plain_;        // texts that had escapes, without them
  std::string ordered_key_;  // where the key is not written as it should be
};

}  // namespace timestore
