#include "engine/query/influxql/regex.h"

#include <re2/re2.h>

#include <utility>

namespace timestore::query::influxql {
namespace {

constexpr size_t kMaxTextBytes = 16'384;
constexpr int64_t kMaxMemory = int64_t{8} << 20;  // of a compiled expression and its states

}  // namespace

Answer<Regex> Regex::compile(const std::string& text) {
  if (text.size() > kMaxTextBytes) {
    return refuse("", "a regular expression has at most " + std::to_string(kMaxTextBytes) + " bytes");
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  auto compiled = std::make_shared<const re2::RE2>(text, options);
  if (!compiled->ok()) return refuse("", "error parsing regexp: " + compiled->error());
  return Regex(std::move(compiled));
}

bool Regex::matches(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace timestore::query::influxql
