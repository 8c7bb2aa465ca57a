// A whole node takes a snapshot from its leader, and the power goes before each single change of its disk. Whatever is
// left, the node starts again, and the healed cluster agrees on everything that was acknowledged.
//
// The stories are scenarios, so every checker of the simulator listens.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/disk/disk.h"
#include "sim/script/script.h"
#include "tests/sim/disk/policy_name.h"

namespace timestore::sim {
namespace {

// n3 lacks what the others have forgotten.
constexpr std::string_view kLagging = R"(
> cluster 3 keep=2 seal=1 chunk=8192
> quietly elect n1
> quietly propose n1 z=1
> quietly settle
> quietly tick n1
> quietly settle
> cut n3<->*
)";

// And it has entries, some of them durable, that will never be committed.
constexpr std::string_view kContradicted = R"(
> cluster 3 keep=2 seal=1 chunk=8192
> quietly elect n3
> quietly propose n3 z=1
> quietly settle
> cut n3<->*
> quietly propose n3 x=1
> quietly propose n3 x=2
> quietly propose n3 x=3
> quietly propose n3 x=4
> quietly elect n1 by n2
)";

constexpr std::string_view kBeforeTheFault = R"(
> quietly propose n1 a=1
> quietly propose n1 a=2
> quietly propose n1 a=3
> quietly propose n1 a=4
> quietly settle
> quietly tick n1
> quietly settle
> heal n3<->*
> quietly tick n1 3
> quietly settle
> expect n1 lagging=n3
)";

// n3 is told, asks, takes all parts and installs them; it gets new entries as soon as it can, and is compacted itself.
constexpr std::string_view kAfterTheFault = R"(
> quietly tick n1 3
> settle
> tick n3 3
> settle
> propose n1 b=1
> tick n1 3
> settle
> propose n1 b=2
> propose n1 b=3
> propose n1 b=4
> tick n1 3
> settle
> quietly converge
)";

struct Outcome {
  bool was_hit = false;  // the power went
  bool was_installed = false;
  std::string failure;
};

Outcome run(std::string_view beginning, CrashPolicy policy, std::uint64_t change) {
  const std::string fault = "> lose-power n3 " + std::string(name_of(policy)) + " at=" + std::to_string(change) + "\n";
  const std::string story =
      "A story\n" + std::string(beginning) + std::string(kBeforeTheFault) + fault + std::string(kAfterTheFault);
  const ScriptResult told = run_script(story);       // what it prints is not known beforehand
  const ScriptResult again = run_script(told.text);  // so only claims can fail here
  Outcome outcome{.was_hit = told.text.find("n3 stops: lost power") != std::string::npos,
                  .was_installed = told.text.find("n3 begins its log anew") != std::string::npos,
                  .failure = {}};
  for (const ScriptFailure& failure : again.failures) outcome.failure += failure.message + "\n";
  return outcome;
}

class SnapshotCrashPoints : public testing::TestWithParam<CrashPolicy> {};

INSTANTIATE_TEST_SUITE_P(, SnapshotCrashPoints, testing::ValuesIn(kCrashPolicies), name_of_parameter);

void lose_power_before_every_change(std::string_view beginning, CrashPolicy policy) {
  std::uint64_t change = 1;
  Outcome outcome{.was_hit = true, .was_installed = false, .failure = {}};
  for (; outcome.was_hit && !testing::Test::HasFailure(); ++change) {
    outcome = run(beginning, policy, change);
    EXPECT_EQ(outcome.failure, "") << "before change " << change;
  }
  EXPECT_TRUE(outcome.was_installed) << "undisturbed, the node takes a snapshot";
  EXPECT_GT(change, 40U) << "the story hardly touches the disk: it proves nothing";
}

TEST_P(SnapshotCrashPoints, a_node_that_lags_takes_its_snapshot_whenever_the_power_goes) {
  lose_power_before_every_change(kLagging, GetParam());
}

TEST_P(SnapshotCrashPoints, a_tail_that_is_contradicted_does_not_survive_whenever_the_power_goes) {
  lose_power_before_every_change(kContradicted, GetParam());
}

}  // namespace
}  // namespace timestore::sim
