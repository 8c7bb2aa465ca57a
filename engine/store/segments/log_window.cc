#include "engine/store/segments/log_window.h"

#include <algorithm>

namespace timestore::segments {

namespace {
constexpr auto kIsBefore = [](const auto& left, const auto& right) { return left.point.seq < right.point.seq; };
}  // namespace

void LogWindow::add(const points::Point& point) {
  if (!wants(point.seq, point.seq)) return;
  held_.push_back({point, std::string(point.text), std::string(point.attributes)});
  if (held_.size() == 2 * max_points_) cut();
}

// What is held may be one more than the window, which tells that there is more.
void LogWindow::cut() {
  const auto behind = held_.begin() + static_cast<std::ptrdiff_t>(max_points_);
  std::nth_element(held_.begin(), behind, held_.end(), kIsBefore);
  bound_ = behind->point.seq;
  held_.erase(behind, held_.end());
}

std::optional<points::Seq> LogWindow::tell(const std::function<bool(const points::Point&)>& tell) {
  if (held_.size() > max_points_) cut();
  std::sort(held_.begin(), held_.end(), kIsBefore);
  for (Held& held : held_) {
    held.point.text = held.text;
    held.point.attributes = held.attributes;
    if (!tell(held.point)) return held.point.seq;
  }
  const bool is_all = bound_ == std::numeric_limits<points::Seq>::max();
  return is_all ? std::nullopt : std::optional(held_.back().point.seq);
}

}  // namespace timestore::segments
