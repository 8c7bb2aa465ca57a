#include "engine/replica/shared_machine.h"

#include "engine/base/check.h"

namespace timestore::replica {

bool SharedMachine::may_begin(Use use) const {
  const auto none_of = [this](auto... others) { return ((uses_ & bit(others)) | ... | 0U) == 0; };
  if (is_in(use)) return false;  // each once at a time
  switch (use) {
    case Use::kApplying:
      return none_of(Use::kInstalling);
    case Use::kCheckpointing:  // when entries are applied, whether one is due is asked again
      return none_of(Use::kApplying, Use::kInstalling);
    case Use::kCopying:  // of a state that is about to be replaced a copy is of little use
      return none_of(Use::kCheckpointing, Use::kReceiving, Use::kInstalling);
    case Use::kReceiving:
      return true;
    case Use::kInstalling:
      return none_of(Use::kApplying, Use::kCheckpointing, Use::kCopying);
  }
  return false;
}

bool SharedMachine::begin(Use use) {
  if (!may_begin(use)) return false;
  uses_ |= bit(use);
  return true;
}

void SharedMachine::end(Use use) {
  TIMESTORE_CHECK(is_in(use), "a use of the state machine ends once");
  uses_ &= ~bit(use);
}

}  // namespace timestore::replica
