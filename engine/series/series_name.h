// What the name of a series of line protocol says.
//
// Such a name is the line's key, a space, and the field's key, all escaped as in line protocol:
//
//   measurement,tag=value,other=value field
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace timestore {

struct NamedTag {
  std::string name;
  std::string value;
  bool operator==(const NamedTag&) const = default;
};

struct SeriesNameParts {
  std::string measurement;
  std::vector<NamedTag> tags;  // in the order of the name
  std::string field;
  bool operator==(const SeriesNameParts&) const = default;
};

// Nothing where the text is no such name.
std::optional<SeriesNameParts> parts_of_series_name(std::string_view name);

// The measurement and the field alone, as they are written in the name: what types belong to.
struct TypedField {
  std::string_view measurement;
  std::string_view field;
  auto operator<=>(const TypedField&) const = default;
};
std::optional<TypedField> typed_field_of(std::string_view series_name);

// Measurement and tags, as they are written in the name; empty where it is no such name.
std::string_view line_key_of(std::string_view series_name);

}  // namespace timestore
