// What happened last, for people: one line for each notable event, one column for each node.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "sim/words/event_queue.h"

namespace timestore::sim {

class Timeline {
 public:
  static constexpr std::size_t kWorld = ~std::size_t{0};  // an event that belongs to no single node

  explicit Timeline(std::size_t nodes) : nodes_(nodes) {}

  void note(Time now, std::size_t node, std::string text);
  std::vector<std::string> lines() const;

 private:
  static constexpr std::size_t kMaxEvents = 100;
  struct Event {
    Time at;
    std::size_t node;
    std::string text;
  };
  std::size_t nodes_;
  std::deque<Event> events_;
};

// "12.345678": seconds.
std::string to_text(Time time);

}  // namespace timestore::sim
