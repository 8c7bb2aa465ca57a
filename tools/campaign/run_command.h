// `timestore-sim run` and `timestore-sim marks`: from what the user asked for to an exit status.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/run.h"

namespace timestore::campaign {

// sim::run, or what a test puts in its place.
using Simulator = std::function<sim::RunReport(const sim::RunOptions&)>;

inline constexpr int kAllHeld = 0;
inline constexpr int kViolated = 1;
inline constexpr int kWrongUsage = 2;  // also: the system does not let it work; nothing is known about any seed

inline constexpr std::uint64_t kDefaultSeconds = 60;
// The longest of the first 10,000 seeds, 3907, needs 4 s of a processor, and ten times as long with a sanitizer.
inline constexpr std::uint64_t kDefaultLimitSeconds = 300;

// As on the command line; nothing is checked yet but numbers.
struct RunSettings {
  std::string program = "timestore-sim";  // as the user called it: a replay command begins with it
  std::string seeds = "1..20";
  std::optional<std::size_t> nodes = std::nullopt;
  std::uint64_t seconds = kDefaultSeconds;  // simulated
  std::vector<std::string> faults = {};     // each NAME=on or NAME=off
  std::size_t jobs = 1;
  std::uint64_t limit_seconds = kDefaultLimitSeconds;  // of processor time, for each seed; 0: none
  std::optional<std::uint64_t> budget_seconds = std::nullopt;
  std::string choices = "";  // file names; empty: none
  std::string record = "";
  std::string trace = "";
  bool until_violation = false;
  bool verifies = false;
  bool json = false;
  bool prints_marks = false;
  bool demands_marks = false;  // one that no seed reached is a failure
};

// What decides the story of this seed, as words behind `run`: " --seed 7 --nodes 4". A list of choices begins with
// them.
[[nodiscard]] std::string story_options(const RunSettings& settings, std::uint64_t seed);

// The first words of a list of choices; what story_options() says follows on the same line.
inline constexpr std::string_view kRecordedBy = "# timestore-sim run";

// The command that repeats this seed. `checker`: what found its violation.
[[nodiscard]] std::string replay_command(const RunSettings& settings, std::uint64_t seed, std::string_view checker);

// Prints results on standard output, progress and complaints on standard error; returns the exit status.
[[nodiscard]] int run_seeds(const RunSettings& settings, const Simulator& simulator);

// Complains on standard error; returns kWrongUsage.
int complain(const Error& error);

}  // namespace timestore::campaign
