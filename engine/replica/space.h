// Whether the disk has space, as far as the last attempts on each lane tell. What found none stays due, and is tried
// again after a heartbeat's time; meanwhile nothing else is tried either.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "engine/replica/ports.h"

namespace timestore::replica {

class Space {
 public:
  explicit Space(std::uint32_t retry_ticks) : retry_ticks_(retry_ticks) {}

  void missed(Lane lane) {
    is_missing_[static_cast<std::size_t>(lane)] = true;
    ticks_until_retry_ = retry_ticks_;
  }
  bool found(Lane lane) { return std::exchange(is_missing_[static_cast<std::size_t>(lane)], false); }  // was missing

  bool is_missing() const { return is_missing_[0] || is_missing_[1]; }
  bool may_try() const { return ticks_until_retry_ == 0; }
  bool tick() { return ticks_until_retry_ > 0 && --ticks_until_retry_ == 0; }  // true: now it is to be tried again

 private:
  std::array<bool, 2> is_missing_{};  // by lane
  std::uint32_t ticks_until_retry_ = 0;
  std::uint32_t retry_ticks_;
};

}  // namespace timestore::replica
