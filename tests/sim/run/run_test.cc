#include "sim/run/run.h"
#include "sim/run/swarm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace timestore::sim {
namespace {

constexpr Time kShort = 8 * kSecond;

std::string story(const RunReport& report) {
  std::string text = "seed " + std::to_string(report.seed);
  if (!report.violation) return text;
  text += ": " + report.violation->checker + ": " + report.violation->rule + ": " + report.violation->detail + "\n";
  for (const std::string& line : report.timeline) text += line + "\n";
  return text;
}

TEST(Run, the_same_seed_gives_the_same_hash_whatever_ran_before) {
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) hashes.push_back(run({.seed = seed, .duration = kShort}).hash);
  for (std::uint64_t seed = 12; seed >= 1; --seed) {
    EXPECT_EQ(run({.seed = seed, .duration = kShort}).hash, hashes[seed - 1]) << seed;
  }
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::unique(hashes.begin(), hashes.end()), hashes.end());
}

TEST(Run, watching_a_run_does_not_change_it) {
  std::size_t lines = 0;
  const RunReport watched = run({.seed = 3, .duration = kShort, .trace = [&](std::string_view) { ++lines; }});
  EXPECT_EQ(watched.hash, run({.seed = 3, .duration = kShort}).hash);
  EXPECT_GT(lines, watched.messages);
}

TEST(Run, repeats_from_its_list_of_choices) {
  const RunReport original = run({.seed = 4, .duration = kShort, .records_choices = true});
  EXPECT_GT(original.choices.size(), 1000U);
  const RunReport repeated = run({.seed = 99, .choices = original.choices, .duration = kShort});
  EXPECT_EQ(repeated.hash, original.hash);
}

TEST(Run, that_takes_too_long_tells_how_far_it_came) {
  std::uint64_t asked = 0;
  const RunReport ended = run({.seed = 3, .duration = kShort, .is_too_long = [&] { return ++asked > 1000; }});
  ASSERT_TRUE(ended.violation);
  EXPECT_EQ(ended.violation->checker, "hang");
  EXPECT_EQ(ended.violation->detail, "It was ended after 1000 events.");
  EXPECT_FALSE(ended.timeline.empty());
  const RunReport patient = run({.seed = 3, .duration = kShort, .is_too_long = [] { return false; }});
  EXPECT_FALSE(patient.violation) << story(patient);
  EXPECT_EQ(patient.hash, run({.seed = 3, .duration = kShort}).hash);
}

TEST(Run, without_any_choice_the_world_is_calm) {
  const RunReport calm = run({.choices = std::vector<Choice>{}, .duration = kShort});
  EXPECT_FALSE(calm.violation) << story(calm);
  EXPECT_EQ(calm.faults, 0U);
  EXPECT_EQ(calm.restarts, 0U);
  EXPECT_GT(calm.commits, 10U);
}

TEST(Run, every_fault_can_be_switched_off_and_on_and_be_as_hard_as_it_can) {
  RunOptions none{.seed = 5, .duration = kShort};
  for (const FaultKind& kind : fault_kinds()) none.faults.emplace(kind.name, 0);
  EXPECT_EQ(run(none).faults, 0U);
  for (const FaultKind& kind : fault_kinds()) {
    RunOptions one = none;
    one.duration = 20 * kSecond;
    for (const auto strength : {std::optional<std::uint32_t>{}, std::optional(kMaxStrength)}) {
      one.faults[std::string(kind.name)] = strength;
      const RunReport report = run(one);
      EXPECT_FALSE(report.violation) << kind.name << " " << story(report);
      for (const auto& [name, count] : report.faults_by_kind) EXPECT_EQ(name, kind.name);
    }
  }
}

std::uint64_t reached(const RunReport& report, std::string_view mark) {
  const auto& names = Mark::names();
  const auto found = std::find(names.begin(), names.end(), mark);
  return found == names.end() ? 0 : report.marks[static_cast<std::size_t>(found - names.begin())];
}

TEST(Run, a_rotten_node_names_the_damage_or_ends_like_all_the_others) {
  std::uint64_t gave_up = 0;
  std::uint64_t worked = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RunOptions options{.seed = seed, .nodes = 5, .duration = kShort};
    for (const FaultKind& kind : fault_kinds()) options.faults.emplace(kind.name, false);
    options.schedule = {{.at = 5 * kSecond, .kind = "rot-log"}, {.at = 6 * kSecond, .kind = "rot-series"}};
    const RunReport report = run(options);
    EXPECT_FALSE(report.violation) << story(report);
    EXPECT_GE(report.faults, 1U);
    gave_up += reached(report, "world: a node named the damage of its disk and was given up");
    worked += reached(report, "run: a rotten node ended like all the others");
  }
  EXPECT_GT(gave_up, 0U);
  EXPECT_GT(worked, 0U);
}

TEST(Run, a_cluster_of_any_size_runs) {
  for (std::size_t nodes = 1; nodes <= 7; ++nodes) {
    const RunReport report = run({.seed = nodes, .nodes = nodes, .duration = kShort});
    EXPECT_FALSE(report.violation) << story(report);
    EXPECT_EQ(report.nodes, nodes);
  }
}

// Schedules of faults from outside, which RapidCheck makes smaller when one breaks something.
RC_GTEST_PROP(Run, survives_every_schedule_of_faults, ()) {
  const auto kind = rc::gen::map(rc::gen::inRange<std::size_t>(0, fault_kinds().size()),
                                 [](std::size_t number) { return std::string(fault_kinds()[number].name); });
  const auto fault = rc::gen::build<PlannedFault>(
      rc::gen::set(&PlannedFault::at,
                   rc::gen::map(rc::gen::inRange<std::uint64_t>(0, 8000),
                                [](std::uint64_t milliseconds) { return milliseconds * kMillisecond; })),
      rc::gen::set(&PlannedFault::kind, kind),
      rc::gen::set(&PlannedFault::strength, rc::gen::inRange<std::uint32_t>(1, 4)));
  RunOptions options{.seed = *rc::gen::inRange<std::uint64_t>(1, 1'000'000), .duration = kShort};
  options.nodes = *rc::gen::inRange<std::size_t>(1, 6);
  options.schedule = *rc::gen::container<std::vector<PlannedFault>>(fault);
  const RunReport report = run(options);
  RC_LOG() << story(report);
  for (const PlannedFault& planned : *options.schedule) {
    RC_LOG() << planned.at / kMillisecond << " ms " << planned.kind << " " << planned.strength << "\n";
  }
  RC_ASSERT(!report.violation);
}

}  // namespace
}  // namespace timestore::sim
