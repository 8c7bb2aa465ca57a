// A campaign in words: for people, and a line of JSON for each seed.
#pragma once

#include <string>
#include <string_view>

#include "tools/campaign/campaign.h"
#include "tools/campaign/seed_result.h"
#include "tools/campaign/tally.h"

namespace timestore::campaign {

// One line:
// {"seed","verdict":"ok|violation","violation"?,"hash","events","simSeconds","cpuSeconds","leaderChanges","commits",
//  "faults","nodes","restarts","searchedHistories","leftOutHistories"}
// and after a violation also {"checker","detail","replay","timeline"}.
// "faults" does not count single messages that are lost, doubled, overtaken or late. "searchedHistories" were searched
// blindly; "leftOutHistories" were to be searched, but were too long or too hard.
[[nodiscard]] std::string as_json(const SeedResult& result, std::string_view replay);

// Several lines about a seed that broke a sentence: which one, how, the timeline, and the command that replays it.
[[nodiscard]] std::string as_text(const SeedResult& violating, std::string_view replay);

// How a campaign went: which seeds ran and why no more, every sum, also for each second of the processor, and how
// many histories were searched blindly or left out.
[[nodiscard]] std::string summary(const Tally& tally, const SeedList& seeds, const CampaignOutcome& outcome);

// Every mark by name, with its count and the first seed that reached it; at the end what was never reached.
[[nodiscard]] std::string marks_table(const Tally& tally);

}  // namespace timestore::campaign
