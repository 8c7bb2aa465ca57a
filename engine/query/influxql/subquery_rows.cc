// Rows of a subquery's answer, and of several sources together.
#include <algorithm>
#include <set>
#include <utility>

#include "engine/query/influxql/row_source.h"
#include "engine/query/influxql/run.h"

namespace timestore::query::influxql {
namespace {

// Where a ref's value is found in the rows of the inner query.
struct Origin {
  std::optional<size_t> column = {};
  std::optional<size_t> dimension = {};
};

struct HeldRow {
  int64_t time_ns;
  std::vector<Value> values;
};

class SubqueryRows final : public RowSource {
 public:
  SubqueryRows(const Plan& plan, std::unique_ptr<Run> inner, const Work& work)
      : plan_(plan), inner_(std::move(inner)), work_(work) {
    const Plan& of = inner_->plan();
    for (const Ref& ref : plan.refs) {
      Origin origin;
      const auto column = std::find(of.columns.begin() + 1, of.columns.end(), ref.name);
      const auto dimension = std::find(of.dimensions.begin(), of.dimensions.end(), ref.name);
      if (column != of.columns.end()) {
        origin.column = static_cast<size_t>(column - of.columns.begin()) - 1;
      } else if (dimension != of.dimensions.end()) {
        origin.dimension = static_cast<size_t>(dimension - of.dimensions.begin());
      }
      origins_.push_back(origin);
    }
    for (const GroupKey& key : inner_->groups()) by_group_[outer_key(key)].push_back(key);
  }

  Answer<void> prepare() {
    if (!plan_.condition) return {};
    const auto slot_of = [&](const Expression& expression) -> std::optional<size_t> {
      if (expression.kind != Expression::Kind::kVariable) return std::nullopt;
      for (size_t at = 0; at < plan_.refs.size(); ++at) {
        if (plan_.refs[at].name == expression.text) return at;
      }
      return std::nullopt;
    };
    auto term = term_of(*plan_.condition, slot_of);
    if (!term) return tl::unexpected(term.error());
    condition_ = std::move(*term);
    return {};
  }

  std::vector<GroupKey> groups() const override {
    std::vector<GroupKey> keys;
    for (const auto& [key, inner] : by_group_) keys.push_back(key);
    return keys;
  }

  Answer<void> scan(const GroupKey& group, const Scan&, const PlanRowSink& sink) override {
    const auto found = by_group_.find(group);
    if (found == by_group_.end()) return {};
    const bool is_one = found->second.size() == 1;
    std::vector<HeldRow> held;
    bool goes_on = true;
    bool is_too_much = false;
    for (const GroupKey& key : found->second) {
      std::vector<Value> values(plan_.refs.size());
      const auto told = inner_->rows_of(key, [&](int64_t time_ns, std::span<const Value> columns) {
        fill_in(values, key, columns);
        if (condition_ && !is_true(*condition_, values)) return true;
        if (is_one) return goes_on = sink(time_ns, values);
        held.push_back({time_ns, values});
        is_too_much = held.size() > work_.limits.rows;
        return !is_too_much;
      });
      if (!told) return told;
      if (is_too_much) {
        return too_much("a subquery has more than " + std::to_string(work_.limits.rows) +
                        " rows; ask for a shorter range or larger intervals");
      }
    }
    if (is_merged()) {
      std::stable_sort(held.begin(), held.end(), [&](const HeldRow& left, const HeldRow& right) {
        return plan_.is_descending ? left.time_ns > right.time_ns : left.time_ns < right.time_ns;
      });
    }
    for (const HeldRow& row : held) {
      if (!sink(row.time_ns, row.values)) return {};
    }
    return {};
  }

 private:
  GroupKey outer_key(const GroupKey& inner) const {
    GroupKey key{.measurement = inner.measurement, .tags = {}};
    const auto& names = inner_->plan().dimensions;
    for (const std::string& name : plan_.dimensions) {
      const auto place = std::find(names.begin(), names.end(), name);
      key.tags.push_back(place == names.end() ? "" : inner.tags[static_cast<size_t>(place - names.begin())]);
    }
    return key;
  }

  // Points that were picked from the whole range stand group by group, as in 1.x; all else in order of time.
  bool is_merged() const {
    const Plan& inner = inner_->plan();
    return inner.is_raw() || inner.has_interval() || is_transform(inner.calls[0].name);
  }

  void fill_in(std::vector<Value>& values, const GroupKey& key, std::span<const Value> columns) const {
    for (size_t ref = 0; ref < values.size(); ++ref) {
      const Origin& origin = origins_[ref];
      if (origin.column) {
        values[ref] = cast(columns[*origin.column], plan_.refs[ref].type);
      } else if (origin.dimension) {
        values[ref] = key.tags[*origin.dimension];
      }
    }
  }

  const Plan& plan_;
  std::unique_ptr<Run> inner_;
  Work work_;
  std::vector<Origin> origins_;
  std::optional<Term> condition_;
  std::map<GroupKey, std::vector<GroupKey>> by_group_;
};

class SeveralSources final : public RowSource {
 public:
  SeveralSources(std::vector<std::unique_ptr<RowSource>> sources, bool is_descending, const Work& work)
      : sources_(std::move(sources)), is_descending_(is_descending), work_(work) {
    for (const auto& source : sources_) {
      for (GroupKey& key : source->groups()) ++keys_[std::move(key)];
    }
  }

  std::vector<GroupKey> groups() const override {
    std::vector<GroupKey> keys;
    for (const auto& [key, sources] : keys_) keys.push_back(key);
    return keys;
  }

  Answer<void> scan(const GroupKey& group, const Scan& scan, const PlanRowSink& sink) override {
    const auto known = keys_.find(group);
    const bool is_one = known == keys_.end() || known->second == 1;
    std::vector<HeldRow> held;
    bool is_too_much = false;
    for (const auto& source : sources_) {
      const auto told = source->scan(group, scan, [&](int64_t time_ns, std::span<const Value> values) {
        if (is_one) return sink(time_ns, values);
        held.push_back({time_ns, std::vector(values.begin(), values.end())});
        is_too_much = held.size() > work_.limits.rows;
        return !is_too_much;
      });
      if (!told) return told;
      if (is_too_much) return too_much("subqueries have too many rows; ask for a shorter range or larger intervals");
    }
    std::stable_sort(held.begin(), held.end(), [&](const HeldRow& left, const HeldRow& right) {
      return is_descending_ ? left.time_ns > right.time_ns : left.time_ns < right.time_ns;
    });
    for (const HeldRow& row : held) {
      if (!sink(row.time_ns, row.values)) return {};
    }
    return {};
  }

 private:
  std::vector<std::unique_ptr<RowSource>> sources_;
  bool is_descending_;
  Work work_;
  std::map<GroupKey, size_t> keys_;  // and how many sources have the group
};

}  // namespace

Answer<std::unique_ptr<RowSource>> open_subquery(const Plan& plan, const PlanSource& of, const Work& work) {
  auto inner = Run::open(of.subquery, work);
  if (!inner) return tl::unexpected(inner.error());
  auto rows = std::make_unique<SubqueryRows>(plan, std::move(*inner), work);
  if (auto prepared = rows->prepare(); !prepared) return tl::unexpected(prepared.error());
  return rows;
}

Answer<std::unique_ptr<RowSource>> open_sources(const Plan& plan, const Work& work) {
  std::vector<std::unique_ptr<RowSource>> sources;
  for (const PlanSource& source : plan.sources) {
    auto opened = source.subquery ? open_subquery(plan, source, work) : open_measurement(plan, source, work);
    if (!opened) return opened;
    sources.push_back(std::move(*opened));
  }
  if (sources.size() == 1) return std::move(sources[0]);
  return std::make_unique<SeveralSources>(std::move(sources), plan.is_descending, work);
}

}  // namespace timestore::query::influxql
