#include "engine/query/influxql/request.h"

#include <charconv>

#include "engine/query/influxql/go_text.h"

namespace timestore::query::influxql {
namespace {

constexpr uint64_t kChunkRows = 10'000;

std::string parameter(const RequestParameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

int64_t epoch_of(const std::string& name) {
  if (name.empty()) return 0;
  if (name == "u" || name == "us" || name == "\xc2\xb5") return 1'000;
  if (name == "ms") return 1'000'000;
  if (name == "s") return 1'000'000'000;
  if (name == "m") return 60'000'000'000;
  if (name == "h") return 3'600'000'000'000;
  return 1;  // also of names that are not known, as in 1.x
}

}  // namespace

AnswerStyle style_of(const RequestParameters& parameters, std::string_view accept) {
  AnswerStyle style{.is_pretty = parameter(parameters, "pretty") == "true",
                    .epoch_ns = epoch_of(parameter(parameters, "epoch"))};
  const bool is_csv =
      accept.find("application/csv") != std::string_view::npos || accept.find("text/csv") != std::string_view::npos;
  if (is_csv) style.format = AnswerStyle::Format::kCsv;
  if (parameter(parameters, "chunked") == "true") {
    const std::string text = parameter(parameters, "chunk_size");
    uint64_t rows = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), rows);
    style.chunk_rows = read.ec == std::errc() && rows > 0 ? rows : kChunkRows;
  }
  return style;
}

std::string_view media_type_of(const AnswerStyle& style) {
  return style.format == AnswerStyle::Format::kCsv ? "text/csv" : "application/json";
}

std::string error_body(const std::string& sentence, const AnswerStyle& style) {
  std::string body;
  if (style.format == AnswerStyle::Format::kCsv) {
    append_csv_cell(body = "error\n", sentence);
    return body + "\n";
  }
  append_go_string(body = style.is_pretty ? "{\n    \"error\": " : "{\"error\":", sentence);
  return body + (style.is_pretty ? "\n}\n" : "}\n");
}

Answer<ReadRequest> read_request(const RequestParameters& parameters, std::string_view accept) {
  const std::string text = parameter(parameters, "q");
  if (text.empty()) return refuse("q", "missing required parameter \"q\"");
  Parameters bound;
  if (const std::string json = parameter(parameters, "params"); !json.empty()) {
    auto parsed = parse_bound_parameters(json);
    if (!parsed) return tl::unexpected(parsed.error());
    bound = std::move(*parsed);
  }
  auto statements = prepare(text, bound);
  if (!statements) {
    QueryError error = statements.error();
    error.sentence = "error parsing query: " + error.sentence;
    return tl::unexpected(std::move(error));
  }
  ReadRequest read{.statements = std::move(*statements), .request = {}, .style = style_of(parameters, accept)};
  read.request.database = parameter(parameters, "db");
  read.request.policy = parameter(parameters, "rp");
  return read;
}

}  // namespace timestore::query::influxql
