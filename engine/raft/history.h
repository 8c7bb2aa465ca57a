// Something that entries of the log change: what it was where the log begins, and what each entry since has made of it.
//
// The newest is there from the moment that its entry is in the log, committed or not, and no longer when that is cut
// off again. Whether that is enough to go by is for whoever asks: members are in force at once (paper, section 6), a
// feature level only when it is committed.
#pragma once

#include <iterator>
#include <map>
#include <utility>

#include "engine/base/check.h"
#include "engine/raft/types.h"

namespace timestore::raft {

template <typename Value>
class History {
 public:
  History() = default;
  History(Index base, Value value) : known_{{base, std::move(value)}} {}

  const Value& latest() const { return known_.rbegin()->second; }
  Index latest_index() const { return known_.rbegin()->first; }   // the base's where the log holds none
  const std::map<Index, Value>& known() const { return known_; }  // the base's first

  // What holds with the entry at `index`. Requires index >= the base's.
  const Value& at(Index index) const {
    const auto after = known_.upper_bound(index);
    TIMESTORE_CHECK(after != known_.begin(), "what held before the log begins is not known");
    return std::prev(after)->second;
  }

  void append(Index index, Value value) {
    TIMESTORE_CHECK(index > latest_index(), "what changes along a log stands in its order");
    known_.emplace(index, std::move(value));
  }

  void truncate_from(Index index) {
    TIMESTORE_CHECK(index > known_.begin()->first, "what holds where the log begins is never cut off");
    known_.erase(known_.lower_bound(index), known_.end());
  }

  // What holds there becomes the base's.
  void begin_after(Index index) {
    Value base = at(index);
    known_.erase(known_.begin(), known_.upper_bound(index));
    known_.emplace(index, std::move(base));
  }

  bool operator==(const History&) const = default;

 private:
  std::map<Index, Value> known_ = {{0, {}}};
};

}  // namespace timestore::raft
