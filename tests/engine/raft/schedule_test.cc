// Hostile schedules over the pure core: very many short ones by RapidCheck, which makes what it finds simple, and long
// ones by seed.
//
// The short ones are new in every run; RapidCheck prints their seed. Its variable RC_PARAMS repeats them (seed=N) or
// runs millions (max_success=5000000).
#include "tests/engine/raft/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/mark.h"

namespace timestore::raft::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// So many short schedules reach every mark of the core.
constexpr std::uint64_t kEnough = 100'000;

rc::Seq<Choice> simpler_choices(const Choice& choice) {
  const auto with_where = [choice](std::uint32_t where) { return Choice{choice.event, where, choice.how}; };
  const auto with_how = [choice](std::uint32_t how) { return Choice{choice.event, choice.where, how}; };
  return rc::seq::concat(rc::seq::map(rc::shrink::towards(choice.where, 0U), with_where),
                         rc::seq::map(rc::shrink::towards(choice.how, 0U), with_how));
}

// With fewer choices, with fewer nodes, with smaller numbers.
rc::Seq<Schedule> simpler_schedules(const Schedule& schedule) {
  const auto with_choices = [schedule](std::vector<Choice> choices) {
    Schedule simpler = schedule;
    simpler.choices = std::move(choices);
    return simpler;
  };
  const auto with_nodes = [schedule](std::size_t nodes) {
    Schedule simpler = schedule;
    simpler.nodes = nodes;
    return simpler;
  };
  return rc::seq::concat(rc::seq::map(rc::shrink::removeChunks(schedule.choices), with_choices),
                         rc::seq::map(rc::shrink::towards(schedule.nodes, std::size_t{1}), with_nodes),
                         rc::seq::map(rc::shrink::eachElement(schedule.choices, simpler_choices), with_choices));
}

// RapidCheck's own generator makes a tree of each element of a vector, which would cost more than to run the schedule.
rc::Gen<Schedule> short_schedules() {
  return [](const rc::Random& random, int size) {
    Prng prng(rc::Random(random).next());
    return rc::shrinkable::shrinkRecur(draw_schedule(prng, 1 + 3 * static_cast<std::size_t>(size)), &simpler_schedules);
  };
}

// For a failure that is expected.
class Silent : public rc::detail::TestListener {
  void onTestCaseFinished(const rc::detail::CaseDescription&) override {}
  void onShrinkTried(const rc::detail::CaseDescription&, bool) override {}
  void onTestFinished(const rc::detail::TestMetadata&, const rc::detail::TestResult&) override {}
};

// Checks the property for so many schedules, unless RC_PARAMS asks for another number or repeats one.
template <typename Property>
rc::detail::TestResult check(const Property& property, int schedules) {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const rc::detail::TestMetadata name{.id = std::string(test->test_suite_name()) + "/" + test->name(),
                                      .description = test->name()};
  const rc::detail::Configuration& asked = rc::detail::configuration();
  if (asked.reproduce.contains(name.id)) return rc::detail::checkTestable(property, name);
  rc::detail::TestParams params = asked.testParams;
  if (params.maxSuccess == rc::detail::TestParams().maxSuccess) params.maxSuccess = schedules;
  return rc::detail::checkTestable(property, name, params);
}

std::string printed(const rc::detail::TestResult& result) {
  std::ostringstream out;
  rc::detail::printResultMessage(result, out);
  return out.str();
}

// These cores are all of one release and never move, their disks are never full, and what they commit is applied at
// once. So the simulator alone comes there, and must (tools/seeds.sh).
constexpr std::array<std::string_view, 8> kOutOfReach = {
    "raft: a node asked around though its disk was full",
    "raft: a member was said to be elsewhere",
    "raft: a level that all know was held",
    "raft: who does not know the level was not let in",
    "raft: a leader whose disk was full handed over",
    "raft: a leader that leaned on full disks handed over",
    "raft: a leader whose state machine stood still handed over",
    "raft: a node heard that it belongs to another cluster than its peer"};

// The marks of the core that were not reached.
std::vector<std::string_view> unreached_marks(const MarkCounts& counts) {
  std::vector<std::string_view> unreached;
  for (std::size_t number = 0; number < Mark::names().size(); ++number) {
    const bool is_reached = number < counts.size() && counts[number] > 0;
    const std::string_view name = Mark::names()[number];
    const bool is_within_reach = std::find(kOutOfReach.begin(), kOutOfReach.end(), name) == kOutOfReach.end();
    if (name.starts_with("raft: ") && is_within_reach && !is_reached) unreached.push_back(name);
  }
  return unreached;
}

TEST(Schedule, every_truth_holds_in_very_many_short_schedules) {
  Deeds deeds;
  const auto result = check([&] { deeds += run(*short_schedules()); }, TIMESTORE_SCHEDULES);
  std::cout << deeds << '\n';
  EXPECT_TRUE(result.is<rc::detail::SuccessResult>()) << printed(result);
}

// By seed, the same in every run: the rarest marks are reached in one schedule of some ten thousand, so others might
// miss them.
TEST(Schedule, short_ones_come_to_every_mark_of_the_core) {
  Deeds deeds;
  MarkCounts counts;
  mark_counts = &counts;
  for (std::uint64_t seed = 1; seed <= TIMESTORE_SCHEDULES; ++seed) {
    Prng prng(seed);
    deeds += run(draw_schedule(prng, 1 + 3 * (seed % 100)));
  }
  mark_counts = nullptr;
  std::cout << deeds << '\n';
  if (TIMESTORE_SCHEDULES < kEnough) return;
  EXPECT_THAT(unreached_marks(counts), IsEmpty()) << "the schedules never come there: they prove little";
}

// The alarm rings: a disk that is empty after a crash breaks its node's promises, which no Raft survives.
TEST(Schedule, a_disk_that_forgets_is_found_and_its_story_made_short) {
  const auto forgetful = [] {
    run(*short_schedules(), [](CoreCluster& cluster, const Choice& choice) {
      take(cluster, choice);
      if (choice.event == Event::kCrash) cluster.forget(choice.where % cluster.size());
    });
  };
  Silent silent;
  const auto result = rc::detail::checkTestable(forgetful, rc::detail::TestMetadata(),
                                                rc::detail::TestParams{.maxSuccess = 100'000}, silent);
  ASSERT_TRUE(result.is<rc::detail::FailureResult>()) << printed(result);
  const std::string story = printed(result);
  EXPECT_THAT(story, HasSubstr("crash")) << "the fault is not told";
  EXPECT_LE(std::count(story.begin(), story.end(), '\n'), 40) << story;
}

TEST(Schedule, every_truth_holds_over_long_seeded_schedules) {
  Deeds deeds;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Prng prng(seed);
    deeds += run(draw_schedule(prng, 4000));
  }
  std::cout << deeds << '\n';
  EXPECT_GT(deeds.commits, 3000U) << "the schedules hardly commit anything: they prove nothing";
  EXPECT_GT(deeds.leaders, 1000U) << "the schedules hardly change leaders: they prove nothing";
}

TEST(Schedule, equal_seeds_give_equal_states_to_the_last_bit) {
  const auto hashes = [] {
    std::vector<std::uint64_t> result;
    Prng prng(7);
    const Schedule schedule = draw_schedule(prng, 3000);
    CoreCluster cluster(5, 7, hostile_options());
    for (const Choice& choice : schedule.choices) {
      take(cluster, choice);
      for (std::size_t number = 0; number < 5; ++number) result.push_back(hash_of(cluster.node(number).state));
    }
    return result;
  };
  EXPECT_EQ(hashes(), hashes());
}

}  // namespace
}  // namespace timestore::raft::testing
