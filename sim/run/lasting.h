// The second phase of a run: a majority is well, and the rest stays as sick as the seed says, for good.
//
// Who heals everything before asking for progress never meets a livelock that healing cures. So here every pair of a
// majority of the voters is connected, with delays below a tenth of the shortest election time-out and syncs below a
// quarter, and every other node has whatever ailed it before, and an ailment that lasts. Of such a cluster some node
// that is well must be able to get a write, a read and the removal of a sick member done, each within ten election
// time-outs after the last progress of anybody.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/clients/probe.h"
#include "sim/faults/injector.h"
#include "sim/words/choices.h"

namespace timestore::sim {

class Lasting {
 public:
  Lasting(Injector& injector, Choices& choices);

  // Whether it can be told who the voters are, whatever stands in a log: all nodes are up whose disks are not lost.
  bool may_begin() const;

  // False: too many are bad for a majority to be well.
  bool begin();

  bool is_well(std::size_t node) const { return well_[node]; }
  bool are_all_up() const;  // those who are well

  // What must come true, one after another.
  enum class Goal { kWriteAndRead, kRemoval, kWriteAndReadAgain, kNone };
  Goal goal() const { return goal_; }
  void go_on();  // looks whether the goal is reached, and if so sets the next
  std::string describe() const;

 private:
  bool keeps_majority() const;
  bool is_removed() const;
  void choose_who_is_sick();
  void make_sick();
  void ask_for_removal();
  void hand_over(std::size_t leader);

  Injector& injector_;
  World& world_;
  Stream choices_;
  std::vector<bool> well_;
  std::vector<std::string> ailing_;  // with what
  Goal goal_ = Goal::kNone;
  std::vector<std::unique_ptr<Probe>> probes_;
  std::optional<std::size_t> goes_;  // the sick member that is to go
  Time asks_again_at_ = 0;           // to let it go
};

}  // namespace timestore::sim
