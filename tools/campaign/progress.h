// A line on standard error that says how far the work is: on a terminal it is kept up to date in its place, and
// elsewhere a line comes every ten seconds.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace timestore::campaign {

class Progress {
 public:
  Progress();
  ~Progress();  // leaves a terminal's line empty
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows what `text` says, if it is time.
  void show(const std::function<std::string()>& text);

  // Makes room for other output. The next show() writes the line again.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool is_terminal_;
  bool is_shown_ = false;
  Clock::time_point due_;
};

}  // namespace timestore::campaign
