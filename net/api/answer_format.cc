#include "net/api/answer_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace timestore::net {

namespace {

using query::Format;

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// A weight in thousandths; what is no weight is none.
unsigned weight_of(std::string_view text) {
  if (text.empty() || text[0] < '0' || text[0] > '1') return 0;
  unsigned weight = static_cast<unsigned>(text[0] - '0') * 1000;
  unsigned unit = 100;
  for (std::size_t at = 2; at < text.size() && at < 5; ++at, unit /= 10) {
    if (text[1] != '.' || text[at] < '0' || text[at] > '9') return 0;
    weight += static_cast<unsigned>(text[at] - '0') * unit;
  }
  return std::min(weight, 1000U);
}

struct MediaRange {
  std::string type;
  unsigned weight = 1000;
};

// Cuts the next part off, up to a separator.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

MediaRange media_range_of(std::string_view text) {
  MediaRange range{.type = lower(take(text, ';'))};
  while (!text.empty()) {
    const std::string parameter = lower(take(text, ';'));
    if (parameter.starts_with("q=")) range.weight = weight_of(std::string_view(parameter).substr(2));
  }
  return range;
}

// How well a range names a type: 0 is not at all, an exact one counts before `text/*`, and that before `*/*`.
unsigned match(std::string_view range, std::string_view type) {
  if (range == type) return 3;
  if (range == "*/*") return 1;
  const std::size_t slash = type.find('/');
  return range.ends_with("/*") && range.substr(0, range.size() - 1) == type.substr(0, slash + 1) ? 2 : 0;
}

struct Offer {
  Format format;
  std::string_view type;
};
// The first of equal weight is taken.
constexpr std::array<Offer, 5> kOffers = {{{Format::kJson, "application/json"},
                                           {Format::kNdjson, "application/x-ndjson"},
                                           {Format::kNdjson, "application/jsonl"},
                                           {Format::kCsv, "text/csv"},
                                           {Format::kJson, "text/json"}}};

std::optional<Format> accepted(const std::string& accept) {
  std::optional<Format> best;
  unsigned best_weight = 0;
  for (const Offer& offer : kOffers) {
    unsigned specific = 0;
    unsigned weight = 0;
    for (std::string_view rest = accept; !rest.empty();) {
      const MediaRange range = media_range_of(take(rest, ','));
      const unsigned found = match(range.type, offer.type);
      if (found <= specific) continue;
      specific = found;
      weight = range.weight;
    }
    if (weight <= best_weight) continue;
    best = offer.format;
    best_weight = weight;
  }
  return best;
}

}  // namespace

tl::expected<Format, http::Problem> format_of(const http::Request& request) {
  using http::ProblemKind;
  if (const std::size_t count = request.param_count("format"); count > 0) {
    const std::string& name = request.param("format");
    if (count == 1 && name == "json") return Format::kJson;
    if (count == 1 && name == "ndjson") return Format::kNdjson;
    if (count == 1 && name == "csv") return Format::kCsv;
    return http::refuse(ProblemKind::kBadRequest, "format is json, ndjson or csv, and given once.");
  }
  std::string accept;
  for (const std::string_view field : request.headers("Accept")) {
    if (!accept.empty()) accept += ',';
    accept += field;
  }
  if (trimmed(accept).empty()) return Format::kJson;
  if (const auto format = accepted(accept)) return *format;
  return http::refuse(ProblemKind::kNotAcceptable,
                      "Accept takes none of the formats that there are: application/json, application/x-ndjson and "
                      "text/csv.");
}

}  // namespace timestore::net
