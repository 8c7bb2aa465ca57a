#include "engine/query/influxql/folds.h"

#include <algorithm>
#include <utility>

#include "engine/query/fold.h"

namespace timestore::query::influxql {

using Members = std::map<GroupKey, std::vector<Member>>;

// Calls of one field and one range.
struct Folds::Job {
  size_t ref = 0;
  TimeBounds bounds = {};
  bool has_limit = false;
  std::vector<size_t> calls = {};
  std::vector<Function> functions = {};  // of the calls
};

namespace {

std::optional<Function::Kind> function_of(const std::string& name) {
  if (name == "count") return Function::Kind::kCount;
  if (name == "sum") return Function::Kind::kSum;
  if (name == "mean") return Function::Kind::kAvg;
  if (name == "min") return Function::Kind::kMin;
  if (name == "max") return Function::Kind::kMax;
  return std::nullopt;
}

const Call& innermost_of(const Call& call) { return call.inner ? innermost_of(*call.inner) : call; }

bool fits(const Plan& plan) {
  if (plan.is_raw() || (plan.is_selector && !plan.has_interval())) return false;
  if (!plan.selected.empty() || plan.windows.zone) return false;
  for (const Call& call : plan.calls) {
    const Call& inner = innermost_of(call);
    if (!function_of(inner.name) || !inner.ref) return false;
    const DataType type = plan.refs[*inner.ref].type;
    if (inner.name != "count" && type != DataType::kUnknown && !is_numeric(type)) return false;
  }
  for (const PlanSource& source : plan.sources) {
    if (source.subquery) return false;
    for (const Ref& ref : plan.refs) {  // a fraction that is cut off changes values
      const auto field = source.schema->fields.find(ref.name);
      if (field == source.schema->fields.end() || !is_numeric(ref.type)) continue;
      const DataType type = data_type_of(field->second);
      if (is_numeric(type) && type != ref.type && ref.type != DataType::kFloat) return false;
    }
  }
  return true;
}

bool has_conditions(const Members& members) {
  return std::any_of(members.begin(), members.end(), [](const auto& group) {
    return std::any_of(group.second.begin(), group.second.end(),
                       [](const Member& member) { return member.condition != nullptr; });
  });
}

// One field's series of a measurement, by number.
std::vector<Series> series_of(const Members& members, const std::string& field, points::Type type) {
  std::vector<Series> series;
  for (const auto& [key, group] : members) {
    for (const Member& member : group) {
      const auto known = member.tags->series.find(field);
      if (known == member.tags->series.end()) continue;
      series.push_back({.number = known->second, .type = type, .tags = member.tags->tags});
    }
  }
  std::sort(series.begin(), series.end(),
            [](const Series& left, const Series& right) { return left.number < right.number; });
  return series;
}

TimeRange range_of(const TimeBounds& bounds) {
  TimeRange range;
  if (bounds.first_ns != kFirstTime) range.from_ns = bounds.first_ns;
  if (bounds.last_ns != kLastTime) range.to_ns = bounds.last_ns + 1;
  return range;
}

}  // namespace

Answer<std::optional<Folds>> Folds::of(const Plan& plan, const Work& work) {
  if (!fits(plan)) return std::nullopt;
  std::vector<Members> members;
  for (const PlanSource& source : plan.sources) {
    auto of_source = members_of(plan, source);
    if (!of_source) return tl::unexpected(of_source.error());
    if (has_conditions(*of_source)) return std::nullopt;
    members.push_back(std::move(*of_source));
  }
  std::vector<Job> jobs;
  Fault none;
  Collector nowhere(0, 0, none);
  for (size_t at = 0; at < plan.calls.size(); ++at) {
    const Chain chain = chain_of(plan.calls[at], plan, work.limits, none, nowhere);
    const Call& inner = *chain.innermost;
    const bool has_limit = !plan.calls[at].inner && plan.page.limit.value_or(0) > 0;
    auto job = std::find_if(jobs.begin(), jobs.end(), [&](const Job& known) {
      return known.ref == *inner.ref && known.has_limit == has_limit &&
             known.bounds.first_ns == chain.bounds.first_ns && known.bounds.last_ns == chain.bounds.last_ns;
    });
    if (job == jobs.end()) {
      job = jobs.insert(job, {.ref = *inner.ref, .bounds = chain.bounds, .has_limit = has_limit});
    }
    job->calls.push_back(at);
    job->functions.push_back({.kind = *function_of(inner.name), .name = inner.name});
  }
  Folds folds(plan.calls.size());
  for (size_t source = 0; source < plan.sources.size(); ++source) {
    for (const Job& job : jobs) {
      auto folded = folds.fold(plan, work, plan.sources[source], job, members[source]);
      if (!folded) return tl::unexpected(folded.error());
    }
  }
  return std::optional(std::move(folds));
}

Answer<void> Folds::fold(const Plan& plan, const Work& work, const PlanSource& of, const Job& job,
                         const Members& members) {
  const Ref& ref = plan.refs[job.ref];
  const auto field = of.schema->fields.find(ref.name);
  if (field == of.schema->fields.end() || ref.type == DataType::kTag || ref.type == DataType::kUnknown) return {};
  const DataType type = data_type_of(field->second);
  const bool becomes = type == ref.type || (is_numeric(type) && is_numeric(ref.type));
  if (!becomes || job.bounds.first_ns > job.bounds.last_ns) return {};

  query::Plan folded{.query = {}, .needs = needs_of(job.functions), .buckets = {}, .series = {}, .limits = work.limits};
  folded.query.filter.range = range_of(job.bounds);
  folded.query.functions = job.functions;
  folded.query.is_descending = plan.is_descending;
  for (const std::string& tag : plan.dimensions) {
    folded.query.group_by.push_back({.kind = query::GroupKey::Kind::kTag, .tag = tag});
  }
  if (job.has_limit && *plan.page.limit < work.limits.rows && plan.page.offset.value_or(0) < work.limits.rows) {
    folded.query.limit = *plan.page.limit + plan.page.offset.value_or(0) + 1;  // one more for a linear fill
  }
  if (plan.has_interval()) folded.buckets.emplace(plan.windows.interval_ns, plan.windows.offset_ns);
  folded.series = series_of(members, ref.name, field->second);
  Fold fold(folded);
  if (auto added = fold.add_all(*work.source); !added) return added;

  for (auto& [name, cells] : fold.groups()) {
    GroupKey key{.measurement = of.measurement, .tags = {}};
    for (const auto& tag : name) key.tags.push_back(tag.value_or(""));
    for (size_t at = 0; at < job.calls.size(); ++at) {
      std::vector<Sample>& samples = samples_[job.calls[at]][key];
      const DataType result = innermost_of(plan.calls[job.calls[at]]).result;
      for (auto& [begin_ns, cell] : cells) {
        auto value = cell.cell.value(job.functions[at], 0);
        if (!value) return tl::unexpected(value.error());
        if (is_null(*value)) continue;
        const auto* natural = std::get_if<uint64_t>(&*value);
        if (natural != nullptr && result == DataType::kInteger && *natural > uint64_t{INT64_MAX}) {
          return too_much("the sum of integers is beyond 64 bits; ask for a shorter range, or for the mean");
        }
        int64_t time_ns = plan.has_interval() ? std::max(begin_ns, kFirstTime) : job.bounds.first_ns;
        if (time_ns == kFirstTime) time_ns = 0;
        samples.push_back({.time_ns = time_ns, .value = cast(std::move(*value), result)});
      }
      if (plan.is_descending) std::reverse(samples.begin(), samples.end());
    }
  }
  return {};
}

Answer<std::vector<Sample>> Folds::samples_of(const GroupKey& group, size_t call) {
  const auto found = samples_[call].find(group);
  if (found == samples_[call].end()) return std::vector<Sample>();
  std::vector<Sample> samples = std::move(found->second);
  samples_[call].erase(found);
  return samples;
}

}  // namespace timestore::query::influxql
