// The properties of a time entry by name, and what the text of each must be, whatever the format around it.
//
// What is wrong is a sentence. Names match in any case.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "engine/base/guid.h"
#include "engine/base/result.h"

namespace timestore {

enum class Property { kId, kDeviceId, kTimestamp, kValue, kAttributes };

std::string_view name_of(Property property);
std::optional<Property> property_named(std::string_view name);

class PropertySet {
 public:
  bool contains(Property property) const { return (bits_ >> static_cast<unsigned>(property) & 1) != 0; }
  void insert(Property property) { bits_ |= 1U << static_cast<unsigned>(property); }

 private:
  unsigned bits_ = 0;
};

// What a client must give of an entry.
inline constexpr Property kRequiredProperties[] = {Property::kDeviceId, Property::kTimestamp, Property::kValue};
std::string missing_property(Property property);
std::string repeated_property(Property property);

// A name in a sentence; names that would make it unreadable are described instead.
std::string mention(std::string_view name);

// `name` as a step of a JSON pointer (RFC 6901, section 3); empty when it is too long for one.
std::string pointer_step(std::string_view name);
std::string unknown_property(std::string_view name);

// The texts. A timestamp's is parse_timestamp().
using Faults = std::vector<std::string>;
Result<Guid> id_from_text(std::string_view text);
Faults faults_of_device_id(std::string_view text);
Result<double> value_from_text(std::string_view text);                          // a number as in JSON
tl::expected<std::string, Faults> attributes_from_text(std::string_view json);  // minified; empty: there are none

// Of attributes that are minified. `repeated_name` is one that some object has twice, if any does.
Faults faults_of_attributes(std::string_view minified, const std::optional<std::string>& repeated_name);

}  // namespace timestore
