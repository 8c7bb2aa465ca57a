// timestore-bench: how fast a running Time Store DB takes entries.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <map>
#include <random>
#include <string>

#include "bench/ingest/ingest.h"
#include "bench/ingest/leader_probe.h"
#include "bench/ingest/report.h"

namespace {

using namespace timestore::bench;  // NOLINT: this file is the program

struct Settings {
  std::string url = "http://127.0.0.1:5001";
  int connections = 64;
  int seconds = 10;
  int devices = 100;
  bool json = false;
  bool with_ids = false;
  bool follow_redirect = false;
  Server server = Server::kTimestore;
};

volatile std::sig_atomic_t interrupt_came = 0;

void print_progress(const IngestProgress& progress) {
  fmt::print(stderr, "{:4} s {:8} entries/s {:6} errors{}\n", progress.elapsed.count(), progress.accepted,
             progress.errors, progress.warming_up ? "   (warm-up, not counted)" : "");
}

int complain(const timestore::Error& error) {
  fmt::print(stderr, "timestore-bench: {}\n", error.message);
  return 1;
}

int ingest(const Settings& settings) {
  std::signal(SIGINT, [](int) { interrupt_came = 1; });  // Ctrl-C ends the run early, with its report
  auto target = parse_target(settings.url);
  if (target && settings.follow_redirect) target = leader_of(*target);
  if (!target) return complain(target.error());
  const auto report = run_ingest({.target = *target,
                                  .connections = settings.connections,
                                  .measured = std::chrono::seconds(settings.seconds),
                                  .entries = {.server = settings.server,
                                              .devices = static_cast<std::uint64_t>(settings.devices),
                                              .with_ids = settings.with_ids,
                                              .seed = std::random_device()()},
                                  .on_second = print_progress,
                                  .interrupted = [] { return interrupt_came != 0; }});
  if (!report) return complain(report.error());
  fmt::print("{}", settings.json ? as_json(*report) : as_text(*report));
  return report->accepted > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures a running Time Store DB.", "timestore-bench");
  app.require_subcommand(1);
  Settings settings;
  CLI::App* command = app.add_subcommand("ingest", "post single time entries over many connections");
  command->add_option("--url", settings.url, "a node of the cluster")->capture_default_str();
  command->add_option("--connections", settings.connections, "each posts its next entry when the last is answered")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--seconds", settings.seconds, "measured time, after one second of warm-up")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  command->add_option("--devices", settings.devices, "device ids, in turn")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_flag("--json", settings.json, "print the report as one JSON object");
  command->add_flag("--with-ids", settings.with_ids, "send a random id with each entry; entries can then be retried");
  command->add_flag("--follow-redirect", settings.follow_redirect,
                    "ask the node for its leader first, and load that one");
  const std::map<std::string, Server> servers = {{"timestore", Server::kTimestore}, {"etcd", Server::kEtcd}};
  command->add_option("--server", settings.server, "what listens there: timestore, or etcd for comparison")
      ->transform(CLI::CheckedTransformer(servers))
      ->option_text("timestore|etcd");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // 0 after --help
  }
  return ingest(settings);
}
