#include "engine/query/time_zone.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <utility>

#include "engine/query/zone_rule.h"

namespace timestore::query {
namespace {

using Stretches = std::vector<TimeZone::Stretch>;

constexpr int64_t kEndOfStretches = 10'000'000'000;              // in seconds: some 25 years behind the last timestamp
constexpr const char* kDatabaseFolder = "/usr/share/zoneinfo/";  // where the library looks, too

date::sys_seconds moment(int64_t time_s) { return date::sys_seconds(std::chrono::seconds(time_s)); }

int64_t seconds_of(date::sys_seconds moment) { return moment.time_since_epoch().count(); }

void append(Stretches& stretches, int64_t begin_s, int64_t offset_s) {
  if (stretches.empty() || stretches.back().offset_s != offset_s) stretches.push_back({begin_s, offset_s});
}

// What the file's last line says of the years behind its list. Null: nothing that the library can read.
std::unique_ptr<ZoneRule> rule_of(const std::string& name) {
  std::ifstream file(kDatabaseFolder + name, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (bytes.size() < 2 || bytes.back() != '\n') return nullptr;
  const size_t end = bytes.size() - 1;
  const size_t begin = bytes.rfind('\n', end - 1) + 1;
  return ZoneRule::parse(bytes.substr(begin, end - begin));
}

Stretches stretches_of(const date::time_zone& zone, int64_t beginning) {
  Stretches stretches;
  int64_t at = beginning;
  while (at < kEndOfStretches) {
    const date::sys_info info = zone.get_info(moment(at));
    append(stretches, at, info.offset.count());
    if (seconds_of(info.end) <= kEndOfStretches) {
      at = seconds_of(info.end);
      continue;
    }
    const auto rule = rule_of(zone.name());
    while (rule && at < kEndOfStretches) {
      const ZoneRule::Stretch later = rule->at(at);
      append(stretches, at, later.offset_s);
      at = later.end_s;
    }
    break;
  }
  return stretches;
}

// Files of the database that are no zones of the world, but this machine's choice.
bool is_local_choice(std::string_view name) { return name == "localtime" || name == "posixrules" || name == "Factory"; }

}  // namespace

tl::expected<TimeZone, ZoneError> TimeZone::named(std::string_view name) {
  const auto fail = [](bool is_environment, std::string sentence) {
    return tl::unexpected(ZoneError{.is_environment = is_environment, .sentence = std::move(sentence)});
  };
  const auto unknown = [&] {
    return fail(false, "there is no time zone \"" + std::string(name) + "\"; names look like Europe/Berlin or UTC");
  };
  try {
    if (date::get_tzdb().zones.empty()) throw std::runtime_error("it is empty");
  } catch (const std::exception&) {
    return fail(true, "this node has no time zone database in " + std::string(kDatabaseFolder) +
                          "; install Debian's package tzdata, or ask without tz");
  }
  if (is_local_choice(name)) return unknown();
  try {
    return TimeZone(stretches_of(*date::locate_zone(name), kBeginning));
  } catch (const std::exception&) {  // not there, or a file of another kind
    return unknown();
  }
}

size_t TimeZone::stretch_at(int64_t time_ns) const {
  const auto behind = std::upper_bound(stretches_.begin(), stretches_.end(),
                                       date::floor<std::chrono::seconds>(std::chrono::nanoseconds(time_ns)).count(),
                                       [](int64_t time_s, const Stretch& stretch) { return time_s < stretch.begin_s; });
  return static_cast<size_t>(behind - stretches_.begin()) - 1;
}

}  // namespace timestore::query
