// One seed, one run, one verdict: a cluster under faults and load, then healed, checked from its first step to its
// last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mark.h"
#include "sim/checkers/findings.h"
#include "sim/faults/faults.h"
#include "sim/words/choices.h"
#include "sim/words/event_queue.h"

namespace timestore::sim {

struct RunOptions {
  std::uint64_t seed = 1;
  std::optional<std::vector<Choice>> choices = std::nullopt;  // repeats these instead of drawing from the seed
  std::optional<std::size_t> nodes = std::nullopt;            // 1 to 7; none: the seed decides
  Time duration = 60 * kSecond;                               // of the first phase, the one with faults
  // By name: 0 is off, 1 to 3 on and how hard, nullopt on and as hard as the seed says, which decides about the others.
  std::map<std::string, std::optional<std::uint32_t>, std::less<>> faults = {};
  std::optional<std::vector<PlannedFault>> schedule = std::nullopt;  // instead of the faults that the seed draws
  bool records_choices = false;
  std::function<void(std::string_view)> trace = nullptr;  // gets one line for everything that happens
  // Asked before each event: true ends the run, with the violation "hang". So whoever waits for it may lose patience,
  // and it still tells how far it came.
  std::function<bool()> is_too_long = nullptr;
};

// Every number but the hash counts what happened in the run.
struct RunReport {
  std::uint64_t seed = 0;
  std::optional<Violation> violation = std::nullopt;
  std::uint64_t hash = 0;  // over everything that happened: equal runs have equal hashes
  std::size_t nodes = 0;
  std::uint64_t events = 0;
  Time simulated = 0;
  std::uint64_t leader_changes = 0;  // terms that had a leader
  std::uint64_t commits = 0;         // log entries
  std::uint64_t restarts = 0;
  std::uint64_t faults = 0;  // injected, of all kinds but delays and losses of single messages
  std::uint64_t messages = 0;
  std::uint64_t searched_histories = 0;
  std::uint64_t left_out_histories = 0;  // which were to be searched, but were too long or too hard
  std::map<std::string, std::uint64_t, std::less<>> faults_by_kind = {};
  std::vector<std::string> timeline = {};  // the last notable events, one column for each node; only after a violation
  std::vector<Choice> choices = {};        // when they were recorded
  MarkCounts marks = {};
};

// A broken TIMESTORE_CHECK is a violation like any other. One run at a time in a process.
[[nodiscard]] RunReport run(const RunOptions& options);

}  // namespace timestore::sim
