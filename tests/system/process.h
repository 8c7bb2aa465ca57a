// A child process that a test starts, signals and waits for, by its own pid alone.
//
// The kernel kills it when the thread that started it ends, however that happens, so nothing outlives a test. For the
// same reason processes are started from the test's main thread only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/system/await.h"

namespace timestore::system {

// The program under test: the one built beside these tests, or the one that the variable TIMESTORED names.
std::string timestored_binary();

struct Command {
  std::vector<std::string> arguments;              // the program's path first
  std::map<std::string, std::string> environment;  // added to the test's own
  std::string output_path;                         // standard output, appended
  std::string error_path;                          // standard error, appended; may be the same file
};

class Process {
 public:
  explicit Process(const Command& command);
  ~Process();  // kill -9, where it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool is_running();

  // Returns when the process is gone. The time is the moment after which it did nothing more.
  Clock::time_point kill9();
  void send_signal(int number);

  // It has ended, and nobody here asked for that.
  bool died();

  // The exit status, or minus the number of the signal that ended it; nothing while it runs.
  std::optional<int> await_exit(Clock::duration within = kHangGuard);

 private:
  pid_t pid_ = -1;
  bool was_told_to_end_ = false;
  std::optional<int> exit_;
};

// The memory that a running process takes, in KiB; -1 where that cannot be known.
std::int64_t resident_kib(pid_t pid);

struct Outcome {
  std::optional<int> status;  // as await_exit says it; a program that did not end in time was killed
  std::string output;
  std::string error;
};

// Runs a program to its end.
Outcome run_to_end(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
                   Clock::duration within = kHangGuard);

}  // namespace timestore::system
