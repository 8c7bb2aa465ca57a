#include "bench/ingest/report.h"

#include <fmt/format.h>

#include <array>

namespace timestore::bench {
namespace {

struct Percentile {
  const char* name;
  std::uint64_t per_ten_thousand;
};

constexpr std::array<Percentile, 4> kPercentiles = {{{"p50", 5000}, {"p90", 9000}, {"p99", 9900}, {"p99.9", 9990}}};

double to_milliseconds(std::uint64_t time_ns) { return static_cast<double>(time_ns) / 1e6; }

}  // namespace

std::string as_text(const IngestReport& report) {
  std::string text = fmt::format("{:.0f} entries/s   ({} entries in {:.1f} s)\n", report.entries_per_second(),
                                 report.accepted, report.measured_seconds);
  text += "latency in ms";
  for (const auto& [name, per_ten_thousand] : kPercentiles) {
    text += fmt::format("   {} {:.2f}", name, to_milliseconds(report.latencies.quantile(per_ten_thousand)));
  }
  text += fmt::format("   max {:.2f}\n", to_milliseconds(report.latencies.max()));
  text += fmt::format("{} errors", report.errors());
  for (const auto& [status, count] : report.refusals) text += fmt::format("   status {}: {}", status, count);
  text += fmt::format("   connection: {}   retried: {}   unanswered at the end: {}\n", report.connection_errors,
                      report.retries, report.unanswered);
  if (!report.last_connection_error.empty()) {
    text += fmt::format("the last connection error: {}\n", report.last_connection_error);
  }
  text += fmt::format("this client used {:.0f} % of a core\n", report.client_core_share * 100);
  return text;
}

std::string as_json(const IngestReport& report) {
  std::string latencies;
  for (const auto& [name, per_ten_thousand] : kPercentiles) {
    latencies += fmt::format(R"("{}":{:.3f},)", name, to_milliseconds(report.latencies.quantile(per_ten_thousand)));
  }
  std::string refusals;
  for (const auto& [status, count] : report.refusals) {
    refusals += fmt::format(R"({}"{}":{})", refusals.empty() ? "" : ",", status, count);
  }
  return fmt::format(
      R"({{"entriesPerSecond":{:.1f},"entries":{},"seconds":{:.3f},"latencyMs":{{{}"max":{:.3f}}},)"
      R"("errors":{},"refusalsByStatus":{{{}}},"connectionErrors":{},"retries":{},"unanswered":{},"clientCoreShare":{:.3f}}})"
      "\n",
      report.entries_per_second(), report.accepted, report.measured_seconds, latencies,
      to_milliseconds(report.latencies.max()), report.errors(), refusals, report.connection_errors, report.retries,
      report.unanswered, report.client_core_share);
}

}  // namespace timestore::bench
