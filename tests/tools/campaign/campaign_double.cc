// The command line of timestore-sim over a simulator that only pretends, and does whatever a test needs: seed 13 is
// violated, 14 crashes, 15 never ends, 16 is never the same twice, 17 eats memory, and all others hold. The hash is
// over the choices and the options.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/mark.h"
#include "tools/campaign/command_line.h"

namespace {

using timestore::Hasher;
using timestore::sim::Choice;
using timestore::sim::RunOptions;
using timestore::sim::RunReport;

void misbehave(std::uint64_t seed, RunReport& report) {
  static std::uint64_t runs = 0;
  ++runs;
  volatile std::uint64_t work = 0;
  switch (seed) {
    case 13:
      report.violation = {.checker = "ledger", .rule = "one entry per index", .detail = "two at 7: \"a\", \"b\""};
      report.timeline = {"seconds  node1  node2", "   1.50  leads"};
      return;
    case 14:
      std::abort();
    case 15:
      for (;;) work = work + 1;
    case 16:
      report.hash += runs;
      return;
    case 17:
      for (std::vector<std::unique_ptr<char[]>> eaten;;)
        eaten.push_back(std::make_unique_for_overwrite<char[]>(std::size_t{8} << 30));
    default:
      return;
  }
}

RunReport pretend(const RunOptions& options) {
  RunReport report;
  report.seed = options.seed;
  report.nodes = options.nodes.value_or(3);
  report.simulated = options.duration;
  report.events = 10;
  report.commits = 5;
  report.searched_histories = 3;
  report.left_out_histories = 2;
  const std::vector<Choice> choices =
      options.choices.value_or(std::vector<Choice>{{"pretence", 1, 2, options.seed * options.seed}});
  Hasher hasher;
  hasher.add(report.nodes).add(report.simulated);
  for (const Choice& choice : choices) hasher.add(choice.value);
  for (const auto& [name, is_on] : options.faults) hasher.add(name).add(is_on ? 1 : 0);
  report.hash = hasher.value();
  if (options.records_choices) report.choices = choices;
  if (options.trace) options.trace("pretended");

  timestore::mark_counts = &report.marks;
  TIMESTORE_MARK("pretence: a seed ran");
  if (options.seed == 5) TIMESTORE_MARK("pretence: the fifth seed ran");
  timestore::mark_counts = nullptr;
  misbehave(options.seed, report);
  return report;
}

}  // namespace

int main(int argc, char** argv) { return timestore::campaign::command_line(argc, argv, pretend); }
