#include "engine/series/time_entry.h"

#include <string_view>

#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"
#include "engine/series/json_copier.h"

namespace timestore {
namespace {

Result<std::string> canonical(std::string_view json) {
  return read_json(json, [](JsonDocument& document) -> Result<std::string> {
    simdjson::ondemand::value value;
    if (const auto code = document.root.get_value().get(value)) return tl::unexpected(document.error(code));
    JsonCopier copier(document, JsonForm::kCanonical);
    if (const Result<void> copied = copier.append(value, 1); !copied) return tl::unexpected(copied.error());
    return copier.text();
  });
}

bool same_attributes(const std::string& left, const std::string& right) {
  if (left == right) return true;
  if (left.empty() || right.empty()) return false;
  const Result<std::string> canonical_left = canonical(left);
  return canonical_left && canonical_left == canonical(right);
}

}  // namespace

void append_json(std::string& out, const TimeEntry& entry) {
  out += '{';
  if (!entry.id.is_nil()) {
    out += "\"id\":\"";
    entry.id.append_to(out);
    out += "\",";
  }
  out += "\"deviceId\":";
  append_json_string(out, entry.device_id);
  out += ",\"timestamp\":\"";
  append_timestamp(out, entry.timestamp_ns);
  out += "\",\"value\":";
  append_json_number(out, entry.value);
  if (!entry.attributes.empty()) {
    out += ",\"attributes\":";
    out += entry.attributes;
  }
  out += '}';
}

bool same_content(const TimeEntry& left, const TimeEntry& right) {
  return left.device_id == right.device_id && left.timestamp_ns == right.timestamp_ns && left.value == right.value &&
         same_attributes(left.attributes, right.attributes);
}

}  // namespace timestore
