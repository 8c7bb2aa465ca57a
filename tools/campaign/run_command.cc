#include "tools/campaign/run_command.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "tools/campaign/campaign.h"
#include "tools/campaign/progress.h"
#include "tools/campaign/report.h"
#include "tools/campaign/tally.h"

namespace timestore::campaign {
namespace {

constexpr std::string_view kDeterminism = "determinism";
constexpr std::string_view kHang = "hang";

// Everything that was asked for, checked.
struct Plan {
  CampaignOptions campaign;
  sim::RunOptions run;  // but for the seed
  std::shared_ptr<std::ofstream> record;
};

Result<void> set_fault(decltype(sim::RunOptions::faults)& faults, const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
  constexpr std::string_view kValues[] = {"off", "1", "2", "3", "on"};
  const auto* found = std::find(std::begin(kValues), std::end(kValues), value);
  if (found == std::end(kValues)) return fail("--fault " + text + " is not NAME=on, NAME=off or NAME=1 to NAME=3.");
  const auto strength = value == "on" ? std::nullopt : std::optional(static_cast<std::uint32_t>(found - kValues));
  bool is_known = false;
  for (const sim::FaultKind& kind : sim::fault_kinds()) {
    if (name != "all" && name != kind.name) continue;
    faults.insert_or_assign(std::string(kind.name), strength);
    is_known = true;
  }
  if (!is_known) return fail("There is no fault '" + name + "'; `timestore-sim faults` lists them.");
  return {};
}

Result<std::vector<sim::Choice>> read_choices(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) return fail("The list of choices " + file + " cannot be read.");
  return sim::parse_choices(text);
}

Result<std::shared_ptr<std::ofstream>> open_for_writing(const std::string& file) {
  auto stream = std::make_shared<std::ofstream>(file, std::ios::binary);
  if (!*stream) return fail(file + " cannot be written.");
  return stream;
}

Result<Plan> plan(const RunSettings& settings) {
  Plan plan;
  const auto seeds = parse_seeds(settings.seeds);
  if (!seeds) return tl::unexpected(seeds.error());
  for (const auto& [option, file] : {std::pair<const char*, const std::string&>{"--choices", settings.choices},
                                     {"--record", settings.record},
                                     {"--trace", settings.trace}}) {
    if (!file.empty() && seeds->size() != 1)
      return fail(std::string(option) + " is for one seed; name it by --seed N.");
  }
  plan.campaign = {.seeds = *seeds,
                   .jobs = settings.jobs,
                   .cpu_limit = std::chrono::seconds(settings.limit_seconds),
                   .until_violation = settings.until_violation};
  if (settings.budget_seconds) plan.campaign.budget = std::chrono::seconds(*settings.budget_seconds);
  plan.run.is_too_long = is_out_of_time;
  plan.run.nodes = settings.nodes;
  plan.run.duration = settings.seconds * sim::kSecond;
  for (const std::string& fault : settings.faults) {
    if (auto set = set_fault(plan.run.faults, fault); !set) return tl::unexpected(set.error());
  }
  if (!settings.choices.empty()) {
    auto choices = read_choices(settings.choices);
    if (!choices) return tl::unexpected(choices.error());
    plan.run.choices = std::move(*choices);
  }
  if (!settings.record.empty()) {
    auto record = open_for_writing(settings.record);
    if (!record) return tl::unexpected(record.error());
    plan.record = std::move(*record);
    plan.run.records_choices = true;
  }
  if (!settings.trace.empty()) {
    auto trace = open_for_writing(settings.trace);
    if (!trace) return tl::unexpected(trace.error());
    // Every line is written at once: the run may die in the next.
    plan.run.trace = [trace = std::move(*trace)](std::string_view line) { *trace << line << '\n' << std::flush; };
  }
  return plan;
}

std::chrono::microseconds cpu_used() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::microseconds(used.tv_nsec / 1000);
}

// Runs a seed again and complains about it if that is not the same.
void verify(sim::RunReport& first, sim::RunOptions options, const Simulator& simulator) {
  options.records_choices = false;
  options.trace = nullptr;
  if (first.violation && first.violation->checker == kHang) return;  // when it was ended, nothing but the clock decided
  const sim::RunReport second = simulator(options);
  if (first.hash == second.hash && first.events == second.events) return;
  const std::string difference =
      fmt::format("The first run's hash is {:016x} after {} events, the second's {:016x} after {}.", first.hash,
                  first.events, second.hash, second.events);
  if (first.violation) {
    first.violation->detail += " And it does not repeat: " + difference;
  } else {
    first.violation = {
        .checker = std::string(kDeterminism), .rule = "a seed is always the same run", .detail = difference};
  }
}

SeedResult run_seed(std::uint64_t seed, sim::RunOptions options, const Simulator& simulator, bool verifies) {
  options.seed = seed;
  const auto before = cpu_used();
  SeedResult result{.report = simulator(options)};
  result.cpu = cpu_used() - before;
  if (verifies) verify(result.report, options, simulator);
  return result;
}

// Prints what comes of the seeds: in JSON in the order of the list; in words each violation when it is found.
class Printer {
 public:
  Printer(const RunSettings& settings, const SeedList& seeds) : settings_(settings), seeds_(seeds) {}
  ~Printer() {
    for (; !lines_.empty(); ++next_) print_in_order();  // after an interruption there are holes
  }
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  void add(const SeedResult& result) {
    tally_.add(result);
    const auto& violation = result.report.violation;
    const std::uint64_t seed = result.report.seed;
    const std::string replay = violation ? replay_command(settings_, seed, violation->checker) : "";
    if (settings_.json) {
      lines_.emplace(seed, as_json(result, replay));
      print_in_order();
    } else if (violation) {
      progress_.clear();
      fmt::print("{}", as_text(result, replay));
      std::fflush(stdout);
    }
  }

  void show_progress() {
    progress_.show([&] {
      const double cpu = tally_.cpu_seconds();
      return fmt::format("{} of {} seeds, {} violated; {:.0f} simulated seconds, {:.0f} per CPU second", tally_.seeds(),
                         seeds_.size(), tally_.violations(), tally_.simulated_seconds(),
                         cpu > 0 ? tally_.simulated_seconds() / cpu : 0);
    });
  }

  void finish(const CampaignOutcome& outcome) {
    progress_.clear();
    std::FILE* const out = settings_.json ? stderr : stdout;  // JSON stands alone
    fmt::print(out, "{}", summary(tally_, seeds_, outcome));
    if (settings_.prints_marks) fmt::print(out, "{}", marks_table(tally_));
  }

  // Whether a mark that these seeds must reach was not reached.
  bool misses_marks() const { return settings_.demands_marks && tally_.unreached_marks() > 0; }

  const Tally& tally() const { return tally_; }

 private:
  using Lines = std::multimap<std::uint64_t, std::string>;  // by seed

  // Prints the lines up to the first seed that has none yet.
  void print_in_order() {
    if (next_line() == lines_.end()) return;
    progress_.clear();
    for (auto line = next_line(); line != lines_.end(); line = next_line()) {
      fmt::print("{}", line->second);
      lines_.erase(line);
      ++next_;
    }
    std::fflush(stdout);
  }

  // The line of the seed whose turn it is; any of them, if the seed ran more than once.
  Lines::const_iterator next_line() const {
    return next_ < seeds_.size() ? lines_.find(seeds_.at(next_)) : lines_.end();
  }

  const RunSettings& settings_;
  const SeedList& seeds_;
  std::uint64_t next_ = 0;  // the place of the seed whose line is to be printed next
  Tally tally_;
  Progress progress_;
  Lines lines_;  // that wait for those of earlier seeds
};

// A word for the shell: quoted unless it needs no quotes.
std::string shell_word(const std::string& text) {
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("-_./=:,+").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string story_options(const RunSettings& settings, std::uint64_t seed) {
  std::string options = " --seed " + std::to_string(seed);
  if (settings.nodes) options += " --nodes " + std::to_string(*settings.nodes);
  if (settings.seconds != kDefaultSeconds) options += " --seconds " + std::to_string(settings.seconds);
  for (const std::string& fault : settings.faults) options += " --fault " + shell_word(fault);
  return options;
}

std::string replay_command(const RunSettings& settings, std::uint64_t seed, std::string_view checker) {
  std::string command = shell_word(settings.program) + " run";
  command += settings.choices.empty() ? story_options(settings, seed) : " --choices " + shell_word(settings.choices);
  if (checker == kDeterminism) command += " --verify";
  if (checker == kHang && settings.limit_seconds != kDefaultLimitSeconds) {
    command += " --limit-seconds " + std::to_string(settings.limit_seconds);
  }
  return command;
}

int run_seeds(const RunSettings& settings, const Simulator& simulator) {
  const auto planned = plan(settings);
  if (!planned) return complain(planned.error());
  const SeedList& seeds = planned->campaign.seeds;
  if (settings.seeds.find("fresh:") != std::string::npos) {
    fmt::print(stderr, "timestore-sim: --seeds {}\n", to_text(seeds));
  }

  Printer printer(settings, seeds);
  const SeedRunner runner = [&](std::uint64_t seed) {
    SeedResult result = run_seed(seed, planned->run, simulator, settings.verifies);
    if (auto& violation = result.report.violation; violation && violation->checker == kHang) {
      violation->detail +=
          fmt::format(" It had used {} seconds of processor time (--limit-seconds).", settings.limit_seconds);
    }
    return result;
  };
  const CampaignListener listener = {.on_result =
                                         [&](const SeedResult& result) {
                                           printer.add(result);
                                           if (planned->record == nullptr) return;
                                           *planned->record << kRecordedBy
                                                            << story_options(settings, result.report.seed) << '\n'
                                                            << sim::to_text(result.report.choices) << std::flush;
                                         },
                                     .on_wait = [&] { printer.show_progress(); }};
  const auto outcome = run_campaign(planned->campaign, runner, listener);
  if (!outcome) return complain(outcome.error());
  printer.finish(*outcome);
  if (printer.tally().violations() > 0) return kViolated;
  if (outcome->end == CampaignEnd::kInterrupted) return 128 + outcome->signal;
  return printer.misses_marks() ? kViolated : kAllHeld;
}

int complain(const Error& error) {
  fmt::print(stderr, "timestore-sim: {}\n", error.message);
  return kWrongUsage;
}

}  // namespace timestore::campaign
