// The configurations in a log, against a plain list of all that ever entered it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/raft/configuration.h"

namespace timestore::raft {
namespace {

Configuration of(const std::string& voter) { return {.voters = {{voter, ""}}}; }

RC_GTEST_PROP(ConfigurationTrail, agrees_with_a_plain_list_of_configurations, ()) {
  Index base = *rc::gen::inRange<Index>(0, 5);
  ConfigurationTrail trail(base, of("first"));
  std::vector<std::pair<Index, Configuration>> plain = {{base, of("first")}};  // none is ever forgotten
  Index last = base;                                                           // of the log
  const int operations = *rc::gen::inRange(0, 40);
  for (int i = 0; i < operations; ++i) {
    switch (*rc::gen::weightedElement<int>({{4, 0}, {2, 1}, {1, 2}})) {
      case 0:
        last += *rc::gen::inRange<Index>(1, 4);
        trail.append(last, of("voter" + std::to_string(i)));
        plain.emplace_back(last, of("voter" + std::to_string(i)));
        break;
      case 1:
        last = *rc::gen::inRange<Index>(base, last + 1);
        trail.truncate_from(last + 1);
        while (plain.back().first > last) plain.pop_back();
        break;
      case 2:
        base = *rc::gen::inRange<Index>(base, last + 1);
        trail.begin_after(base);
        break;
    }
  }
  RC_ASSERT(trail.latest() == plain.back().second);
  RC_ASSERT(trail.latest_index() == std::max(base, plain.back().first));
  RC_ASSERT(trail.known().begin()->first == base);
  for (Index index = base; index <= last + 1; ++index) {
    Configuration expected;
    for (const auto& [place, configuration] : plain) {
      if (place <= index) expected = configuration;
    }
    RC_ASSERT(trail.at(index) == expected);
  }
}

TEST(ConfigurationTrailDeathTest, what_held_before_the_log_begins_is_not_known) {
  ConfigurationTrail trail(3, of("n1"));
  trail.append(7, of("n2"));
  trail.begin_after(5);
  EXPECT_DEATH(static_cast<void>(trail.at(4)), "what held before the log begins is not known");
  EXPECT_DEATH(trail.truncate_from(5), "what holds where the log begins is never cut off");
  EXPECT_EQ(trail.at(6), of("n1"));
}

}  // namespace
}  // namespace timestore::raft
