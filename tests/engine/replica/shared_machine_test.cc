#include "engine/replica/shared_machine.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "tests/engine/replica/register_machine.h"
#include "tests/scratch_directory.h"

namespace timestore::replica::shared_machine_test {
namespace {

constexpr std::array kUses = {Use::kApplying, Use::kCheckpointing, Use::kCopying, Use::kReceiving, Use::kInstalling};

class SharedMachineTest : public ::testing::Test {
 protected:
  ScratchDirectory directory_;
  SharedMachine machine_{testing::RegisterMachine::open(directory_.file("register")).value()};
};

// A row for what is going on, a column for what would begin, in the order of kUses: y where it may.
TEST_F(SharedMachineTest, what_may_be_together) {
  constexpr std::array<std::string_view, 5> kMay = {
      "-nyyn",  // while entries are applied
      "y-nyn",  // while what was applied is made durable
      "yy-yn",  // while a snapshot is copied
      "yyn-y",  // while one is received
      "nnny-",  // while one is installed
  };
  for (std::size_t row = 0; row < kUses.size(); ++row) {
    ASSERT_TRUE(machine_.begin(kUses[row])) << "alone, everything may";
    for (std::size_t column = 0; column < kUses.size(); ++column) {
      const bool may = kMay[row][column] == 'y';
      EXPECT_EQ(machine_.may_begin(kUses[column]), may) << row << ", " << column;
      EXPECT_EQ(machine_.is_in(kUses[column]), row == column);
      EXPECT_EQ(machine_.begin(kUses[column]), may);
      if (may) machine_.end(kUses[column]);
    }
    machine_.end(kUses[row]);
  }
}

TEST_F(SharedMachineTest, every_use_is_asked_about) {
  for (const Use use : {Use::kApplying, Use::kCopying, Use::kReceiving}) ASSERT_TRUE(machine_.begin(use));
  EXPECT_FALSE(machine_.begin(Use::kInstalling));
  machine_.end(Use::kApplying);
  EXPECT_FALSE(machine_.begin(Use::kInstalling)) << "it is still copied";
  machine_.end(Use::kCopying);
  EXPECT_TRUE(machine_.begin(Use::kInstalling));
}

}  // namespace
}  // namespace timestore::replica::shared_machine_test
