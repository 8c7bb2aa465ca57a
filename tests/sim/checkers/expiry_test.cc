#include "sim/checkers/expiry.h"

#include <gtest/gtest.h>

#include "sim/words/wall_clock.h"

namespace timestore::sim {
namespace {

constexpr std::int64_t kAge = 10 * kMinAge;

struct ExpiryTest : testing::Test {
  std::string broken() const { return findings.first() ? findings.first()->rule : ""; }

  Findings findings;
  Expiry expiry{findings};
};

TEST_F(ExpiryTest, an_edge_that_follows_from_a_clock_is_fine) {
  const Retention none;
  const Retention set{.max_age_ns = kAge, .edge_ns = wall_ns(0) - kAge};
  expiry.committed(0, none, set);
  const Retention fast{.max_age_ns = kAge, .edge_ns = wall_ns(kSecond + kMaxSkew) - kAge};
  expiry.committed(kSecond, set, fast);
  expiry.committed(kSecond, fast, {.max_age_ns = kForEver, .edge_ns = fast.edge_ns});
  expiry.committed(kSecond, fast, {.max_age_ns = 9 * kAge, .edge_ns = fast.edge_ns});
  EXPECT_EQ(broken(), "");
}

TEST_F(ExpiryTest, an_edge_that_falls_is_named) {
  expiry.committed(0, {.max_age_ns = kAge, .edge_ns = 2}, {.max_age_ns = kAge, .edge_ns = 1});
  EXPECT_EQ(broken(), "the edge of retention never falls");
}

TEST_F(ExpiryTest, an_edge_that_comes_too_early_is_named) {
  expiry.committed(0, {}, {.max_age_ns = kAge, .edge_ns = wall_ns(kMaxSkew) - kAge + 1});
  EXPECT_EQ(broken(), "no point expires before its age");
}

TEST_F(ExpiryTest, an_edge_without_an_age_is_named) {
  expiry.committed(0, {}, {.max_age_ns = kForEver, .edge_ns = 1});
  EXPECT_EQ(broken(), "points that are kept for ever do not expire");
}

}  // namespace
}  // namespace timestore::sim
