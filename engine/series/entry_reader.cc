#include "engine/series/entry_reader.h"

#include <optional>
#include <string>
#include <utility>

#include "engine/base/timestamp.h"
#include "engine/series/json_copier.h"
#include "engine/series/json_reader.h"
#include "engine/series/property.h"

namespace timestore {
namespace {

namespace ondemand = simdjson::ondemand;

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
  void note_all(Property property, Faults faults) {
    for (std::string& fault : faults) note(property, std::move(fault));
  }
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
      note(*property, repeated_property(*property));
    }
    seen.insert(*property);
    if (Result<void> read = read_property(*property, value); !read) return read;
  }
  note_missing(seen);
  entries_.push_back(std::move(entry_));
  return {};
}

void EntryReader::note_missing(PropertySet seen) {
  for (const Property property : kRequiredProperties) {
    if (seen.contains(property) || (property == Property::kDeviceId && !strict())) continue;
    note(property, missing_property(property));
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
  if (const Result<Guid> id = id_from_text(*text)) {
    entry_.id = *id;
  } else {
    note(Property::kId, id.error().message);
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
  if (strict()) note_all(Property::kDeviceId, faults_of_device_id(*text));
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
  if (!in_quotes && kind != JsonKind::kNumber) return refuse_kind(Property::kValue, "a number", value);
  if (const Result<double> number = value_from_text(token)) {
    entry_.value = *number;
    return {};
  } else {
    note(Property::kValue, number.error().message);
  }
  return pass_over(value);
}

Result<void> EntryReader::read_attributes(ondemand::value value) {
  constexpr size_t kLevelOfAttributes = 2;
  const JsonKind kind = json_kind(json_token(value));
  if (kind == JsonKind::kNull) return {};
  if (kind != JsonKind::kObject) return refuse_kind(Property::kAttributes, "an object", value);
  JsonCopier copier(document_, JsonForm::kMinified);
  if (Result<void> copied = copier.append(value, kLevelOfAttributes); !copied) return copied;
  if (const std::optional<std::string>& name = copier.repeated_name(); name || strict()) {
    note_all(Property::kAttributes, faults_of_attributes(copier.text(), name));
  }
  if (copier.text() != "{}") entry_.attributes = copier.text();
  return {};
}

Result<void> EntryReader::refuse_unknown(std::string_view name, ondemand::value value) {
  if (strict()) {
    note(pointer_step(name), unknown_property(name));
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

Result<ReadEntries> read_one(JsonDocument& document, const EntryReading& reading) {
  ondemand::object object;
  if (document.root.get_object().get(object) != simdjson::SUCCESS) {
    return fail("The JSON does not end with the } of its object.");
  }
  EntryReader reader(document, reading.source);
  if (const Result<void> read = reader.read_object(object, reading.place); !read) return tl::unexpected(read.error());
  if (const Result<void> end = document.expect_end(); !end) return tl::unexpected(end.error());
  return reader.take();
}

Result<ReadEntries> read_batch(JsonDocument& document, const EntryReading& reading) {
  ondemand::array array;
  if (document.root.get_array().get(array) != simdjson::SUCCESS) {
    return fail("The JSON does not end with the ] of its array.");
  }
  EntryReader reader(document, reading.source);
  size_t count = 0;
  for (auto element : array) {
    if (const auto code = element.error()) return tl::unexpected(document.error(code));
    if (count == kMaxBatchEntries && reading.source == EntrySource::kClient) {
      return fail("A batch has at most " + std::to_string(kMaxBatchEntries) + " time entries.");
    }
    const Result<void> read = reader.read_element(element.value_unsafe(), reading.place.value_or(0) + count++);
    if (!read) return tl::unexpected(read.error());
  }
  if (const Result<void> end = document.expect_end(); !end) return tl::unexpected(end.error());
  return reader.take();
}

}  // namespace

Result<ReadEntries> read_entries(std::string_view json, EntryReading reading) {
  const auto read = [reading](JsonDocument& document) -> Result<ReadEntries> {
    const std::string_view token = document.root.raw_json_token().value_unsafe();
    const JsonKind kind = json_kind(token);
    if (kind == JsonKind::kMalformed) return tl::unexpected(document.malformed_at(token.data()));
    const bool may_be_object = reading.shape == EntryShape::kObject || reading.shape == EntryShape::kObjectOrArray;
    if (kind == JsonKind::kObject && may_be_object) return read_one(document, reading);
    if (kind == JsonKind::kArray && reading.shape != EntryShape::kObject) return read_batch(document, reading);
    const std::string due =
        reading.shape == EntryShape::kArray ? "A batch of time entries is an array" : "A time entry is an object";
    return fail(due + ", not " + std::string(json_kind_name(kind)) + ".");
  };
  const bool is_element = reading.shape == EntryShape::kElement;
  return read_json(json, {.is_element = is_element, .begin = reading.begin}, read);
}

}  // namespace timestore
