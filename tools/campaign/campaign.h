// Runs seeds in worker processes and hands over what came of each.
//
// Seeds are begun in the order of the list and end in any. What has been begun is awaited, whatever the reason to begin
// no more, so that the seeds that ran are the first of the list, without holes; only an interruption (Ctrl-C, SIGTERM)
// leaves some unfinished.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "engine/base/result.h"
#include "tools/campaign/seed_result.h"
#include "tools/campaign/seeds.h"
#include "tools/campaign/worker.h"

namespace timestore::campaign {

struct CampaignOptions {
  SeedList seeds;
  std::size_t jobs = 1;
  std::chrono::seconds cpu_limit{0};                          // for each seed; zero: none
  std::optional<std::chrono::seconds> budget = std::nullopt;  // no seed is begun later than this
  bool until_violation = false;                               // no seed is begun after a violation was seen
};

enum class CampaignEnd { kComplete, kBudgetSpent, kViolationFound, kInterrupted };

struct CampaignOutcome {
  CampaignEnd end = CampaignEnd::kComplete;
  std::uint64_t begun = 0;  // so many seeds, from the first one on
  int signal = 0;           // that interrupted it
};

struct CampaignListener {
  std::function<void(SeedResult result)> on_result = {};  // in the order in which seeds end
  std::function<void()> on_wait = {};                     // several times a second
};

// Fails when the system does not let it work. Takes SIGINT and SIGTERM for itself meanwhile.
[[nodiscard]] Result<CampaignOutcome> run_campaign(const CampaignOptions& options, const SeedRunner& runner,
                                                   const CampaignListener& listener);

}  // namespace timestore::campaign
