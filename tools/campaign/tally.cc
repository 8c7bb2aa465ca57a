#include "tools/campaign/tally.h"

#include <algorithm>

#include "engine/base/mark.h"

namespace timestore::campaign {

Tally::Tally() {
  for (const std::string_view name : Mark::names()) marks_.emplace(name, MarkTally{});
}

void Tally::add(const SeedResult& result) {
  const sim::RunReport& report = result.report;
  ++seeds_;
  if (report.violation) ++violations_;
  sum_.cpu += result.cpu;
  for (const auto field :
       {&sim::RunReport::events, &sim::RunReport::simulated, &sim::RunReport::leader_changes, &sim::RunReport::commits,
        &sim::RunReport::restarts, &sim::RunReport::faults, &sim::RunReport::messages,
        &sim::RunReport::searched_histories, &sim::RunReport::left_out_histories}) {
    sum_.report.*field += report.*field;
  }
  for (const auto& [kind, count] : report.faults_by_kind) sum_.report.faults_by_kind[kind] += count;
  for (std::size_t number = 0; number < std::min(report.marks.size(), Mark::names().size()); ++number) {
    if (report.marks[number] == 0) continue;
    MarkTally& mark = marks_[Mark::names()[number]];
    mark.first_seed = mark.count == 0 ? report.seed : std::min(mark.first_seed, report.seed);
    mark.count += report.marks[number];
  }
}

double Tally::simulated_seconds() const {
  return static_cast<double>(sum_.report.simulated) / static_cast<double>(sim::kSecond);
}

std::vector<Tally::Row> Tally::rows() const {
  const auto count = [](std::uint64_t number) { return static_cast<double>(number); };
  return {{"simulated seconds", simulated_seconds()},
          {"events", count(sum_.report.events)},
          {"messages", count(sum_.report.messages)},
          {"commits", count(sum_.report.commits)},
          {"leader changes", count(sum_.report.leader_changes)},
          {"restarts", count(sum_.report.restarts)},
          {"faults", count(sum_.report.faults)}};
}

std::uint64_t Tally::unreached_marks() const {
  return static_cast<std::uint64_t>(
      std::count_if(marks_.begin(), marks_.end(), [](const auto& mark) { return mark.second.count == 0; }));
}

}  // namespace timestore::campaign
