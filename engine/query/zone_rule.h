// What a zone's clocks do in all years behind its listed transitions: a rule in POSIX's notation, such as
// `CET-1CEST,M3.5.0,M10.5.0/3`.
//
// (Debian's version of the library that reads it is written for C++17, and so is this header: the standard's calendar
// and the library's are ambiguous there in C++20.)
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace timestore::query {

class ZoneRule {
 public:
  // Null: it is none, or one that the library cannot read. (It knows no hours below zero, which Greenland has.)
  static std::unique_ptr<ZoneRule> parse(const std::string& text);

  ZoneRule() = default;
  ZoneRule(const ZoneRule&) = delete;
  ZoneRule& operator=(const ZoneRule&) = delete;
  virtual ~ZoneRule() = default;

  // Around a moment.
  struct Stretch {
    int64_t offset_s = 0;
    int64_t end_s = 0;  // where the next one begins
  };
  virtual Stretch at(int64_t time_s) const = 0;
};

}  // namespace timestore::query
