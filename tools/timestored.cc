// timestored: one node of a Time Store DB cluster. `timestored recover` is described in recover.h.
//
// Signals: SIGTERM and SIGINT stop it in order. SIGHUP makes it read its configuration file again (there is no log file
// to open anew: it logs to standard error); the log level counts at once, and what needs a restart is named.
//
// Exit status: 0 stopped by a signal, 1 could not start or go on, 2 wrong settings (nothing was opened), 78 likewise 1,
// and no restart will change that (EX_CONFIG in sysexits.h).
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "net/base/log.h"
#include "net/process/service.h"
#include "tools/recover.h"
#include "tools/settings_reader.h"

namespace {

using timestore::net::Service;
using timestore::tools::Ending;
using timestore::tools::Told;

constexpr int kStopped = 0;
constexpr int kFailed = 1;
constexpr int kRefused = 78;

// Every thread started later inherits this: signals are taken by the main thread alone, when it waits for them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // What tools for other programs send, and a file that may not grow (then the write fails, which is said): to none of
  // these does a node end without a word.
  for (const int signal : {SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ}) std::signal(signal, SIG_IGN);
  return signals;
}

// One sentence is one line, whatever it quotes.
void print_error(const std::string& sentence) {
  std::string line;
  for (const char c : sentence) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      line += '?';
    } else {
      line += c;
    }
  }
  std::fprintf(stderr, "timestored: %s\n", line.c_str());
}

bool must_stop() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

void read_again(const std::vector<std::string>& arguments, Told& told) {
  auto now = timestore::tools::read_settings(arguments);
  if (const auto* wrong = std::get_if<Ending>(&now)) {
    return timestore::net::log_error("The settings stay as they are, because the new ones are wrong: " +
                                     wrong->sentence);
  }
  Told& read = std::get<Told>(now);
  std::string later;
  for (const auto& [name, value] : read.values) {
    if (name == "log-level" || told.values[name] == value) continue;
    later += (later.empty() ? "" : ", ") + name;
  }
  timestore::net::set_log_level(read.settings.log_level);
  timestore::net::log_info("The settings were read again. The log level is " + read.settings.log_level + ".");
  if (!later.empty())
    timestore::net::log_warning("These settings changed and count from the next start on: " + later + ".");
  told.values["log-level"] = read.values["log-level"];
}

int status_of(const timestore::Error& error) { return error.lasts ? kRefused : kFailed; }

int run(const std::vector<std::string>& arguments, Told told) {
  const sigset_t signals = block_signals();
  std::atomic<int> status = kStopped;
  const auto on_failure = [&](const timestore::Error& error) {
    status = status_of(error);
    kill(getpid(), SIGTERM);
  };
  auto service = Service::start(told.settings, TIMESTORE_VERSION, on_failure, must_stop);
  if (!service) {
    if (must_stop() && status == kStopped) return kStopped;
    print_error(service.error().message);
    return status_of(service.error());
  }
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) read_again(arguments, told);
  timestore::net::log_info("Stopping.");
  (*service)->stop();
  timestore::net::log_info("Stopped.");
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "recover") return timestore::tools::recover(argc - 1, argv + 1);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  auto told = timestore::tools::read_settings(arguments);
  if (const auto* ending = std::get_if<Ending>(&told)) {
    std::fputs(ending->output.c_str(), stdout);
    if (!ending->sentence.empty()) print_error(ending->sentence);
    return ending->status;
  }
  Told& read = std::get<Told>(told);
  timestore::net::start_log(read.settings.log_level, read.settings.log_format, read.settings.node_id);
  for (const std::string& hint : read.hints) timestore::net::log_warning(hint);
  return run(arguments, std::move(read));
}
