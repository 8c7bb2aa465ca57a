#include "engine/query/influxql/run.h"

#include <algorithm>
#include <utility>

namespace timestore::query::influxql {
namespace {

// Passes on what LIMIT and OFFSET leave.
class PageGate {
 public:
  PageGate(const Page& page, const ColumnSink& sink)
      : skipped_(page.offset.value_or(0)), left_(page.limit.value_or(0)), is_limited_(left_ > 0), sink_(sink) {}

  bool tell(int64_t time_ns, std::span<const Value> values) {
    if (skipped_ > 0) {
      --skipped_;
      return true;
    }
    if (is_limited_ && left_ == 0) return false;
    if (!sink_(time_ns, values)) return false;
    return !is_limited_ || --left_ > 0;
  }

 private:
  uint64_t skipped_;
  uint64_t left_;
  bool is_limited_;
  const ColumnSink& sink_;
};

// Tells results as they come: those of a function of points, which may be as many as the points.
class TellingStage final : public Stage {
 public:
  explicit TellingStage(std::function<bool(Sample&&)> tell) : tell_(std::move(tell)) {}
  bool push(Sample&& sample) override { return tell_(std::move(sample)); }
  void finish() override {}

 private:
  std::function<bool(Sample&&)> tell_;
};

}  // namespace

Answer<std::unique_ptr<Run>> Run::open(std::shared_ptr<const Plan> plan, const Work& work) {
  std::unique_ptr<Run> run(new Run(std::move(plan), work));
  auto rows = open_sources(*run->plan_, work);
  if (!rows) return tl::unexpected(rows.error());
  run->rows_ = std::move(*rows);
  if (run->plan_->is_raw()) return run;
  auto folds = Folds::of(*run->plan_, work);
  if (!folds) return tl::unexpected(folds.error());
  run->folds_ = std::move(*folds);
  auto ends = Ends::of(*run->plan_, work);
  if (!ends) return tl::unexpected(ends.error());
  run->ends_ = std::move(*ends);
  return run;
}

// In which SLIMIT and SOFFSET count groups, as in 1.x: those that lack a tag come first.
std::string Run::place_of(const GroupKey& group) const {
  std::string names;
  std::string values;
  for (size_t at = 0; at < group.tags.size(); ++at) {
    if (group.tags[at].empty()) continue;
    names += plan_->dimensions[at] + '|';
    values += group.tags[at] + '|';
  }
  return names + values;
}

std::vector<GroupKey> Run::groups() const {
  const uint64_t offset = plan_->page.series_offset.value_or(0);
  const uint64_t limit = plan_->page.series_limit.value_or(0);
  std::vector<GroupKey> kept = rows_->groups();
  if (offset > 0 || limit > 0) {
    std::map<std::string, std::map<std::string, GroupKey>> by_measurement;
    for (GroupKey& key : kept) by_measurement[key.measurement].emplace(place_of(key), key);
    kept.clear();
    for (auto& [measurement, groups] : by_measurement) {
      uint64_t place = 0;
      for (auto& [text, key] : groups) {
        if (place >= offset && (limit == 0 || place - offset < limit)) kept.push_back(std::move(key));
        ++place;
      }
    }
    std::sort(kept.begin(), kept.end());
  }
  if (plan_->is_descending) std::reverse(kept.begin(), kept.end());  // as in 1.x
  return kept;
}

std::vector<Value> Run::columns_of(std::span<const Value> slots) const {
  std::vector<Value> values;
  values.reserve(plan_->values.size());
  for (const Term& term : plan_->values) values.push_back(value_of(term, slots));
  return values;
}

Answer<void> Run::rows_of(const GroupKey& group, const ColumnSink& sink) {
  const TimeBounds& bounds = plan_->windows.bounds;
  if (bounds.first_ns > bounds.last_ns) return {};
  return plan_->is_raw() ? tell_raw(group, sink) : tell_results(group, sink);
}

Answer<void> Run::tell_raw(const GroupKey& group, const ColumnSink& sink) {
  const bool is_known = std::any_of(plan_->selected.begin(), plan_->selected.end(),
                                    [&](size_t ref) { return plan_->refs[ref].type != DataType::kUnknown; });
  if (!is_known) return {};
  PageGate gate(plan_->page, sink);
  return rows_->scan(
      group, {.bounds = plan_->windows.bounds, .needed = plan_->selected},
      [&](int64_t time_ns, std::span<const Value> slots) { return gate.tell(time_ns, columns_of(slots)); });
}

std::vector<Run::Part> Run::parts(const ColumnSink& sink) const {
  const uint64_t limit = plan_->page.limit.value_or(0);
  const uint64_t offset = plan_->page.offset.value_or(0);
  const size_t most = limit == 0 || limit > SIZE_MAX - offset ? SIZE_MAX : limit + offset;
  std::vector<Part> parts;
  for (const Call& call : plan_->calls) {
    Part part{.fault = std::make_unique<Fault>(), .last = {}, .chain = {}};
    const bool is_told = plan_->calls.size() == 1 && !plan_->has_interval() && is_transform(call.name);
    if (is_told) {
      part.last = std::make_unique<TellingStage>([this, sink](Sample&& sample) {
        std::vector<Value> slots(1 + plan_->refs.size());
        slots[0] = std::move(sample.value);
        return sink(sample.time_ns, columns_of(slots));
      });
    } else {
      auto collector = std::make_unique<Collector>(most, work_.limits.rows, *part.fault);
      part.collector = collector.get();
      part.last = std::move(collector);
    }
    part.chain = chain_of(call, *plan_, work_.limits, *part.fault, *part.last);
    parts.push_back(std::move(part));
  }
  return parts;
}

Answer<void> Run::tell_results(const GroupKey& group, const ColumnSink& sink) {
  PageGate gate(plan_->page, sink);
  const ColumnSink tell = [&](int64_t time_ns, std::span<const Value> values) { return gate.tell(time_ns, values); };
  std::vector<Part> parts = this->parts(tell);
  if (auto fed = folds_ ? feed_folded(group, parts) : feed_rows(group, parts); !fed) return fed;
  for (Part& part : parts) {
    part.chain.first->finish();
    if (!part.fault->sentence.empty()) return too_much(part.fault->sentence);
  }
  if (parts[0].collector != nullptr) join(parts, tell);
  return {};
}

Answer<void> Run::feed_rows(const GroupKey& group, std::vector<Part>& parts) {
  if (ends_) {
    auto end = ends_->sample_of(group);
    if (end) parts[0].chain.first->push(std::move(*end));
    return {};
  }
  if (asks_for_ends(*plan_)) return feed_end(group, parts[0]);
  TimeBounds all = plan_->windows.bounds;
  std::vector<Part*> open;
  for (Part& part : parts) {
    if (plan_->refs[*part.chain.innermost->ref].type == DataType::kUnknown) continue;
    all.first_ns = std::min(all.first_ns, part.chain.bounds.first_ns);
    all.last_ns = std::max(all.last_ns, part.chain.bounds.last_ns);
    open.push_back(&part);
  }
  if (open.empty()) return {};
  return rows_->scan(group, {.bounds = all}, [&](int64_t time_ns, std::span<const Value> values) {
    for (Part*& part : open) {
      const Value& value = values[*part->chain.innermost->ref];
      const TimeBounds& bounds = part->chain.bounds;
      const bool is_before = time_ns < bounds.first_ns && bounds.first_ns > all.first_ns;
      const bool is_behind = time_ns > bounds.last_ns && bounds.last_ns < all.last_ns;
      if (is_null(value) || is_before || is_behind) continue;
      Sample sample = sample_of(time_ns, values, *part->chain.innermost->ref);
      if (!part->chain.first->push(std::move(sample))) part = nullptr;
    }
    std::erase(open, nullptr);
    return !open.empty();
  });
}

// Of first() and last() without intervals: only rows with the first, or last, time.
Answer<void> Run::feed_end(const GroupKey& group, Part& part) {
  const size_t ref = *part.chain.innermost->ref;
  if (plan_->refs[ref].type == DataType::kUnknown) return {};
  const bool is_backward = (plan_->calls[0].name == "last") != plan_->is_descending;
  std::vector<Sample> samples;
  const auto scanned = rows_->scan(group, {.bounds = part.chain.bounds, .is_backward = is_backward},
                                   [&](int64_t time_ns, std::span<const Value> values) {
                                     if (is_null(values[ref])) return true;
                                     if (!samples.empty() && samples[0].time_ns != time_ns) return false;
                                     samples.push_back(sample_of(time_ns, values, ref));
                                     return true;
                                   });
  if (is_backward) std::reverse(samples.begin(), samples.end());
  for (Sample& sample : samples) part.chain.first->push(std::move(sample));
  return scanned;
}

Sample Run::sample_of(int64_t time_ns, std::span<const Value> values, size_t ref) const {
  Sample sample{.time_ns = time_ns, .value = values[ref]};
  if (!plan_->is_selector) return sample;
  for (const size_t other : plan_->selected) sample.others.push_back(values[other]);
  return sample;
}

Answer<void> Run::feed_folded(const GroupKey& group, std::vector<Part>& parts) {
  for (size_t at = 0; at < parts.size(); ++at) {
    Chain& chain = parts[at].chain;
    auto samples = folds_->samples_of(group, at);
    if (!samples) return tl::unexpected(samples.error());
    for (Sample& sample : *samples) {
      if (!chain.behind_fold->push(std::move(sample))) break;
    }
    chain.first = chain.behind_fold;
  }
  return {};
}

// Samples of one time become a row. A function without one has what fill() says.
void Run::join(std::vector<Part>& parts, const ColumnSink& sink) const {
  const size_t calls = parts.size();
  std::vector<Value> slots(calls + plan_->refs.size());
  std::vector<size_t> at(calls);
  const auto missing = [&](DataType type) {
    if (plan_->fill.kind != QueryFill::Kind::kNumber) return Value();
    return is_numeric(type) ? fill_value(plan_->fill.number, type) : Value(plan_->fill.number);
  };
  const auto is_before = [&](int64_t left, int64_t right) {
    return plan_->is_descending ? left > right : left < right;
  };
  while (true) {
    std::optional<int64_t> time_ns;
    for (size_t call = 0; call < calls; ++call) {
      const auto& samples = parts[call].collector->samples();
      if (at[call] == samples.size()) continue;
      if (!time_ns || is_before(samples[at[call]].time_ns, *time_ns)) time_ns = samples[at[call]].time_ns;
    }
    if (!time_ns) return;
    for (size_t call = 0; call < calls; ++call) {
      auto& samples = parts[call].collector->samples();
      if (at[call] == samples.size() || samples[at[call]].time_ns != *time_ns) {
        if (plan_->fill.kind == QueryFill::Kind::kPrevious) continue;
        slots[call] = missing(plan_->calls[call].result);
        continue;
      }
      Sample& sample = samples[at[call]++];
      slots[call] = std::move(sample.value);
      for (const size_t ref : plan_->selected) {
        if (!sample.is_filled || plan_->fill.kind == QueryFill::Kind::kPrevious) continue;
        slots[calls + ref] = missing(plan_->refs[ref].type);
      }
      for (size_t place = 0; place < sample.others.size(); ++place) {
        slots[calls + plan_->selected[place]] = std::move(sample.others[place]);
      }
    }
    if (!sink(*time_ns, columns_of(slots))) return;
  }
}

}  // namespace timestore::query::influxql
