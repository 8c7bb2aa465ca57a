// Regular expressions in linear time (RE2, whose syntax is also that of Go and so of InfluxDB).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/query/query_error.h"

namespace re2 {
class RE2;
}

namespace timestore::query::influxql {

class Regex {
 public:
  static Answer<Regex> compile(const std::string& text);

  // Whether it is found anywhere in the text.
  bool matches(std::string_view text) const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace timestore::query::influxql
