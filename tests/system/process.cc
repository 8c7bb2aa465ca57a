#include "tests/system/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

#include "engine/base/check.h"
#include "tests/system/scratch.h"

namespace timestore::system {

std::string timestored_binary() {
  const char* named = std::getenv("TIMESTORED");
  return named != nullptr ? named : TIMESTORED_BINARY;
}
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> whole_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> variables;
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (!added.contains(std::string(text.substr(0, text.find('='))))) variables.emplace_back(text);
  }
  for (const auto& [name, value] : added) variables.push_back(name + "=" + value);
  return variables;
}

int open_for_appending(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  TIMESTORE_CHECK(descriptor >= 0, "a test can write its logs");
  return descriptor;
}

}  // namespace

Process::Process(const Command& command) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = whole_environment(command.environment);
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const int output = open_for_appending(command.output_path);
  const int error = open_for_appending(command.error_path);
  const pid_t parent = ::getpid();

  // Between fork and exec the child may call nothing that takes a lock: the test has other threads.
  pid_ = ::fork();
  TIMESTORE_CHECK(pid_ >= 0, "a test can start a process");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    // A connection of the test that lived on in the child would never look closed to anybody.
    ::close_range(3, ~0U, 0);
    ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    ::_exit(127);
  }
  ::close(output);
  ::close(error);
}

Process::~Process() { kill9(); }

bool Process::is_running() { return !await_exit(0s).has_value(); }

Clock::time_point Process::kill9() {
  if (is_running()) send_signal(SIGKILL);
  const auto dead = Clock::now();
  if (!exit_) {
    ::waitpid(pid_, nullptr, 0);
    exit_ = -SIGKILL;
  }
  return dead;
}

void Process::send_signal(int number) {
  if (exit_) return;
  was_told_to_end_ = was_told_to_end_ || number == SIGKILL || number == SIGTERM;
  ::kill(pid_, number);  // not reaped yet, so the pid is still its own
}

bool Process::died() { return !is_running() && !was_told_to_end_; }

std::optional<int> Process::await_exit(Clock::duration within) {
  const auto has_ended = [this] {
    int status = 0;
    if (exit_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return exit_.has_value();
    exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return true;
  };
  return await_within(within, has_ended) ? exit_ : std::nullopt;
}

std::int64_t resident_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoll(line.substr(6));
  }
  return -1;
}

Outcome run_to_end(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
                   Clock::duration within) {
  const Scratch scratch(Scratch::Keep::kNever);
  const std::string output = scratch.file("output");
  const std::string error = scratch.file("error");
  Process process({std::move(arguments), std::move(environment), output, error});
  Outcome outcome{.status = process.await_exit(within), .output = {}, .error = {}};
  process.kill9();
  outcome.output = read_file(output);
  outcome.error = read_file(error);
  return outcome;
}

}  // namespace timestore::system
