#include "tools/campaign/progress.h"

#include <unistd.h>

#include <cstdio>

namespace timestore::campaign {
namespace {

constexpr std::chrono::milliseconds kTerminalPause{200};
constexpr std::chrono::seconds kLinePause{10};
constexpr const char* kEraseLine = "\r\033[K";

}  // namespace

Progress::Progress() : is_terminal_(isatty(STDERR_FILENO) == 1), due_(Clock::now()) {
  if (!is_terminal_) due_ += kLinePause;
}

Progress::~Progress() { clear(); }

void Progress::show(const std::function<std::string()>& text) {
  if (Clock::now() < due_) return;
  if (is_terminal_) {
    std::fprintf(stderr, "%s%s", kEraseLine, text().c_str());
    is_shown_ = true;
    due_ = Clock::now() + kTerminalPause;
  } else {
    std::fprintf(stderr, "%s\n", text().c_str());
    due_ = Clock::now() + kLinePause;
  }
}

void Progress::clear() {
  if (!is_shown_) return;
  std::fprintf(stderr, "%s", kEraseLine);
  is_shown_ = false;
  due_ = Clock::now();
}

}  // namespace timestore::campaign
