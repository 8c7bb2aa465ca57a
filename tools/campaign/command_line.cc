#include "tools/campaign/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sim/script/script.h"

namespace timestore::campaign {
namespace {

constexpr const char* kExitStatus =
    "Exit status: 0 everything held, 1 a violation (each with the command that replays it), 2 wrong usage.";

CLI::Option* add_seeds(CLI::App& command, RunSettings& settings) {
  return command
      .add_option(
          "--seeds", settings.seeds,
          "which seeds, in this order: A, A..B, fresh:N for N new ones (their numbers are printed), or several of "
          "these separated by commas, as in 1..250,1492")
      ->capture_default_str();
}

void add_jobs_and_seconds(CLI::App& command, RunSettings& settings) {
  command.add_option("--jobs", settings.jobs, "seeds that run at the same time, each in a process of its own")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--seconds", settings.seconds, "simulated seconds with faults; then the cluster is healed")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      .add_option("--limit-seconds", settings.limit_seconds,
                  "of processor time for each seed; a seed that needs more is the violation 'hang'; 0: no limit")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
}

void add_budget(CLI::App& command, RunSettings& settings) {
  command
      .add_option("--budget-seconds", settings.budget_seconds,
                  "begin no seed after this many seconds of real time, and print which ran")
      ->check(CLI::Range(1, 10'000'000));
}

void add_json(CLI::App& command, RunSettings& settings) {
  command.add_flag("--json", settings.json, "print one line for each seed, in their order; the summary is on stderr");
}

CLI::App* add_run(CLI::App& app, RunSettings& settings) {
  CLI::App* command = app.add_subcommand(
      "run", "run seeds: each is a cluster under faults and load, then healed, checked at every step");
  command->footer(kExitStatus);
  CLI::Option* seeds = add_seeds(*command, settings);
  const auto is_number = [](const std::string& text) {
    const bool is_one = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return is_one ? "" : "'" + text + "' is no number";
  };
  command->add_option("--seed", settings.seeds, "one seed")->check(is_number)->excludes(seeds);
  command->add_option("--nodes", settings.nodes, "size of the cluster; otherwise the seed decides")
      ->check(CLI::Range(1, 7));
  add_jobs_and_seconds(*command, settings);
  command
      ->add_option(
          "--fault", settings.faults,
          "NAME=on, NAME=off, or NAME=1 to NAME=3 for its strength; once for each fault; `all` is every fault; a "
          "later option wins; the seed decides the others; `timestore-sim faults` lists them")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_flag("--verify", settings.verifies, "run each seed twice; a difference is the violation 'determinism'");
  add_budget(*command, settings);
  command->add_flag("--until-violation", settings.until_violation, "begin no seed after the first violation");
  command->add_option("--choices", settings.choices,
                      "repeat the run from the list in this file, with the seed, nodes, seconds and faults that its "
                      "first line names");
  command->add_option("--record", settings.record, "write the list of the run's choices to this file");
  command->add_option("--trace", settings.trace, "write everything that happens to this file, a line each");
  add_json(*command, settings);
  command->add_flag("--marks", settings.prints_marks, "print at the end how often each mark was reached");
  return command;
}

CLI::App* add_marks(CLI::App& app, RunSettings& settings) {
  CLI::App* command = app.add_subcommand(
      "marks", "run seeds and print how often each mark was reached; a mark never reached is a failure");
  command->footer(kExitStatus);
  settings.seeds = "1..2000";
  settings.prints_marks = true;
  settings.demands_marks = true;
  add_seeds(*command, settings);
  add_jobs_and_seconds(*command, settings);
  add_budget(*command, settings);
  add_json(*command, settings);
  return command;
}

struct ScriptSettings {
  std::vector<std::string> files;
  sim::ScriptOptions options;
};

CLI::App* add_script(CLI::App& app, ScriptSettings& settings) {
  CLI::App* command = app.add_subcommand("script", "run scenarios: readable scripts about whole nodes");
  command->add_option("files", settings.files, "scenario files")->required();
  command->add_flag("--rewrite", settings.options.rewrite, "replace the outputs in the files by what is observed");
  command->footer([] {
    std::ostringstream language;
    sim::print_script_help(language);
    return language.str();
  });
  return command;
}

// The settings that a list of choices was recorded with, from its first line.
Result<RunSettings> recorded_settings(const std::string& file) {
  std::ifstream list(file);
  std::string line;
  if (!std::getline(list, line)) return fail("The list of choices " + file + " cannot be read.");
  RunSettings recorded;
  CLI::App app;
  add_run(app, recorded);
  try {
    if (!line.starts_with(kRecordedBy)) throw CLI::ParseError("", kWrongUsage);
    app.parse("run" + line.substr(kRecordedBy.size()));
  } catch (const CLI::ParseError&) {
    return fail(fmt::format("The first line of {} must say what it was recorded with: {} --seed N", file, kRecordedBy));
  }
  return recorded;
}

// A list of choices tells the same story only with what it was recorded with; the command line must not say otherwise.
Result<void> take_recorded_settings(RunSettings& settings, const CLI::App& given) {
  const auto recorded = recorded_settings(settings.choices);
  if (!recorded) return tl::unexpected(recorded.error());
  for (const auto& [option, differs] : {std::pair("--seed", settings.seeds != recorded->seeds),
                                        {"--seeds", settings.seeds != recorded->seeds},
                                        {"--nodes", settings.nodes != recorded->nodes},
                                        {"--seconds", settings.seconds != recorded->seconds},
                                        {"--fault", settings.faults != recorded->faults}}) {
    if (given.count(option) == 0 || !differs) continue;
    return fail(fmt::format("{} was not recorded with this {}: its first line tells. Leave {} out.", settings.choices,
                            option, option));
  }
  settings.seeds = recorded->seeds;
  settings.nodes = recorded->nodes;
  settings.seconds = recorded->seconds;
  settings.faults = recorded->faults;
  return {};
}

int list_faults() {
  for (const sim::FaultKind& kind : sim::fault_kinds()) fmt::print("{:24} {}\n", kind.name, kind.help);
  return kAllHeld;
}

}  // namespace

int command_line(int argc, const char* const* argv, const Simulator& simulator) {
  CLI::App app("Simulates whole Time Store DB clusters, each from one number.", "timestore-sim");
  app.require_subcommand(1);
  RunSettings run_settings;
  RunSettings marks_settings;
  ScriptSettings script_settings;
  const CLI::App* run = add_run(app, run_settings);
  const CLI::App* marks = add_marks(app, marks_settings);
  const CLI::App* script = add_script(app, script_settings);
  app.add_subcommand("faults", "list the faults that --fault switches");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    const std::string help = chosen.empty() ? "--help" : chosen.front()->get_name() + " --help";
    return complain({fmt::format("{}; try: timestore-sim {}", error.what(), help)});
  }
  for (RunSettings* settings : {&run_settings, &marks_settings}) settings->program = argv[0];
  if (run->parsed() && !run_settings.choices.empty()) {
    if (auto taken = take_recorded_settings(run_settings, *run); !taken) return complain(taken.error());
  }
  if (run->parsed()) return run_seeds(run_settings, simulator);
  if (marks->parsed()) return run_seeds(marks_settings, simulator);
  if (script->parsed()) return sim::run_scripts(script_settings.files, script_settings.options, std::cout);
  return list_faults();
}

}  // namespace timestore::campaign
