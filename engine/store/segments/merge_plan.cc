#include "engine/store/segments/merge_plan.h"

#include <map>
#include <tuple>
#include <utility>

namespace timestore::segments {

std::vector<Group> choose_jobs(std::span<const Mergeable> idle, const MergeOptions& options) {
  std::map<std::tuple<std::optional<Partition>, std::uint32_t>, std::vector<SegmentId>> groups;
  for (const Mergeable& segment : idle) groups[{segment.partition, segment.level}].push_back(segment.id);
  std::vector<Group> jobs;
  for (auto& [of, inputs] : groups) {
    if (inputs.size() < options.fan_out) continue;
    inputs.resize(options.fan_out);
    jobs.push_back({std::get<0>(of), std::get<1>(of), std::move(inputs)});
  }
  return jobs;
}

Step choose_step(Place begin, std::span<const PieceExtent> pieces, std::uint64_t max_points) {
  if (max_points == 0) return {.end = begin};
  Step step;
  for (const PieceExtent& piece : pieces) {
    if (step.points >= max_points) {
      step.end = {.partition = piece.partition, .series = piece.first_series};
      if (step.end > begin) return step;
      step.end.time_ns = piece.min_time;
      if (step.end > begin) return step;
    }
    step.points += piece.points;
  }
  step.end = Place::end();
  return step;
}

}  // namespace timestore::segments
