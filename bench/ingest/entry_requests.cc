#include "bench/ingest/entry_requests.h"

#include <fmt/format.h>

#include <ctime>

namespace timestore::bench {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

std::string random_guid(std::mt19937_64& random) {
  const std::uint64_t high = (random() & 0xffff'ffff'ffff'0fffULL) | 0x4000ULL;                // version 4
  const std::uint64_t low = (random() & 0x3fff'ffff'ffff'ffffULL) | 0x8000'0000'0000'0000ULL;  // variant 1
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48,
                     low & 0xffff'ffff'ffff);
}

std::string rfc3339(std::int64_t timestamp_ns) {
  const std::time_t seconds = timestamp_ns / kNanosecondsPerSecond;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, timestamp_ns % kNanosecondsPerSecond);
}

}  // namespace

EntryRequests::EntryRequests(const Target& target, const Options& options)
    : head_("POST /api/timeseries HTTP/1.1\r\nHost: " + target.authority() +
            "\r\nContent-Type: application/json\r\nContent-Length: "),
      options_(options),
      random_(options.seed) {}

Entry EntryRequests::next(std::int64_t timestamp_ns) {
  const std::uint64_t number = made_++;
  return Entry{.id = options_.with_ids ? random_guid(random_) : std::string(),
               .device = number % options_.devices,
               .timestamp_ns = timestamp_ns,
               .value_hundredths = 2000 + number % 1000};
}

std::string EntryRequests::request(const Entry& entry) const {
  const std::string id = entry.id.empty() ? std::string() : "\"id\":\"" + entry.id + "\",";
  const std::string body =
      fmt::format(R"({{{}"deviceId":"bench-{:06}","timestamp":"{}","value":{}.{:02}}})", id, entry.device,
                  rfc3339(entry.timestamp_ns), entry.value_hundredths / 100, entry.value_hundredths % 100);
  return fmt::format("{}{}\r\n\r\n{}", head_, body.size(), body);
}

}  // namespace timestore::bench
