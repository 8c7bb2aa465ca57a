#include "sim/world/timeline.h"

#include <utility>

namespace timestore::sim {

namespace {

constexpr std::size_t kColumnWidth = 14;
constexpr std::size_t kTimeWidth = 12;

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

std::string to_text(Time time) {
  std::string micros = std::to_string(time % kSecond);
  micros.insert(0, 6 - micros.size(), '0');
  return std::to_string(time / kSecond) + "." + micros;
}

void Timeline::note(Time now, std::size_t node, std::string text) {
  events_.push_back({now, node, std::move(text)});
  if (events_.size() > kMaxEvents) events_.pop_front();
}

std::vector<std::string> Timeline::lines() const {
  std::string header = padded("seconds", kTimeWidth);
  for (std::size_t node = 0; node < nodes_; ++node) header += padded("n" + std::to_string(node + 1), kColumnWidth);
  std::vector<std::string> lines = {header};
  for (const Event& event : events_) {
    std::string line = padded(to_text(event.at), kTimeWidth);
    if (event.node == kWorld) {
      line += "-- " + event.text;
    } else {
      line += std::string(event.node * kColumnWidth, ' ') + event.text;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace timestore::sim
