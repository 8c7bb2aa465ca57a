// Virtual time: what will happen, ordered by its moment and then by the order in which it was planned.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/words/action.h"

namespace timestore::sim {

using Time = std::uint64_t;  // virtual microseconds since the world began

inline constexpr Time kMillisecond = 1'000;
inline constexpr Time kSecond = 1'000'000;

class EventQueue {
 public:
  Time now() const { return now_; }
  bool empty() const { return heap_.empty(); }

  // The moment of the next event. Requires that there is one.
  Time next_time() const { return heap_.front().at; }

  // Plans an action. What is planned for the past happens now.
  void after(Time delay, Action action) {
    heap_.push_back({now_ + delay, ++sequence_, put(std::move(action))});
    std::push_heap(heap_.begin(), heap_.end(), is_later);
  }

  // Moves the clock to the next event and lets it happen. Requires that there is one.
  void run_next() {
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    const Event event = heap_.back();
    heap_.pop_back();
    now_ = event.at;
    ++events_;
    Action action = std::move(actions_[event.place]);
    free_places_.push_back(event.place);
    action();
  }

  std::uint64_t events() const { return events_; }

 private:
  struct Event {
    Time at;
    std::uint64_t sequence;
    std::size_t place;  // of its action, which does not move when the heap does
  };
  static bool is_later(const Event& left, const Event& right) {
    return left.at != right.at ? left.at > right.at : left.sequence > right.sequence;
  }

  std::size_t put(Action action) {
    if (free_places_.empty()) {
      actions_.push_back(std::move(action));
      return actions_.size() - 1;
    }
    const std::size_t place = free_places_.back();
    free_places_.pop_back();
    actions_[place] = std::move(action);
    return place;
  }

  Time now_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t events_ = 0;
  std::vector<Event> heap_;
  std::vector<Action> actions_;
  std::vector<std::size_t> free_places_;
};

}  // namespace timestore::sim
