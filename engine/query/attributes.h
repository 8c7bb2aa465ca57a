// Questions about a point's attributes, which are minified JSON.
//
// A path is names joined by `.`; in a name `~1` stands for a dot and `~0` for a tilde. In an array a name is a position
// from 0. A text that is asked for matches the JSON value that it writes (true, null, 1, which equals 1.0), and the
// string of these characters; in double quotes it is a JSON string and matches only that. `null` matches what is there
// and null. Objects and arrays match nothing: ask for what is in them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/number.h"
#include "engine/query/query_error.h"

namespace timestore::query {

struct AttributeValue {
  std::string text = {};
  bool is_quoted = false;
  std::optional<Number> number = {};  // that the text writes, if it is not quoted
  bool operator==(const AttributeValue&) const = default;
};

// One of the values stands at the path.
struct AttributeTest {
  std::vector<std::string> path;
  std::vector<AttributeValue> any_of;
  bool operator==(const AttributeTest&) const = default;
};

// `path` is what follows `attr.` in the parameter's name.
Answer<std::vector<std::string>> parse_attribute_path(std::string_view path);
Answer<AttributeValue> parse_attribute_value(std::string_view path, std::string_view text);

// Of any text; what is no JSON matches nothing.
bool matches(const AttributeTest& test, std::string_view attributes);

}  // namespace timestore::query
