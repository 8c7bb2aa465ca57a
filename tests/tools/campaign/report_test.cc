#include "tools/campaign/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/mark.h"
#include "tools/campaign/run_command.h"

namespace timestore::campaign {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

void reach_three_points(bool with_the_third) {
  TIMESTORE_MARK("report test: b");
  TIMESTORE_MARK("report test: a");
  if (with_the_third) TIMESTORE_MARK("report test: c");
}

SeedResult result_of_seed_seven() {
  SeedResult result;
  result.cpu = std::chrono::milliseconds(250);
  sim::RunReport& report = result.report;
  report.seed = 7;
  report.hash = 0xabc;
  report.nodes = 5;
  report.events = 1234567;
  report.simulated = 61 * sim::kSecond + 5;
  report.leader_changes = 4;
  report.commits = 900;
  report.restarts = 3;
  report.faults = 12;
  report.searched_histories = 2;
  report.left_out_histories = 1;
  report.faults_by_kind = {{"crash", 3}, {"partition", 9}};
  return result;
}

SeedResult violating_result() {
  SeedResult result = result_of_seed_seven();
  result.report.violation = {.checker = "ledger", .rule = "one entry per index", .detail = "two at \"9\""};
  result.report.timeline = {"seconds  node1", "   1.00  leads"};
  return result;
}

Tally tally_of(const std::vector<SeedResult>& results) {
  Tally tally;
  for (const SeedResult& result : results) tally.add(result);
  return tally;
}

TEST(Report, a_seed_that_holds_is_one_line_of_json_in_this_order) {
  EXPECT_EQ(as_json(result_of_seed_seven(), ""),
            R"({"seed":7,"verdict":"ok","hash":"0000000000000abc","events":1234567,"simSeconds":61.000005,)"
            R"("cpuSeconds":0.250000,"leaderChanges":4,"commits":900,"faults":12,"nodes":5,"restarts":3,)"
            R"("searchedHistories":2,"leftOutHistories":1})"
            "\n");
}

TEST(Report, a_violation_in_json_says_all_that_the_words_say) {
  EXPECT_EQ(as_json(violating_result(), "replay it"),
            R"({"seed":7,"verdict":"violation","violation":"ledger: one entry per index","hash":"0000000000000abc",)"
            R"("events":1234567,"simSeconds":61.000005,"cpuSeconds":0.250000,"leaderChanges":4,"commits":900,)"
            R"("faults":12,"nodes":5,"restarts":3,"searchedHistories":2,"leftOutHistories":1,)"
            R"("checker":"ledger","detail":"two at \"9\"","replay":"replay it",)"
            R"("timeline":["seconds  node1","   1.00  leads"]})"
            "\n");
}

TEST(Report, a_violation_in_words_has_sentence_timeline_and_replay_command) {
  EXPECT_EQ(as_text(violating_result(), "replay it"),
            "seed 7: a violation, found by ledger\n"
            "  broken   one entry per index\n"
            "  seen     two at \"9\"\n"
            "  | seconds  node1\n"
            "  |    1.00  leads\n"
            "  replay   replay it\n\n");
}

TEST(Report, sums_are_also_given_per_second_of_the_processor) {
  const auto tally = tally_of({result_of_seed_seven(), result_of_seed_seven()});
  const std::string text = summary(tally, {{7, 8}}, {.end = CampaignEnd::kComplete, .begun = 2});
  EXPECT_THAT(text, HasSubstr("seeds 7..8: all held\n"));
  EXPECT_THAT(text, HasSubstr("events                       2,469,134       4,938,268\n"));
  EXPECT_THAT(text, HasSubstr("commits                          1,800           3,600\n"));
  EXPECT_THAT(text, HasSubstr("CPU seconds                        0.5\n"));
  EXPECT_THAT(text, HasSubstr("  crash                  6  partition             18\n"));
}

TEST(Report, histories_that_were_left_out_are_told_beside_those_that_were_searched) {
  const auto tally = tally_of({result_of_seed_seven(), result_of_seed_seven(), result_of_seed_seven()});
  EXPECT_THAT(summary(tally, {{7, 9}}, {.end = CampaignEnd::kComplete, .begun = 3}),
              HasSubstr("histories searched blindly: 6; too long or too hard and left out: 3\n"));
}

TEST(Report, a_campaign_that_stopped_early_says_which_seeds_ran_and_why) {
  const auto tally = tally_of({violating_result()});
  EXPECT_THAT(summary(tally, {{7, 100}}, {.end = CampaignEnd::kBudgetSpent, .begun = 1}),
              HasSubstr("seeds 7 of 7..100 (the time is spent): 1 violated\n"));
  EXPECT_THAT(summary(tally, {{7, 100}}, {.end = CampaignEnd::kViolationFound, .begun = 3}),
              HasSubstr("seeds 7..9 of 7..100 (stopped there): 1 violated\n"));
  EXPECT_THAT(summary(tally, {{7, 100}}, {.end = CampaignEnd::kInterrupted, .begun = 3}),
              HasSubstr("interrupted after 1 of the seeds 7..100: 1 violated\n"));
}

TEST(Report, of_a_list_that_stopped_early_it_is_said_how_many_of_its_first_seeds_ran) {
  const auto tally = tally_of({result_of_seed_seven()});
  const SeedList list = {{1, 250}, {7, 7}, {1725, 1730}};
  EXPECT_THAT(summary(tally, list, {.end = CampaignEnd::kComplete, .begun = 257}),
              HasSubstr("seeds 1..250,7,1725..1730: all held\n"));
  EXPECT_THAT(summary(tally, list, {.end = CampaignEnd::kBudgetSpent, .begun = 251}),
              HasSubstr("the first 251 of the 257 seeds 1..250,7,1725..1730 (the time is spent): all held\n"));
  EXPECT_THAT(summary(tally, list, {.end = CampaignEnd::kViolationFound, .begun = 3}),
              HasSubstr("the first 3 of the 257 seeds 1..250,7,1725..1730 (stopped there): all held\n"));
  EXPECT_THAT(summary(tally, list, {.end = CampaignEnd::kInterrupted, .begun = 3}),
              HasSubstr("interrupted after 1 of the seeds 1..250,7,1725..1730: all held\n"));
}

TEST(Report, marks_are_counted_by_name_and_those_never_reached_are_named) {
  SeedResult seed_seven = result_of_seed_seven();
  mark_counts = &seed_seven.report.marks;
  reach_three_points(false);
  mark_counts = nullptr;
  SeedResult seed_five = seed_seven;
  seed_five.report.seed = 5;
  const auto tally = tally_of({result_of_seed_seven(), seed_seven, seed_five});
  const std::string text = marks_table(tally);
  const std::string a = "             2             5  report test: a\n";
  const std::string b = "             2             5  report test: b\n";
  EXPECT_THAT(text, AllOf(HasSubstr(a), HasSubstr(b), HasSubstr("0             -  report test: c\n"),
                          HasSubstr("  never: report test: c\n")));
  EXPECT_LT(text.find(a), text.find(b));
  EXPECT_THAT(text, Not(HasSubstr("never: report test: a")));
}

TEST(ReplayCommand, names_every_option_that_mattered_and_no_other) {
  const RunSettings plain{.program = "build/bin/timestore-sim", .seeds = "1..100", .jobs = 4, .json = true};
  EXPECT_EQ(replay_command(plain, 17, "ledger"), "build/bin/timestore-sim run --seed 17");

  const RunSettings all{
      .program = "timestore-sim", .nodes = 4, .seconds = 90, .faults = {"all=off", "crash=on"}, .limit_seconds = 5};
  EXPECT_EQ(replay_command(all, 17, "ledger"),
            "timestore-sim run --seed 17 --nodes 4 --seconds 90 --fault all=off --fault crash=on");
}

TEST(ReplayCommand, leaves_to_a_list_of_choices_what_it_was_recorded_with) {
  EXPECT_EQ(replay_command({.nodes = 4, .choices = "my choices"}, 17, "determinism"),
            "timestore-sim run --choices 'my choices' --verify");
}

TEST(ReplayCommand, repeats_what_a_checker_of_the_campaign_needs) {
  EXPECT_EQ(replay_command({}, 3, "determinism"), "timestore-sim run --seed 3 --verify");
  EXPECT_EQ(replay_command({.limit_seconds = 5}, 3, "hang"), "timestore-sim run --seed 3 --limit-seconds 5");
  EXPECT_EQ(replay_command({}, 3, "hang"), "timestore-sim run --seed 3");
}

TEST(ReplayCommand, quotes_for_the_shell) {
  EXPECT_EQ(replay_command({.program = "./it's here"}, 3, ""), R"('./it'\''s here' run --seed 3)");
}

}  // namespace
}  // namespace timestore::campaign
