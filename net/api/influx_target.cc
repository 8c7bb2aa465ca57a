#include "net/api/influx_target.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "engine/base/json_text.h"
#include "engine/base/utf8.h"
#include "engine/query/query.h"
#include "engine/series/line_write.h"

namespace timestore::net {

namespace {

// Of every database, and its default.
constexpr std::string_view kDefaultPolicy = "autogen";

tl::unexpected<InfluxError> refuse(int status, std::string message) {
  return tl::unexpected(InfluxError{.status = status, .message = std::move(message)});
}

std::string in_quotes(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// Names are compared as they are written.
bool is_known_policy(std::string_view policy) { return policy.empty() || policy == kDefaultPolicy; }

bool is_consistency(std::string_view level) {
  constexpr std::array<std::string_view, 5> kLevels = {"", "any", "one", "quorum", "all"};
  std::string lower(level);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::find(kLevels.begin(), kLevels.end(), lower) != kLevels.end();
}

tl::expected<InfluxTarget, InfluxError> target_of_one(const http::Request& request) {
  const std::string& database = request.param("db");
  const std::string& policy = request.param("rp");
  const std::string& precision = request.param("precision");
  if (database.empty()) return refuse(400, "database is required");
  if (!is_database_name(database) || !is_valid_utf8(policy) || !is_valid_utf8(precision))
    return refuse(400, "invalid name");
  InfluxTarget target{.database = query::database_named(database)};
  if (!precision.empty()) {
    const auto known = line_precision_named(precision);
    if (!known) return refuse(400, "invalid precision " + in_quotes(precision) + " (use n, u, ms, s, m or h)");
    target.precision = *known;
  }
  if (!is_consistency(request.param("consistency"))) {
    target.found_late = {.status = 400, .message = "invalid consistency level"};
  } else if (!is_known_policy(policy)) {
    target.found_late = {.status = 500, .message = "retention policy not found: " + policy};
  }
  return target;
}

tl::expected<InfluxTarget, InfluxError> target_of_two(const http::Request& request) {
  const std::string& bucket = request.param("bucket");
  const std::string& precision = request.param("precision");
  InfluxTarget target;
  if (!precision.empty()) {
    const bool is_known = precision == "ns" || precision == "us" || precision == "ms" || precision == "s";
    if (!is_known) return refuse(400, "invalid precision; valid precision units are ns, us, ms, and s");
    target.precision = *line_precision_named(precision);
  }
  if (bucket.empty()) return refuse(404, "bucket not found");
  const std::string_view whole = bucket;
  const std::string_view database = whole.substr(0, whole.find('/'));
  const std::string_view policy = database.size() < whole.size() ? whole.substr(database.size() + 1) : "";
  if (!is_database_name(database) || !is_valid_utf8(policy)) return refuse(400, "invalid name");
  if (!is_known_policy(policy)) return refuse(404, "bucket " + in_quotes(bucket) + " not found");
  target.database = query::database_named(database);
  return target;
}

}  // namespace

bool is_database_name(std::string_view name) {
  const bool is_plain = std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f' || c == '/' || c == '\\';
  });
  return is_plain && !name.empty() && name != "." && name != ".." && name.size() <= kMaxDatabaseBytes &&
         is_valid_utf8(name);
}

tl::expected<InfluxTarget, InfluxError> influx_target_of(InfluxApi api, const http::Request& request) {
  return api == InfluxApi::kOne ? target_of_one(request) : target_of_two(request);
}

}  // namespace timestore::net
