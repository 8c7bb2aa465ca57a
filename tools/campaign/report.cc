#include "tools/campaign/report.h"

#include <fmt/format.h>

#include <cstdint>

#include "engine/base/json_text.h"

namespace timestore::campaign {
namespace {

double seconds(std::chrono::microseconds time) { return std::chrono::duration<double>(time).count(); }

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += fmt::format(R"(,"{}":)", name);
  append_json_string(out, text);
}

std::string seeds_that_ran(const Tally& tally, const SeedList& seeds, const CampaignOutcome& outcome) {
  if (outcome.end == CampaignEnd::kComplete) return "seeds " + to_text(seeds);
  if (outcome.end == CampaignEnd::kInterrupted) {
    return fmt::format("interrupted after {} of the seeds {}", tally.seeds(), to_text(seeds));
  }
  const std::string_view reason = outcome.end == CampaignEnd::kBudgetSpent ? "the time is spent" : "stopped there";
  if (seeds.ranges().size() > 1) {
    return fmt::format("the first {} of the {} seeds {} ({})", outcome.begun, seeds.size(), to_text(seeds), reason);
  }
  const std::uint64_t first = seeds.at(0);
  return fmt::format("seeds {} of {} ({})", to_text(SeedRange{first, first + outcome.begun - 1}), to_text(seeds),
                     reason);
}

std::string grouped(double number) { return fmt::format("{}", fmt::group_digits(static_cast<std::uint64_t>(number))); }

}  // namespace

std::string as_json(const SeedResult& result, std::string_view replay) {
  const sim::RunReport& report = result.report;
  const auto& violation = report.violation;
  std::string line = fmt::format(R"({{"seed":{},"verdict":"{}")", report.seed, violation ? "violation" : "ok");
  if (violation) append_member(line, "violation", violation->checker + ": " + violation->rule);
  line += fmt::format(
      R"(,"hash":"{:016x}","events":{},"simSeconds":{}.{:06},"cpuSeconds":{:.6f},"leaderChanges":{},"commits":{},)"
      R"("faults":{},"nodes":{},"restarts":{},"searchedHistories":{},"leftOutHistories":{})",
      report.hash, report.events, report.simulated / sim::kSecond, report.simulated % sim::kSecond, seconds(result.cpu),
      report.leader_changes, report.commits, report.faults, report.nodes, report.restarts, report.searched_histories,
      report.left_out_histories);
  if (violation) {
    append_member(line, "checker", violation->checker);
    append_member(line, "detail", violation->detail);
    append_member(line, "replay", replay);
    line += R"(,"timeline":[)";
    for (std::size_t i = 0; i < report.timeline.size(); ++i) {
      if (i > 0) line += ',';
      append_json_string(line, report.timeline[i]);
    }
    line += ']';
  }
  return line + "}\n";
}

std::string as_text(const SeedResult& violating, std::string_view replay) {
  const sim::RunReport& report = violating.report;
  const sim::Violation& violation = *report.violation;
  std::string text = fmt::format("seed {}: a violation, found by {}\n  broken   {}\n  seen     {}\n", report.seed,
                                 violation.checker, violation.rule, violation.detail);
  for (const std::string& line : report.timeline) text += "  | " + line + "\n";
  return text + fmt::format("  replay   {}\n\n", replay);
}

std::string summary(const Tally& tally, const SeedList& seeds, const CampaignOutcome& outcome) {
  std::string text = fmt::format("{}: ", seeds_that_ran(tally, seeds, outcome));
  text += tally.violations() == 0 ? "all held\n" : fmt::format("{} violated\n", tally.violations());
  const double cpu = tally.cpu_seconds();
  text += fmt::format("{:22}{:>16}{:>16}\n", "", "total", "per CPU second");
  for (const auto& [name, total] : tally.rows()) {
    text += fmt::format("{:22}{:>16}{:>16}\n", name, grouped(total), cpu > 0 ? grouped(total / cpu) : "-");
  }
  text += fmt::format("{:22}{:>16.1f}\n", "CPU seconds", cpu);
  int column = 0;
  for (const auto& [kind, count] : tally.faults_by_kind()) {
    text += fmt::format("  {:14}{:>10}{}", kind, grouped(static_cast<double>(count)), ++column % 4 == 0 ? "\n" : "");
  }
  if (column % 4 != 0) text += '\n';
  return text + fmt::format("histories searched blindly: {}; too long or too hard and left out: {}\n",
                            tally.searched_histories(), tally.left_out_histories());
}

std::string marks_table(const Tally& tally) {
  std::string text = fmt::format("{:>14}{:>14}  mark\n", "count", "first seed");
  std::string never;
  for (const auto& [name, mark] : tally.marks()) {
    text += fmt::format("{:>14}{:>14}  {}\n", mark.count, mark.count > 0 ? std::to_string(mark.first_seed) : "-", name);
    if (mark.count == 0) never += fmt::format("  never: {}\n", name);
  }
  text += fmt::format("{} marks, {} never reached\n", tally.marks().size(), tally.unreached_marks());
  return text + never;
}

}  // namespace timestore::campaign
