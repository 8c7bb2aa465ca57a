// The load of the ingest benchmark: N connections, each posting one time entry after another, the next as soon as the
// answer to the last has come. One thread and one epoll serve them all, so that the client leaves the machine to the
// servers.
//
// A run always ends: after the warm-up, the measured time and the grace for the last answers, whatever the server
// does. What happens in the warm-up is not counted. Answers that come in the grace count for the latencies, so that a
// stall at the end is not hidden, and not for the rate.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "bench/ingest/entry_requests.h"
#include "bench/ingest/latency_histogram.h"
#include "bench/ingest/target.h"
#include "engine/base/result.h"

namespace timestore::bench {

struct IngestProgress {
  std::chrono::seconds elapsed{};  // since the start of the warm-up
  bool warming_up = false;         // throughout the last second
  std::uint64_t accepted = 0;      // in the last second
  std::uint64_t errors = 0;        // in the last second
};

struct IngestOptions {
  Target target;
  int connections = 64;
  std::chrono::milliseconds warm_up{1000};
  std::chrono::milliseconds measured{10000};
  std::chrono::milliseconds grace{2000};
  EntryRequests::Options entries;
  std::function<void(const IngestProgress&)> on_second;  // may be empty
  std::function<bool()> interrupted;                     // may be empty; once true, the measured time ends early
};

struct IngestReport {
  std::uint64_t accepted = 0;  // answered 2xx within the measured time
  double measured_seconds = 0;
  LatencyHistogram latencies;             // of accepted entries, first request to answer, retries included
  std::map<int, std::uint64_t> refusals;  // answers other than 2xx, by status
  std::uint64_t retries = 0;  // entries sent again: after 429 or 503, or with their id after a lost connection
  std::uint64_t connection_errors = 0;  // refused, reset, closed before the answer, or not understood
  std::uint64_t unanswered = 0;         // still waiting when the grace was over
  std::string last_connection_error;    // why, for a person; of the warm-up too
  double client_core_share = 0;         // of one core, used by this client itself: it must leave room for the servers

  std::uint64_t errors() const;  // refusals and connection errors
  double entries_per_second() const;
};

// Runs the load. An error means that it could not start; a server that refuses everything is a report.
[[nodiscard]] Result<IngestReport> run_ingest(const IngestOptions& options);

}  // namespace timestore::bench
