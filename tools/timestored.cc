// timestored: one node of a Time Store DB cluster. `timestored recover` is described in recover.h.
//
// Exit status: 0 stopped by a signal, 1 could not start or go on, 2 wrong settings (nothing was opened).
#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "net/base/log.h"
#include "net/base/settings.h"
#include "net/process/service.h"
#include "tools/recover.h"

namespace {

using timestore::net::Service;
using timestore::net::SettingsText;

constexpr int kStopped = 0;
constexpr int kFailed = 1;
constexpr int kWrongSettings = 2;

// A setting is looked for in the command line, then in the environment (under the original's names), then in the
// configuration file. CLI11 asks the file before the environment, so what the environment says is put into the command
// line, unless that says it itself.
std::vector<std::string> with_environment(const CLI::App& app, std::vector<std::string> arguments) {
  struct Name {
    std::string flag;
    const char* in_environment;
  };
  const Name names[] = {{"--node-id", "Raft__NodeId"},
                        {"--peers", "Raft__Peers"},
                        {"--database", "Database__Path"},
                        {"--urls", "ASPNETCORE_URLS"}};
  std::vector<std::string> added;
  for (const Name& name : names) {
    TIMESTORE_CHECK(app.get_option_no_throw(name.flag) != nullptr, "a name in the environment stands for a flag");
    const char* value = std::getenv(name.in_environment);
    const auto says_it = [&](const std::string& argument) {
      return argument == name.flag || argument.starts_with(name.flag + "=");
    };
    if (value == nullptr || std::any_of(arguments.begin(), arguments.end(), says_it)) continue;
    added.push_back(name.flag + "=" + value);
  }
  arguments.insert(arguments.end(), added.begin(), added.end());
  return arguments;
}

void describe(CLI::App& app, SettingsText& text) {
  app.set_version_flag("--version", std::string("timestored ") + TIMESTORE_VERSION);
  app.set_config("--config", "", "Read settings from a TOML file, such as: node-id = \"node1\"");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.footer(
      "The environment may say Raft__NodeId, Raft__Peers, Database__Path and ASPNETCORE_URLS. Flags win over it, "
      "and it wins over the file. `timestored recover --help` is for when all other nodes are lost.");
  app.add_option("--node-id", text.node_id, "This node's name, unique in the cluster");
  app.add_option("--listen", text.listen, "Where to listen: host:port");
  app.add_option("--urls", text.urls, "Where to listen, as a URL, when --listen is not given: http://+:5001");
  app.add_option("--advertise", text.advertise, "The URL by which the other nodes and clients reach this node");
  app.add_option("--peers", text.peers, "The other nodes: id=http://host:port,... (a bare URL is asked for its id)");
  app.add_option("--join", text.join, "The URL of any member of the cluster that this new node shall be let into");
  app.add_option("--database", text.database, "The series file; the log file NAME.raft.db stands beside it");
  app.add_option("--log-level", text.log_level, "trace, debug, info, warn, error, critical or off")
      ->capture_default_str();
  app.add_option("--log-format", text.log_format, "text or json (one object a line)")->capture_default_str();
  app.add_option("--tick-ms", text.tick_ms, "The unit that time-outs are counted in")->capture_default_str();
  app.add_option("--heartbeat-ms", text.heartbeat_ms, "How often a leader lets the others hear it")
      ->capture_default_str();
  app.add_option("--election-min-ms", text.election_min_ms, "Shortest silence before a node calls an election")
      ->capture_default_str();
  app.add_option("--election-max-ms", text.election_max_ms, "Longest silence before a node calls an election")
      ->capture_default_str();
  app.add_option("--log-entries", text.log_entries, "Applied writes that stay in the log for nodes that lag behind")
      ->capture_default_str();
  app.add_option("--log-megabytes", text.log_megabytes, "And at most so much of them, in MiB")->capture_default_str();
}

// Every thread started later inherits this: signals are taken by the main thread alone, when it waits for them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
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

bool is_pending(const sigset_t& signals) {
  sigset_t pending;
  sigpending(&pending);
  return (sigismember(&pending, SIGTERM) == 1 && sigismember(&signals, SIGTERM) == 1) ||
         (sigismember(&pending, SIGINT) == 1 && sigismember(&signals, SIGINT) == 1);
}

int run(const timestore::net::Settings& settings) {
  const sigset_t signals = block_signals();
  std::atomic<bool> failed = false;
  const auto on_failure = [&](const timestore::Error&) {
    failed = true;
    kill(getpid(), SIGTERM);
  };
  auto service = Service::start(settings, TIMESTORE_VERSION, on_failure, [&] { return is_pending(signals); });
  if (!service) {
    if (is_pending(signals) && !failed) return kStopped;
    print_error(service.error().message);
    return kFailed;
  }
  int signal = 0;
  sigwait(&signals, &signal);
  timestore::net::log_info("Stopping.");
  (*service)->stop();
  timestore::net::log_info("Stopped.");
  return failed ? kFailed : kStopped;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "recover") return timestore::tools::recover(argc - 1, argv + 1);
  SettingsText text;
  CLI::App app("A node of Time Store DB, a replicated time-series database.", "timestored");
  describe(app, text);
  try {
    std::vector<std::string> arguments = with_environment(app, {argv + 1, argv + argc});
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a vector
    app.parse(std::move(arguments));
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    print_error(error.what());
    return kWrongSettings;
  }
  const auto settings = timestore::net::check(text);
  if (!settings) {
    print_error(settings.error().message);
    return kWrongSettings;
  }
  timestore::net::start_log(settings->log_level, settings->log_format, settings->node_id);
  return run(*settings);
}
