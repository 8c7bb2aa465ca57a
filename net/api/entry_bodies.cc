#include "net/api/entry_bodies.h"

#include <algorithm>
#include <utility>

#include "engine/formats/csv.h"
#include "engine/formats/json_array.h"
#include "engine/formats/ndjson.h"
#include "engine/series/parse.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

constexpr std::string_view kNdjson = "application/x-ndjson";
constexpr std::string_view kCsv = "text/csv";

constexpr Limits kLimits{.bytes = kMaxBodyBytes, .records = kMaxBatchEntries, .record_bytes = std::size_t{1} << 20};

Problem problem_of(bool is_too_large, const Problems& problems) {
  Problem problem{.kind = is_too_large ? ProblemKind::kTooLarge : ProblemKind::kBadRequest};
  if (is_too_large && problems.size() == 1) {
    problem.detail = problems.front().detail;
    return problem;
  }
  problem.detail = "Nothing of the request can be stored as it is.";
  for (const auto& [pointer, detail] : problems) problem.errors.push_back({pointer, detail});
  return problem;
}

template <typename Parser>
tl::expected<EntryBody, Problem> read_batch(std::string_view body) {
  EntryBody read{.entries = {}, .is_batch = true};
  Parser parser([&](TimeEntry entry) { read.entries.push_back(std::move(entry)); }, kLimits);
  static_cast<void>(parser.feed(body));  // finish() says whatever it says
  const auto finished = parser.finish();
  if (!finished) return tl::unexpected(problem_of(finished.error().is_too_large, finished.error().problems));
  return read;
}

std::string media_type_of(const http::Request& request) {
  const std::string_view field = request.header("Content-Type");
  std::string type(field.substr(0, field.find_first_of("; \t")));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); });
  return type;
}

bool is_array(std::string_view json) {
  const std::size_t first = json.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && json[first] == '[';
}

}  // namespace

std::vector<std::string> entry_media_types() { return {"application/json", std::string(kNdjson), std::string(kCsv)}; }

tl::expected<EntryBody, Problem> read_entries(const http::Request& request) {
  const std::string type = media_type_of(request);
  if (type == kNdjson) return read_batch<NdjsonParser>(request.body);
  if (type == kCsv) return read_batch<CsvParser>(request.body);
  if (is_array(request.body)) return read_batch<JsonArrayParser>(request.body);
  auto entry = parse_time_entry(request.body);
  if (!entry) {
    Problem problem = problem_of(false, entry.error());
    problem.detail = "The time entry cannot be stored as it is.";
    return tl::unexpected(std::move(problem));
  }
  EntryBody read;
  read.entries.push_back(std::move(*entry));
  return read;
}

}  // namespace timestore::net
