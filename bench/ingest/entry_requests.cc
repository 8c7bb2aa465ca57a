#include "bench/ingest/entry_requests.h"

#include <fmt/format.h>

#include <ctime>

#include "engine/base/base64.h"

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

std::string_view path_of(Server server) { return server == Server::kEtcd ? "/v3/kv/put" : "/api/timeseries"; }

std::string timestore_body(const Entry& entry) {
  const std::string id = entry.id.empty() ? std::string() : "\"id\":\"" + entry.id + "\",";
  return fmt::format(R"({{{}"deviceId":"bench-{:06}","timestamp":"{}","value":{}.{:02}}})", id, entry.device,
                     rfc3339(entry.timestamp_ns), entry.value_hundredths / 100, entry.value_hundredths % 100);
}

std::string etcd_body(const Entry& entry) {
  std::string body = R"({"key":")";
  append_base64(body, fmt::format("bench-{:06}/{}", entry.device, rfc3339(entry.timestamp_ns)));
  body += R"(","value":")";
  append_base64(body, fmt::format("{}.{:02}", entry.value_hundredths / 100, entry.value_hundredths % 100));
  return body + "\"}";
}

}  // namespace

EntryRequests::EntryRequests(const Target& target, const Options& options)
    : head_(fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: ",
                        path_of(options.server), target.authority())),
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
  const std::string body = options_.server == Server::kEtcd ? etcd_body(entry) : timestore_body(entry);
  return fmt::format("{}{}\r\n\r\n{}", head_, body.size(), body);
}

}  // namespace timestore::bench
