#include "tests/system/entry.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <limits>
#include <ostream>

#include "engine/base/json_text.h"

namespace timestore::system {
namespace {

Entry read_entry(simdjson::dom::element element) {
  Entry entry;
  std::string_view text;
  if (element["id"].get(text) == simdjson::SUCCESS) entry.id = text;
  if (element["deviceId"].get(text) == simdjson::SUCCESS) entry.device = text;
  if (element["timestamp"].get(text) == simdjson::SUCCESS) entry.timestamp = text;
  if (element["value"].get(entry.value) != simdjson::SUCCESS) entry.value = std::numeric_limits<double>::quiet_NaN();
  simdjson::dom::element attributes;
  if (element["attributes"].get(attributes) == simdjson::SUCCESS) entry.attributes = simdjson::minify(attributes);
  return entry;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Entry& entry) { return out << to_json(entry); }

std::string to_json(const Entry& entry) {
  std::string out = "{";
  if (!entry.id.empty()) out += R"("id":)" + json_string(entry.id) + ",";
  out +=
      R"("deviceId":)" + json_string(entry.device) + R"(,"timestamp":)" + json_string(entry.timestamp) + R"(,"value":)";
  append_json_number(out, entry.value);
  if (!entry.attributes.empty()) out += R"(,"attributes":)" + entry.attributes;
  return out + "}";
}

Entry entry_in(std::string_view body) {
  const Json json(body);
  return json.is_valid() ? read_entry(json.root()) : Entry{};
}

std::vector<Entry> entries_in(std::string_view body) {
  std::vector<Entry> entries;
  const Json json(body);
  if (!json.is_array()) return entries;
  for (const simdjson::dom::element element : json.root().get_array()) entries.push_back(read_entry(element));
  return entries;
}

std::string timestamp_at(int seconds) {
  constexpr std::time_t kStart = 1'714'521'600;
  const std::time_t moment = kStart + seconds;
  std::tm parts{};
  ::gmtime_r(&moment, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string guid(std::uint64_t number) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "5e57e575-0000-4000-8000-%012llx",
                static_cast<unsigned long long>(number & 0xffff'ffff'ffff));
  return text.data();
}

}  // namespace timestore::system
