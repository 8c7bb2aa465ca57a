#include "sim/checkers/seals.h"

#include <gtest/gtest.h>

namespace timestore::sim {
namespace {

struct SealsTest : testing::Test {
  std::string broken() const { return findings.first() ? findings.first()->rule : ""; }

  Findings findings;
  Seals seals{findings, {.seal_points = 3, .seal_bytes = 1000}};
};

TEST_F(SealsTest, come_with_points_or_with_bytes) {
  seals.committed(10, 2);
  seals.committed(10, 5);  // 2: seven points
  seals.committed(900, 0);
  seals.committed(0, 0);  // 4: 1,028 bytes
  seals.committed(0, 2);
  seals.applied(0, 1, 0);
  seals.applied(0, 2, 0);  // it is due, and not done yet
  seals.applied(0, 2, 2);
  seals.applied(1, 4, 2);
  seals.applied(1, 5, 4);
  EXPECT_EQ(broken(), "");
}

TEST_F(SealsTest, that_come_elsewhere_are_named) {
  seals.committed(10, 5);
  seals.committed(10, 1);
  seals.applied(0, 2, 2);
  EXPECT_EQ(broken(), "a series file is sealed where the log says");
}

TEST_F(SealsTest, that_are_passed_are_named) {
  seals.committed(10, 5);
  seals.committed(10, 1);
  seals.applied(0, 2, 0);
  EXPECT_EQ(broken(), "nothing is applied beyond a seal that is due");
}

TEST_F(SealsTest, that_differ_in_their_rows_are_named) {
  seals.rows(0, 2, 77);
  seals.rows(1, 4, 78);
  seals.rows(2, 2, 77);
  EXPECT_EQ(broken(), "");
  seals.rows(1, 2, 78);
  EXPECT_EQ(broken(), "files that are sealed at the same position hold the same rows");
}

}  // namespace
}  // namespace timestore::sim
