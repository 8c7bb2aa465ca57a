// A pause that doubles from one failure to the next, up to a limit.
#pragma once

#include <algorithm>

#include "engine/client/limits.h"

namespace timestore::client {

class Pause {
 public:
  Pause(Time first, Time longest) : first_(first), longest_(longest), next_(first) {}

  Time take() {
    const Time now = next_;
    next_ = std::min(2 * next_, longest_);
    return now;
  }
  void reset() { next_ = first_; }

 private:
  Time first_;
  Time longest_;
  Time next_;
};

}  // namespace timestore::client
