#include "tools/campaign/campaign.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

namespace timestore::campaign {
namespace {

SeedResult held(std::uint64_t seed) {
  SeedResult result;
  result.report.seed = seed;
  result.report.hash = seed * seed;
  return result;
}

SeedResult violated(std::uint64_t seed) {
  SeedResult result = held(seed);
  result.report.violation = {.checker = "test", .rule = "a rule", .detail = "seen"};
  return result;
}

[[noreturn]] void loop_forever() {
  for (volatile std::uint64_t turns = 0;;) turns = turns + 1;
}

struct Campaigned {
  CampaignOutcome outcome;
  std::vector<std::uint64_t> seeds;  // in the order of their ends
  std::map<std::uint64_t, SeedResult> results;
};

Campaigned campaign(const CampaignOptions& options, const SeedRunner& runner,
                    const std::function<void(const SeedResult&)>& on_result = {}) {
  Campaigned campaigned;
  const auto outcome = run_campaign(options, runner, {.on_result = [&](const SeedResult& result) {
                                      campaigned.seeds.push_back(result.report.seed);
                                      campaigned.results.emplace(result.report.seed, result);
                                      if (on_result) on_result(result);
                                    }});
  EXPECT_TRUE(outcome) << outcome.error().message;
  campaigned.outcome = outcome.value_or(CampaignOutcome{});
  return campaigned;
}

TEST(Campaign, runs_each_seed_once_whatever_the_number_of_jobs) {
  for (const std::size_t jobs : {1U, 2U, 7U, 40U}) {
    const Campaigned campaigned = campaign({.seeds = {{11, 30}}, .jobs = jobs}, held);
    EXPECT_EQ(campaigned.seeds.size(), 20U);
    EXPECT_EQ(campaigned.results.size(), 20U);
    EXPECT_EQ(campaigned.outcome.end, CampaignEnd::kComplete);
    for (const auto& [seed, result] : campaigned.results) EXPECT_EQ(result.report.hash, seed * seed);
  }
}

TEST(Campaign, one_job_ends_seeds_in_their_order_in_one_process_that_is_not_ours) {
  std::set<std::uint64_t> processes;
  const auto tell_process = [](std::uint64_t seed) {
    SeedResult result = held(seed);
    result.report.events = static_cast<std::uint64_t>(getpid());
    return result;
  };
  const Campaigned campaigned = campaign({.seeds = {{1, 20}}}, tell_process);
  EXPECT_TRUE(std::is_sorted(campaigned.seeds.begin(), campaigned.seeds.end()));
  for (const auto& [seed, result] : campaigned.results) processes.insert(result.report.events);
  EXPECT_EQ(processes.size(), 1U);
  EXPECT_EQ(processes.count(static_cast<std::uint64_t>(getpid())), 0U);
}

TEST(Campaign, a_list_is_run_in_its_order_and_a_seed_as_often_as_it_is_named) {
  const Campaigned alone = campaign({.seeds = {{8, 9}, {3, 3}, {9, 10}}}, held);
  EXPECT_EQ(alone.seeds, (std::vector<std::uint64_t>{8, 9, 3, 9, 10}));
  EXPECT_EQ(alone.outcome.begun, 5U);

  const Campaigned three = campaign({.seeds = {{8, 9}, {3, 3}, {9, 10}}, .jobs = 3}, held);
  EXPECT_EQ(std::multiset<std::uint64_t>(three.seeds.begin(), three.seeds.end()),
            (std::multiset<std::uint64_t>{3, 8, 9, 9, 10}));
}

TEST(Campaign, a_large_result_arrives_whole) {
  const auto talk = [](std::uint64_t seed) {
    SeedResult result = held(seed);
    result.report.timeline.assign(100'000, "a line of the timeline");
    return result;
  };
  const Campaigned campaigned = campaign({.seeds = {{1, 2}}}, talk);
  EXPECT_EQ(campaigned.results.at(2).report.timeline.size(), 100'000U);
}

TEST(Campaign, a_seed_that_kills_its_process_is_violated_and_the_others_hold) {
  const auto crash_at_three = [](std::uint64_t seed) {
    if (seed == 3) raise(SIGSEGV);
    if (seed == 5) _exit(7);
    return held(seed);
  };
  for (const std::size_t jobs : {1U, 3U}) {
    const Campaigned campaigned = campaign({.seeds = {{1, 8}}, .jobs = jobs}, crash_at_three);
    ASSERT_EQ(campaigned.results.size(), 8U);
    for (const auto& [seed, result] : campaigned.results) {
      ASSERT_EQ(result.report.violation.has_value(), seed == 3 || seed == 5) << seed;
      EXPECT_EQ(result.report.violation.value_or(sim::Violation{}).checker, seed == 3 || seed == 5 ? "crash" : "");
    }
    EXPECT_NE(campaigned.results.at(3).report.violation->detail.find("signal 11"), std::string::npos);
    EXPECT_NE(campaigned.results.at(5).report.violation->detail.find("exit status 7"), std::string::npos);
  }
}

TEST(Campaign, an_exception_of_a_run_is_its_crash) {
  const auto throw_at_two = [](std::uint64_t seed) -> SeedResult {
    if (seed == 2) throw 2;
    return held(seed);
  };
  const Campaigned campaigned = campaign({.seeds = {{1, 3}}}, throw_at_two);
  EXPECT_EQ(campaigned.results.at(2).report.violation->checker, "crash");
  EXPECT_FALSE(campaigned.results.at(3).report.violation);
}

TEST(Campaign, a_seed_that_never_ends_is_violated_after_its_processor_time) {
  const auto loop_at_two = [](std::uint64_t seed) {
    if (seed == 2) loop_forever();
    return held(seed);
  };
  const Campaigned campaigned = campaign({.seeds = {{1, 3}}, .cpu_limit = std::chrono::seconds(1)}, loop_at_two);
  ASSERT_EQ(campaigned.results.size(), 3U);
  EXPECT_EQ(campaigned.results.at(2).report.violation->checker, "hang");
  EXPECT_GE(campaigned.results.at(2).cpu, std::chrono::milliseconds(900));
  EXPECT_FALSE(campaigned.results.at(3).report.violation);
}

TEST(Campaign, a_seed_that_hears_of_the_end_of_its_processor_time_tells_how_far_it_came) {
  const auto work_at_two = [](std::uint64_t seed) {
    SeedResult result = held(seed);
    while (seed == 2 && !is_out_of_time()) ++result.report.events;
    result.report.commits = is_out_of_time() ? 1 : 0;
    return result;
  };
  const Campaigned campaigned = campaign({.seeds = {{1, 3}}, .cpu_limit = std::chrono::seconds(1)}, work_at_two);
  ASSERT_EQ(campaigned.results.size(), 3U);
  EXPECT_GT(campaigned.results.at(2).report.events, 0U);
  EXPECT_FALSE(campaigned.results.at(2).report.violation) << "what it says is left to the run";
  EXPECT_EQ(campaigned.results.at(3).report.commits, 0U) << "its time begins anew";
}

TEST(Campaign, the_limit_is_for_each_seed_and_not_for_all_together) {
  const auto work = [](std::uint64_t seed) {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    const auto until = used.tv_sec * 10 + used.tv_nsec / 100'000'000 + 5;
    do {
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    } while (used.tv_sec * 10 + used.tv_nsec / 100'000'000 < until);
    return held(seed);
  };
  const Campaigned campaigned = campaign({.seeds = {{1, 6}}, .cpu_limit = std::chrono::seconds(1)}, work);
  for (const auto& [seed, result] : campaigned.results) EXPECT_FALSE(result.report.violation) << seed;
}

TEST(Campaign, until_violation_begins_no_seed_after_the_first_but_awaits_those_that_run) {
  const auto violate_from_six = [](std::uint64_t seed) { return seed >= 6 ? violated(seed) : held(seed); };
  const Campaigned alone = campaign({.seeds = {{1, 1000}}, .until_violation = true}, violate_from_six);
  EXPECT_EQ(alone.seeds.size(), 6U);
  EXPECT_EQ(alone.outcome.begun, 6U);
  EXPECT_EQ(alone.outcome.end, CampaignEnd::kViolationFound);

  const Campaigned three = campaign({.seeds = {{1, 1000}}, .jobs = 3, .until_violation = true}, violate_from_six);
  EXPECT_EQ(three.seeds.size(), three.outcome.begun);
  EXPECT_LE(three.outcome.begun, 8U);
  for (std::uint64_t seed = 1; seed <= 6; ++seed) EXPECT_EQ(three.results.count(seed), 1U) << seed;
}

TEST(Campaign, a_spent_budget_begins_no_more_seeds) {
  const Campaigned campaigned =
      campaign({.seeds = {{1, 1'000'000'000}}, .budget = std::chrono::seconds(1)}, [](std::uint64_t seed) {
        usleep(10'000);
        return held(seed);
      });
  EXPECT_EQ(campaigned.outcome.end, CampaignEnd::kBudgetSpent);
  EXPECT_GE(campaigned.outcome.begun, 1U);
  EXPECT_EQ(campaigned.outcome.begun, campaigned.seeds.size());
}

TEST(Campaign, an_interruption_ends_the_workers_and_leaves_our_signals_as_they_were) {
  const auto loop_after_two = [](std::uint64_t seed) {
    if (seed > 2) loop_forever();
    return held(seed);
  };
  const Campaigned campaigned =
      campaign({.seeds = {{1, 100}}, .jobs = 2}, loop_after_two, [](const SeedResult&) { raise(SIGTERM); });
  EXPECT_EQ(campaigned.outcome.end, CampaignEnd::kInterrupted);
  EXPECT_EQ(campaigned.outcome.signal, SIGTERM);
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, nullptr, &blocked);
  EXPECT_EQ(sigismember(&blocked, SIGTERM), 0);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a worker is left";
}

}  // namespace
}  // namespace timestore::campaign
