// Rows of a measurement, made of the points of its fields.
#include <algorithm>
#include <utility>

#include "engine/query/influxql/row_source.h"
#include "engine/query/influxql/slices.h"

namespace timestore::query::influxql {
namespace {

class MeasurementRows final : public RowSource {
 public:
  MeasurementRows(const Plan& plan, const PlanSource& of, const Work& work,
                  std::map<GroupKey, std::vector<Member>> members)
      : plan_(plan), work_(work), members_(std::move(members)), fields_of_refs_(plan.refs.size()) {
    for (size_t ref = 0; ref < plan.refs.size(); ++ref) {
      const std::string& name = plan.refs[ref].name;
      if (plan.refs[ref].type == DataType::kTag || !of.schema->fields.contains(name)) continue;
      const auto known = std::find(fields_.begin(), fields_.end(), name);
      fields_of_refs_[ref] = static_cast<size_t>(known - fields_.begin());
      if (known == fields_.end()) fields_.push_back(name);
    }
  }

  std::vector<GroupKey> groups() const override {
    std::vector<GroupKey> keys;
    for (const auto& [key, members] : members_) keys.push_back(key);
    return keys;
  }

  Answer<void> scan(const GroupKey& group, const Scan& scan, const PlanRowSink& sink) override {
    const auto found = members_.find(group);
    if (found == members_.end()) return {};
    const std::vector<Member>& members = found->second;
    std::vector<SliceSeries> series;
    for (uint32_t member = 0; member < members.size(); ++member) {
      for (uint32_t field = 0; field < fields_.size(); ++field) {
        const auto known = members[member].tags->series.find(fields_[field]);
        if (known != members[member].tags->series.end()) series.push_back({known->second, member, field});
      }
    }
    Slices slices(std::move(series), scan.bounds, plan_.is_descending != scan.is_backward, *work_.source, work_.limits);
    Assembly row(*this, members, scan.needed, sink);
    while (true) {
      const auto is_there = slices.next();
      if (!is_there) return tl::unexpected(is_there.error());
      if (!*is_there) return {};
      for (const SlicePoint& point : slices.points()) {
        if (!row.add(point)) return {};
      }
      if (!row.tell()) return {};
    }
  }

 private:
  // The row that grows.
  class Assembly {
   public:
    Assembly(const MeasurementRows& rows, const std::vector<Member>& members, std::span<const size_t> needed,
             const PlanRowSink& sink)
        : rows_(rows), members_(members), sink_(sink), values_(rows.plan_.refs.size()), has_(rows.fields_.size()) {
      for (const size_t ref : needed) {
        if (rows.fields_of_refs_[ref]) needed_.push_back(ref);
      }
      needs_some_ = !needed.empty();
    }

    // False: enough.
    bool add(const SlicePoint& point) {
      const bool is_same = is_begun_ && point.time_ns == time_ns_ && point.member == member_ && !has_[point.field];
      if (!is_same && !tell()) return false;
      if (!is_begun_) begin(point);
      has_[point.field] = true;
      const Value value = query::value_of(point.type, point.bits, point.text);
      for (size_t ref = 0; ref < values_.size(); ++ref) {
        if (rows_.fields_of_refs_[ref] == point.field) values_[ref] = cast(value, rows_.plan_.refs[ref].type);
      }
      return true;
    }

    bool tell() {
      if (!is_begun_) return true;
      is_begun_ = false;
      const bool has_needed = !needs_some_ || std::any_of(needed_.begin(), needed_.end(),
                                                          [&](size_t ref) { return !is_null(values_[ref]); });
      const Term* condition = members_[member_].condition.get();
      if (!has_needed || (condition != nullptr && !is_true(*condition, values_))) return true;
      return sink_(time_ns_, values_);
    }

   private:
    void begin(const SlicePoint& point) {
      is_begun_ = true;
      time_ns_ = point.time_ns;
      std::fill(has_.begin(), has_.end(), false);
      const bool is_other = !is_tagged_ || member_ != point.member;
      member_ = point.member;
      is_tagged_ = true;
      for (size_t ref = 0; ref < values_.size(); ++ref) {
        if (rows_.fields_of_refs_[ref]) {
          values_[ref] = Value();
        } else if (is_other && rows_.plan_.refs[ref].type == DataType::kTag) {
          const std::string& tag = members_[member_].tags->tag(rows_.plan_.refs[ref].name);
          values_[ref] = tag.empty() ? Value() : Value(tag);
        }
      }
    }

    const MeasurementRows& rows_;
    const std::vector<Member>& members_;
    const PlanRowSink& sink_;
    std::vector<size_t> needed_;
    bool needs_some_ = false;
    std::vector<Value> values_;
    std::vector<bool> has_;
    bool is_begun_ = false;
    bool is_tagged_ = false;
    int64_t time_ns_ = 0;
    uint32_t member_ = 0;
  };

  const Plan& plan_;
  Work work_;
  std::map<GroupKey, std::vector<Member>> members_;
  std::vector<std::optional<size_t>> fields_of_refs_;
  std::vector<std::string> fields_;
};

}  // namespace

Answer<std::unique_ptr<RowSource>> open_measurement(const Plan& plan, const PlanSource& of, const Work& work) {
  auto members = members_of(plan, of);
  if (!members) return tl::unexpected(members.error());
  return std::make_unique<MeasurementRows>(plan, of, work, std::move(*members));
}

}  // namespace timestore::query::influxql
