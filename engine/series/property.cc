#include "engine/series/property.h"

#include <algorithm>
#include <array>

#include "engine/base/decimal.h"
#include "engine/series/json_copier.h"
#include "engine/series/json_reader.h"
#include "engine/series/time_entry.h"

namespace timestore {
namespace {

constexpr std::array<std::string_view, 5> kPropertyNames = {"id", "deviceId", "timestamp", "value", "attributes"};

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool same_name(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return to_lower(a) == to_lower(b); });
}

constexpr size_t kMaxReadableBytes = 64;

}  // namespace

std::string_view name_of(Property property) { return kPropertyNames[static_cast<size_t>(property)]; }

std::optional<Property> property_named(std::string_view name) {
  for (size_t index = 0; index < kPropertyNames.size(); ++index) {
    if (same_name(name, kPropertyNames[index])) return static_cast<Property>(index);
  }
  return std::nullopt;
}

std::string missing_property(Property property) { return "A time entry needs " + mention(name_of(property)) + "."; }

std::string repeated_property(Property property) {
  return mention(name_of(property)) + " is given twice; names match in any case.";
}

std::string mention(std::string_view name) {
  if (name.size() > kMaxReadableBytes) return "with a name of " + std::to_string(name.size()) + " bytes";
  return '"' + std::string(name) + '"';
}

std::string pointer_step(std::string_view name) {
  if (name.size() > kMaxReadableBytes) return "";
  std::string step = "/";
  for (const char c : name) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

std::string unknown_property(std::string_view name) {
  return "A time entry has no property " + mention(name) + "; put what is your own into \"attributes\".";
}

Result<Guid> id_from_text(std::string_view text) {
  if (const std::optional<Guid> id = Guid::parse(text)) return *id;
  return fail("An id is a GUID such as 0190b6a8-5a4e-7c3d-9f12-3456789abcde, or is left out.");
}

Faults faults_of_device_id(std::string_view text) {
  Faults faults;
  if (text.empty()) faults.push_back("A deviceId is not empty.");
  if (text.size() > kMaxDeviceIdBytes) {
    faults.push_back("A deviceId has at most " + std::to_string(kMaxDeviceIdBytes) + " bytes; this one has " +
                     std::to_string(text.size()) + ".");
  }
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    faults.push_back("A deviceId has no control characters.");
  }
  return faults;
}

Result<double> value_from_text(std::string_view text) {
  if (!is_json_number(text)) return fail("The text of a value is a finite decimal number such as 21.5 or -1e-3.");
  if (const std::optional<double> number = parse_decimal(text)) return *number;
  return fail("A value is a finite 64-bit floating-point number; this one is not.");
}

Faults faults_of_attributes(std::string_view minified, const std::optional<std::string>& repeated_name) {
  Faults faults;
  if (repeated_name) {
    faults.push_back("The attributes have a property " + mention(*repeated_name) + " twice in one object.");
  }
  if (minified.size() > kMaxAttributesBytes) {
    faults.push_back("Attributes have at most " + std::to_string(kMaxAttributesBytes) +
                     " bytes without white space; these have " + std::to_string(minified.size()) + ".");
  }
  return faults;
}

tl::expected<std::string, Faults> attributes_from_text(std::string_view json) {
  using Attributes = tl::expected<std::string, Faults>;
  constexpr size_t kLevelOfAttributes = 2;
  const auto read = [](JsonDocument& document) -> Result<Attributes> {
    const JsonKind kind = json_kind(document.root.raw_json_token().value_unsafe());
    if (kind == JsonKind::kNull) return Attributes("");
    simdjson::ondemand::value value;
    if (kind != JsonKind::kObject || document.root.get_value().get(value) != simdjson::SUCCESS) {
      return fail("Attributes are the text of a JSON object.");
    }
    JsonCopier copier(document, JsonForm::kMinified);
    if (const Result<void> copied = copier.append(value, kLevelOfAttributes); !copied) {
      return tl::unexpected(copied.error());
    }
    if (const Result<void> end = document.expect_end(); !end) return tl::unexpected(end.error());
    Faults faults = faults_of_attributes(copier.text(), copier.repeated_name());
    if (!faults.empty()) return Attributes(tl::unexpected(std::move(faults)));
    return Attributes(copier.text() == "{}" ? "" : copier.text());
  };
  Result<Attributes> attributes = read_json(json, read);
  if (!attributes) return tl::unexpected(Faults{attributes.error().message});
  return *std::move(attributes);
}

}  // namespace timestore
