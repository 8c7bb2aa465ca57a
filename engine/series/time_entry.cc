#include "engine/series/time_entry.h"

#include <bit>
#include <span>
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
  const auto& [id, device_id, timestamp_ns, value, attributes] = entry;
  out += '{';
  if (!id.is_nil()) {
    out += "\"id\":\"";
    id.append_to(out);
    out += "\",";
  }
  out += "\"deviceId\":";
  append_json_string(out, device_id);
  out += ",\"timestamp\":\"";
  append_timestamp(out, timestamp_ns);
  out += "\",\"value\":";
  append_json_number(out, value);
  if (!attributes.empty()) {
    out += ",\"attributes\":";
    out += attributes;
  }
  out += '}';
}

bool same_content(const TimeEntry& left, const TimeEntry& right) {
  const auto& [id, device_id, timestamp_ns, value, attributes] = left;
  return device_id == right.device_id && timestamp_ns == right.timestamp_ns && value == right.value &&
         same_attributes(attributes, right.attributes);
}

void add_to(Hasher& hasher, const TimeEntry& entry) {
  const auto& [id, device_id, timestamp_ns, value, attributes] = entry;
  hasher.add(std::span<const uint8_t>(id.bytes))
      .add(device_id)
      .add(static_cast<uint64_t>(timestamp_ns))
      .add(std::bit_cast<uint64_t>(value))
      .add(attributes);
}

size_t size_bytes(const TimeEntry& entry) {
  const auto& [id, device_id, timestamp_ns, value, attributes] = entry;
  return sizeof(entry) + device_id.size() + attributes.size();
}

}  // namespace timestore
