#include "engine/series/entry_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/timestamp.h"
#include "engine/series/json_copier.h"
#include "engine/series/json_reader.h"

namespace timestore {
namespace {

namespace ondemand = simdjson::ondemand;

enum class Property { kId, kDeviceId, kTimestamp, kValue, kAttributes };

constexpr std::array<std::string_view, 5> kPropertyNames = {"id", "deviceId", "timestamp", "value", "attributes"};

constexpr std::string_view name_of(Property property) { return kPropertyNames[static_cast<size_t>(property)]; }

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool same_name(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return to_lower(a) == to_lower(b); });
}

std::optional<Property> property_named(std::string_view name) {
  for (size_t index = 0; index < kPropertyNames.size(); ++index) {
    if (same_name(name, kPropertyNames[index])) return static_cast<Property>(index);
  }
  return std::nullopt;
}

class PropertySet {
 public:
  bool contains(Property property) const { return (bits_ >> static_cast<unsigned>(property) & 1) != 0; }
  void insert(Property property) { bits_ |= 1U << static_cast<unsigned>(property); }

 private:
  unsigned bits_ = 0;
};

// A name in a sentence; names that would make it unreadable are described instead.
std::string mention(std::string_view name) {
  constexpr size_t kMaxReadableBytes = 64;
  if (name.size() > kMaxReadableBytes) return "with a name of " + std::to_string(name.size()) + " bytes";
  return '"' + std::string(name) + '"';
}

// `name` as a step of a JSON pointer (RFC 6901, section 3).
std::string pointer_step(std::string_view name) {
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

// Reads the entries of one document, one at a time, and gathers what is wrong with any of them.
class EntryReader {
 public:
  EntryReader(JsonDocument& document, EntrySource source) : document_(document), source_(source) {}

  Result<void> read_element(ondemand::value value, size_t place);
  Result<void> read_object(ondemand::object object, std::optional<size_t> place);

  ReadEntries take() { return {std::move(entries_), std::move(problems_)}; }

 private:
  bool strict() const { return source_ == EntrySource::kClient; }

  Result<void> read_property(Property property, ondemand::value value);
  Result<void> read_id(ondemand::value value);
  Result<void> read_device_id(ondemand::value value);
  Result<void> read_timestamp(ondemand::value value);
  Result<void> read_value(ondemand::value value);
  Result<void> read_attributes(ondemand::value value);

  // `step` leads from the entry to what is wrong.
  void note(std::string_view step, std::string detail);
  void note(Property property, std::string detail) { note(pointer_step(name_of(property)), std::move(detail)); }
  void note_missing(PropertySet seen);
  Result<void> refuse_unknown(std::string_view name, ondemand::value value);
  Result<void> refuse_kind(Property property, std::string_view due, ondemand::value value);
  Result<void> pass_over(ondemand::value value);

  JsonDocument& document_;
  const EntrySource source_;
  // The entry being read, and its place in the array if it stands in one.
  TimeEntry entry_;
  std::optional<size_t> place_;
  std::vector<TimeEntry> entries_;
  Problems problems_;
};

void EntryReader::note(std::string_view step, std::string detail) {
  if (problems_.size() == kMaxProblems) return;
  std::string pointer = place_ ? '/' + std::to_string(*place_) : "";
  pointer += step;
  problems_.push_back({std::move(pointer), std::move(detail)});
}

Result<void> EntryReader::read_element(ondemand::value value, size_t place) {
  const JsonKind kind = json_kind(json_token(value));
  if (kind == JsonKind::kObject) {
    ondemand::object object;
    if (const auto code = value.get_object().get(object)) return tl::unexpected(document_.error(code));
    return read_object(object, place);
  }
  place_ = place;
  note("", "A time entry is an object, not " + std::string(json_kind_name(kind)) + ".");
  return pass_over(value);
}

Result<void> EntryReader::read_object(ondemand::object object, std::optional<size_t> place) {
  place_ = place;
  PropertySet seen;
  entry_ = {};
  for (auto field : object) {
    std::string_view name;
    if (const auto code = field.unescaped_key().get(name)) return tl::unexpected(document_.error(code));
    const ondemand::value value = field.value().value_unsafe();
    const std::optional<Property> property = property_named(name);
    if (!property) {
      if (Result<void> refused = refuse_unknown(name, value); !refused) return refused;
      continue;
    }
    if (seen.contains(*property)) {
      note(*property, mention(name_of(*property)) + " is given twice; names match in any case.");
    }
    seen.insert(*property);
    if (Result<void> read = read_property(*property, value); !read) return read;
  }
  note_missing(seen);
  entries_.push_back(std::move(entry_));
  return {};
}

void EntryReader::note_missing(PropertySet seen) {
  for (const Property property : {Property::kDeviceId, Property::kTimestamp, Property::kValue}) {
    if (seen.contains(property) || (property == Property::kDeviceId && !strict())) continue;
    note(property, "A time entry needs " + mention(name_of(property)) + ".");
  }
}

Result<void> EntryReader::read_property(Property property, ondemand::value value) {
  switch (property) {
    case Property::kId:
      return read_id(value);
    case Property::kDeviceId:
      return read_device_id(value);
    case Property::kTimestamp:
      return read_timestamp(value);
    case Property::kValue:
      return read_value(value);
    case Property::kAttributes:
      return read_attributes(value);
  }
  return {};
}

Result<void> EntryReader::read_id(ondemand::value value) {
  const JsonKind kind = json_kind(json_token(value));
  if (kind == JsonKind::kNull) return {};
  if (kind != JsonKind::kString) return refuse_kind(Property::kId, "a GUID in a string", value);
  const Result<std::string_view> text = json_string(document_, value);
  if (!text) return tl::unexpected(text.error());
  if (const std::optional<Guid> id = Guid::parse(*text)) {
    entry_.id = *id;
  } else {
    note(Property::kId, "An id is a GUID such as 0190b6a8-5a4e-7c3d-9f12-3456789abcde, or is left out.");
  }
  return {};
}

Result<void> EntryReader::read_device_id(ondemand::value value) {
  const JsonKind kind = json_kind(json_token(value));
  if (kind == JsonKind::kNull && !strict()) return {};
  if (kind != JsonKind::kString) return refuse_kind(Property::kDeviceId, "a string", value);
  const Result<std::string_view> text = json_string(document_, value);
  if (!text) return tl::unexpected(text.error());
  entry_.device_id = *text;
  if (!strict()) return {};
  if (text->empty()) note(Property::kDeviceId, "A deviceId is not empty.");
  if (text->size() > kMaxDeviceIdBytes) {
    note(Property::kDeviceId, "A deviceId has at most " + std::to_string(kMaxDeviceIdBytes) + " bytes; this one has " +
                                  std::to_string(text->size()) + ".");
  }
  if (std::any_of(text->begin(), text->end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    note(Property::kDeviceId, "A deviceId has no control characters.");
  }
  return {};
}

Result<void> EntryReader::read_timestamp(ondemand::value value) {
  if (json_kind(json_token(value)) != JsonKind::kString) {
    return refuse_kind(Property::kTimestamp, "a string such as \"2024-05-01T12:00:00Z\"", value);
  }
  const Result<std::string_view> text = json_string(document_, value);
  if (!text) return tl::unexpected(text.error());
  if (const Result<int64_t> timestamp_ns = parse_timestamp(*text)) {
    entry_.timestamp_ns = *timestamp_ns;
  } else {
    note(Property::kTimestamp, timestamp_ns.error().message);
  }
  return {};
}

Result<void> EntryReader::read_value(ondemand::value value) {
  std::string_view token = json_token(value);
  const JsonKind kind = json_kind(token);
  const bool in_quotes = kind == JsonKind::kString;
  if (in_quotes) token = token.substr(1, token.size() - 2);
  if (!is_json_number(token)) {
    if (in_quotes) note(Property::kValue, "The text of a value is a finite decimal number such as 21.5 or -1e-3.");
    return in_quotes ? pass_over(value) : refuse_kind(Property::kValue, "a number", value);
  }
  const auto number = in_quotes ? value.get_double_in_string() : value.get_double();
  if (number.error() == simdjson::SUCCESS) {
    entry_.value = number.value_unsafe();
    return {};
  }
  note(Property::kValue, "A value is a finite 64-bit floating-point number; this one is not.");
  return pass_over(value);
}

Result<void> EntryReader::read_attributes(ondemand::value value) {
  constexpr size_t kLevelOfAttributes = 2;
  const JsonKind kind = json_kind(json_token(value));
  if (kind == JsonKind::kNull) return {};
  if (kind != JsonKind::kObject) return refuse_kind(Property::kAttributes, "an object", value);
  JsonCopier copier(document_, JsonForm::kMinified);
  if (Result<void> copied = copier.append(value, kLevelOfAttributes); !copied) return copied;
  if (const std::optional<std::string>& name = copier.repeated_name()) {
    note(Property::kAttributes, "The attributes have a property " + mention(*name) + " twice in one object.");
  }
  if (strict() && copier.text().size() > kMaxAttributesBytes) {
    note(Property::kAttributes, "Attributes have at most " + std::to_string(kMaxAttributesBytes) +
                                    " bytes without white space; these have " + std::to_string(copier.text().size()) +
                                    ".");
  }
  if (copier.text() != "{}") entry_.attributes = copier.text();
  return {};
}

Result<void> EntryReader::refuse_unknown(std::string_view name, ondemand::value value) {
  if (strict()) {
    constexpr size_t kMaxPointerStepBytes = 64;
    note(name.size() <= kMaxPointerStepBytes ? pointer_step(name) : "",
         "A time entry has no property " + mention(name) + "; put what is your own into \"attributes\".");
  }
  return pass_over(value);
}

Result<void> EntryReader::refuse_kind(Property property, std::string_view due, ondemand::value value) {
  const std::string_view kind = json_kind_name(json_kind(json_token(value)));
  note(property, mention(name_of(property)) + " is " + std::string(due) + ", not " + std::string(kind) + ".");
  return pass_over(value);
}

// What is refused or ignored must be well-formed nonetheless.
Result<void> EntryReader::pass_over(ondemand::value value) {
  constexpr size_t kLevelOfProperties = 2;
  return JsonCopier(document_, JsonForm::kMinified).append(value, kLevelOfProperties);
}

Result<ReadEntries> read_one(JsonDocument& document, EntrySource source) {
  ondemand::object object;
  if (document.root.get_object().get(object) != simdjson::SUCCESS) {
    return fail("The JSON does not end with the } of its object.");
  }
  EntryReader reader(document, source);
  if (const Result<void> read = reader.read_object(object, std::nullopt); !read) return tl::unexpected(read.error());
  if (const Result<void> end = document.expect_end(); !end) return tl::unexpected(end.error());
  return reader.take();
}

Result<ReadEntries> read_batch(JsonDocument& document, EntrySource source) {
  ondemand::array array;
  if (document.root.get_array().get(array) != simdjson::SUCCESS) {
    return fail("The JSON does not end with the ] of its array.");
  }
  EntryReader reader(document, source);
  size_t place = 0;
  for (auto element : array) {
    if (const auto code = element.error()) return tl::unexpected(document.error(code));
    if (place == kMaxBatchEntries && source == EntrySource::kClient) {
      return fail("A batch has at most " + std::to_string(kMaxBatchEntries) + " time entries.");
    }
    const Result<void> read = reader.read_element(element.value_unsafe(), place++);
    if (!read) return tl::unexpected(read.error());
  }
  if (const Result<void> end = document.expect_end(); !end) return tl::unexpected(end.error());
  return reader.take();
}

}  // namespace

Result<ReadEntries> read_entries(std::string_view json, EntryReading reading) {
  return read_json(json, [reading](JsonDocument& document) -> Result<ReadEntries> {
    const std::string_view token = document.root.raw_json_token().value_unsafe();
    const JsonKind kind = json_kind(token);
    if (kind == JsonKind::kMalformed) return tl::unexpected(document.malformed_at(token.data()));
    if (kind == JsonKind::kObject && reading.shape != EntryShape::kArray) return read_one(document, reading.source);
    if (kind == JsonKind::kArray && reading.shape != EntryShape::kObject) return read_batch(document, reading.source);
    const std::string due =
        reading.shape == EntryShape::kArray ? "A batch of time entries is an array" : "A time entry is an object";
    return fail(due + ", not " + std::string(json_kind_name(kind)) + ".");
  });
}

}  // namespace timestore
