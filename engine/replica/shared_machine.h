// The state machine, as the parts of a replica share it: who uses it, and where it stood when a job on it ended last.
//
// Its lane runs one job at a time, so jobs of several users may alternate, and mostly they may: entries are applied
// while a snapshot is copied or received. What may not be together is told by may_begin(), and nowhere else.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/machine/state_machine.h"

namespace timestore::replica {

enum class Use : std::uint8_t {
  kApplying,       // a group of entries, from the moment that it is put together
  kCheckpointing,  // what was applied is made durable
  kCopying,        // a snapshot is made, step by step
  kReceiving,      // a snapshot comes from another node, part by part
  kInstalling,     // which takes the machine's place; from the note in the log file on
};

class SharedMachine {
 public:
  explicit SharedMachine(std::unique_ptr<machine::StateMachine> machine)
      : machine_(std::move(machine)), standing_(machine_->standing()) {}

  machine::StateMachine& on_lane() { return *machine_; }  // for jobs on its lane only

  [[nodiscard]] bool begin(Use use);  // false: not now
  void end(Use use);                  // requires that it was begun
  bool is_in(Use use) const { return (uses_ & bit(use)) != 0; }
  bool may_begin(Use use) const;

  const machine::Standing& standing() const { return standing_; }
  raft::Index applied() const { return standing_.applied.index; }  // visible to readers
  void stands(const machine::Standing& standing) { standing_ = standing; }
  void is_durable(raft::Index index) { standing_.durable = index; }

 private:
  static constexpr unsigned bit(Use use) { return 1U << static_cast<unsigned>(use); }

  std::unique_ptr<machine::StateMachine> machine_;
  machine::Standing standing_;
  unsigned uses_ = 0;  // a set of Use
};

}  // namespace timestore::replica
