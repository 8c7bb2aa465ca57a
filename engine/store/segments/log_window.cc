#include "engine/store/segments/log_window.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace timestore::segments {

namespace {
constexpr auto kIsBefore = [](const auto& left, const auto& right) { return left.point.seq < right.point.seq; };
}  // namespace

void LogWindow::add(const points::Point& point) {
  if (!wants(point.seq, point.seq)) return;
  Held& held = held_.emplace_back(Held{.point = point, .texts = nullptr});
  if (!point.text.empty() || !point.attributes.empty()) {
    held.texts = std::make_unique<const std::string>(std::string(point.text).append(point.attributes));
    held.point.text = std::string_view(*held.texts).substr(0, point.text.size());
    held.point.attributes = std::string_view(*held.texts).substr(point.text.size());
  }
  if (held_.size() == 2 * max_points_) cut();
}

// What is held may be one more than the window, which tells that there is more.
void LogWindow::cut() {
  const auto behind = held_.begin() + static_cast<std::ptrdiff_t>(max_points_);
  std::nth_element(held_.begin(), behind, held_.end(), kIsBefore);
  bound_ = behind->point.seq;
  held_.erase(behind, held_.end());
}

void LogWindow::close() {
  if (held_.size() > max_points_) cut();
  std::sort(held_.begin(), held_.end(), kIsBefore);
}

}  // namespace timestore::segments
