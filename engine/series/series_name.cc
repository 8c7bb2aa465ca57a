#include "engine/series/series_name.h"

#include <algorithm>
#include <utility>

namespace timestore {

namespace {

// A byte is escaped when a backslash stands before it, whatever stands before that.
size_t find_unescaped(std::string_view text, char wanted) {
  for (size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + 1)) {
    if (at == 0 || text[at - 1] != '\\') return at;
  }
  return std::string_view::npos;
}

size_t rfind_unescaped(std::string_view text, char wanted) {
  for (size_t at = text.rfind(wanted); at != std::string_view::npos; at = text.rfind(wanted, at - 1)) {
    if (at == 0) return at;
    if (text[at - 1] != '\\') return at;
  }
  return std::string_view::npos;
}

std::string unescaped(std::string_view text, std::string_view special) {
  std::string plain;
  if (text.find('\\') == std::string_view::npos) return plain.assign(text);
  plain.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    const bool escapes = text[at] == '\\' && at + 1 < text.size() && special.find(text[at + 1]) != special.npos;
    plain += text[escapes ? ++at : at];
  }
  return plain;
}

// The key of the line, and that of the field.
std::optional<std::pair<std::string_view, std::string_view>> split(std::string_view name) {
  const size_t space = rfind_unescaped(name, ' ');
  if (space == std::string_view::npos || space == 0 || space + 1 == name.size()) return std::nullopt;
  return std::pair(name.substr(0, space), name.substr(space + 1));
}

}  // namespace

std::optional<TypedField> typed_field_of(std::string_view series_name) {
  const auto keys = split(series_name);
  if (!keys) return std::nullopt;
  const size_t comma = std::min(find_unescaped(keys->first, ','), keys->first.size());
  if (comma == 0) return std::nullopt;
  return TypedField{.measurement = keys->first.substr(0, comma), .field = keys->second};
}

std::string_view line_key_of(std::string_view series_name) {
  const auto keys = split(series_name);
  return keys ? keys->first : std::string_view();
}

std::optional<SeriesNameParts> parts_of_series_name(std::string_view name) {
  const auto keys = split(name);
  const auto typed = typed_field_of(name);
  if (!keys || !typed) return std::nullopt;
  SeriesNameParts parts{
      .measurement = unescaped(typed->measurement, ", "), .tags = {}, .field = unescaped(typed->field, ",= ")};
  std::string_view rest = keys->first.substr(typed->measurement.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the comma
    const std::string_view tag = rest.substr(0, std::min(find_unescaped(rest, ','), rest.size()));
    const size_t equals = find_unescaped(tag, '=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == tag.size()) return std::nullopt;
    parts.tags.push_back(
        {.name = unescaped(tag.substr(0, equals), ",= "), .value = unescaped(tag.substr(equals + 1), ",= ")});
    rest.remove_prefix(tag.size());
  }
  return parts;
}

}  // namespace timestore
