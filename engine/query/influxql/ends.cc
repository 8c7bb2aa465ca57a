#include "engine/query/influxql/ends.h"

#include <algorithm>
#include <utility>

#include "engine/query/batches.h"

namespace timestore::query::influxql {
namespace {

// Whose end is looked for, and what was found.
struct Candidate {
  const GroupKey* group = nullptr;
  const TagSet* tags = nullptr;
  std::optional<Sample> end = {};
};
using Candidates = std::map<SeriesNumber, Candidate>;

class EndReader {
 public:
  EndReader(const Plan& plan, const Work& work)
      : is_last_(plan.calls[0].name == "last"), bounds_(plan.windows.bounds), work_(work) {}

  Answer<void> read(Candidates& candidates) {
    std::vector<SeriesNumber> numbers;
    for (const auto& [number, candidate] : candidates) numbers.push_back(number);
    const Reading reading{
        .series = numbers, .first_ns = bounds_.first_ns, .last_ns = bounds_.last_ns, .is_descending = is_last_};
    return for_each_batch(*work_.source, reading, work_.limits, [&](BatchCursor& cursor) {
      return look_at(cursor, candidates.at(cursor.head().series)).map([&](bool goes_on) {
        if (!goes_on) cursor.skip_series();
      });
    });
  }

 private:
  // Whether points of the next batch may count.
  Answer<bool> look_at(BatchCursor& cursor, Candidate& candidate) {
    const BatchHead& head = cursor.head();
    if (head.last_ns < bounds_.first_ns || head.first_ns > bounds_.last_ns) return true;
    if (candidate.end && (is_last_ ? head.last_ns : head.first_ns) != candidate.end->time_ns) return false;
    const auto columns = cursor.columns();
    if (!columns) return environment(columns.error());
    for (size_t step = 0; step < head.count; ++step) {
      const size_t at = is_last_ ? head.count - 1 - step : step;
      const int64_t time_ns = (*columns)->times[at];
      if (time_ns < bounds_.first_ns || time_ns > bounds_.last_ns) continue;
      if (candidate.end && candidate.end->time_ns != time_ns) return false;
      const bool is_text = head.type == points::Type::kString;
      Value value = query::value_of(head.type, is_text ? 0 : (*columns)->bits[at],
                                    is_text ? (*columns)->texts[at] : std::string_view());
      const bool is_better = !candidate.end || is_less(candidate.end->value, value);
      if (is_better) candidate.end = Sample{.time_ns = time_ns, .value = std::move(value)};
    }
    return true;
  }

  bool is_last_;
  TimeBounds bounds_;
  const Work& work_;
};

}  // namespace

bool asks_for_ends(const Plan& plan) {
  if (!plan.is_selector || plan.has_interval() || plan.sources.size() != 1) return false;
  const std::string& name = plan.calls[0].name;
  return (name == "first" || name == "last") && plan.sources[0].schema != nullptr;
}

Answer<std::optional<Ends>> Ends::of(const Plan& plan, const Work& work) {
  const bool needs_fields = std::any_of(plan.selected.begin(), plan.selected.end(),
                                        [&](size_t ref) { return plan.refs[ref].type != DataType::kTag; });
  if (!asks_for_ends(plan) || needs_fields) return std::nullopt;
  const Ref& ref = plan.refs[*plan.calls[0].ref];
  const auto field = plan.sources[0].schema->fields.find(ref.name);
  const bool is_same = field != plan.sources[0].schema->fields.end() && data_type_of(field->second) == ref.type;
  if (!is_same || plan.windows.bounds.first_ns > plan.windows.bounds.last_ns) return std::nullopt;
  const auto members = members_of(plan, plan.sources[0]);
  if (!members) return tl::unexpected(members.error());
  Candidates candidates;
  for (const auto& [group, of_group] : *members) {
    for (const Member& member : of_group) {
      if (member.condition) return std::nullopt;
      const auto series = member.tags->series.find(ref.name);
      if (series != member.tags->series.end()) candidates[series->second] = {.group = &group, .tags = member.tags};
    }
  }
  if (auto read = EndReader(plan, work).read(candidates); !read) return tl::unexpected(read.error());

  std::map<GroupKey, const Candidate*> best;
  std::map<const TagSet*, const Candidate*> by_tags;
  for (const auto& [number, candidate] : candidates) by_tags[candidate.tags] = &candidate;
  for (const auto& [group, of_group] : *members) {
    for (const Member& member : of_group) {  // by tags: of equal ones the first in the plan's order counts
      const auto found = by_tags.find(member.tags);
      if (found == by_tags.end() || !found->second->end) continue;
      const Candidate*& known = best[group];
      const Sample& end = *found->second->end;
      const bool is_last = plan.calls[0].name == "last";
      const bool is_beyond =
          known != nullptr && (is_last ? end.time_ns > known->end->time_ns : end.time_ns < known->end->time_ns);
      const bool is_tied = known != nullptr && end.time_ns == known->end->time_ns;
      const bool is_greater = is_tied && (plan.is_descending ? !is_less(end.value, known->end->value)
                                                             : is_less(known->end->value, end.value));
      if (known == nullptr || is_beyond || is_greater) known = found->second;
    }
  }
  Ends ends;
  for (const auto& [group, candidate] : best) {
    Sample sample = *candidate->end;
    for (const size_t selected : plan.selected) {
      const std::string& tag = candidate->tags->tag(plan.refs[selected].name);
      sample.others.push_back(tag.empty() ? Value() : Value(tag));
    }
    ends.samples_.emplace(group, std::move(sample));
  }
  return std::optional(std::move(ends));
}

std::optional<Sample> Ends::sample_of(const GroupKey& group) const {
  const auto found = samples_.find(group);
  return found == samples_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace timestore::query::influxql
