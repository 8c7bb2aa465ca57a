#include "engine/query/aggregate.h"

#include <algorithm>
#include <utility>

#include "engine/query/fill.h"

namespace timestore::query {
namespace {

// Rows of one group after the other.
class Teller {
 public:
  Teller(const Plan& plan, Fold& fold, const AggregateSink& sink)
      : plan_(plan), fold_(fold), sink_(sink), moments_(plan, fold) {}

  // Whether everything that is to be told has a value and fits.
  Answer<void> check() {
    const uint64_t limit = plan_.query.limit.value_or(plan_.limits.rows + 1);
    uint64_t rows = 0;
    for (auto& [name, cells] : fold_.groups()) {
      rows += is_filled(cells) ? moments_.count_buckets(std::min(limit, plan_.limits.rows + 1))
                               : std::min<uint64_t>(limit, cells.size());
      if (rows > plan_.limits.rows) {
        return too_much("the answer has more than " + std::to_string(plan_.limits.rows) +
                        " rows; ask for a shorter range, larger buckets, or a limit");
      }
      for (auto& [begin, cell] : cells) {
        if (!may_fail_) break;
        if (auto values = values_of(cell); !values) return tl::unexpected(values.error());
      }
    }
    return {};
  }

  Answer<void> tell(Source& source) {
    const PreviousValues previous(plan_, moments_);
    for (auto& [name, cells] : fold_.groups()) {
      if (!plan_.limits.goes_on()) return ended();
      if (!is_filled(cells)) {
        if (auto told = tell_cells(name, cells); !told) return told;
        continue;
      }
      auto before = previous.of(name, cells, source);
      if (!before) return tl::unexpected(before.error());
      if (auto told = tell_filled(name, cells, std::move(*before)); !told) return told;
    }
    return {};
  }

 private:
  bool is_filled(const Cells& cells) const {
    return plan_.query.fill.kind != Fill::Kind::kNone &&
           std::any_of(cells.begin(), cells.end(), [](const auto& entry) { return entry.second.cell.points() > 0; });
  }

  Answer<std::vector<Value>> values_of(BucketCell& cell) {
    return query::values_of(plan_.query, cell.cell, moments_.elapsed_ns(cell.bucket));
  }

  void tell_row(const GroupName& name, const Bucket& bucket, std::span<const Value> values) {
    sink_({.group = name, .timestamp_ns = moments_.label(bucket), .values = values});
  }

  Answer<void> tell_cells(const GroupName& name, Cells& cells) {
    uint64_t left = plan_.query.limit.value_or(plan_.limits.rows);
    const auto tell = [&](BucketCell& cell) -> Answer<void> {
      const auto values = values_of(cell);
      if (!values) return tl::unexpected(values.error());
      tell_row(name, cell.bucket, *values);
      --left;
      return {};
    };
    if (!plan_.query.is_descending) {
      for (auto at = cells.begin(); at != cells.end() && left > 0; ++at) {
        if (auto told = tell(at->second); !told) return told;
      }
      return {};
    }
    for (auto at = cells.rbegin(); at != cells.rend() && left > 0; ++at) {
      if (auto told = tell(at->second); !told) return told;
    }
    return {};
  }

  Answer<void> tell_filled(const GroupName& name, Cells& cells, std::vector<Value> before) {
    Filling filling(plan_, moments_, cells, std::move(before));
    const bool is_descending = plan_.query.is_descending;
    const Bucket last = is_descending ? moments_.first_bucket() : moments_.last_bucket();
    Bucket bucket = is_descending ? moments_.last_bucket() : moments_.first_bucket();
    for (uint64_t left = plan_.query.limit.value_or(plan_.limits.rows); left > 0; --left) {
      const auto values = filling.values(bucket);
      if (!values) return tl::unexpected(values.error());
      tell_row(name, bucket, *values);
      if (bucket == last) break;
      bucket = plan_.buckets->containing(is_descending ? bucket.first_ns - 1 : bucket.last_ns + 1);
    }
    return {};
  }

  // Sums may be too large for their type; nothing else fails.
  static bool may_fail(const Function& function) {
    using Kind = Function::Kind;
    return function.kind == Kind::kSum || function.kind == Kind::kIncrease || function.kind == Kind::kDelta;
  }

  const Plan& plan_;
  Fold& fold_;
  const AggregateSink& sink_;
  Moments moments_;
  bool may_fail_ = std::any_of(plan_.query.functions.begin(), plan_.query.functions.end(), may_fail);
};

}  // namespace

Answer<void> tell_rows(const Plan& plan, Fold& fold, Source& source, const AggregateSink& sink) {
  Teller teller(plan, fold, sink);
  if (auto checked = teller.check(); !checked) return checked;
  return teller.tell(source);
}

Answer<void> aggregate(const AggregateQuery& query, Source& source, const Limits& limits, const AggregateSink& sink) {
  const auto plan = plan_of(query, source, limits);
  if (!plan) return tl::unexpected(plan.error());
  Fold fold(*plan);
  if (auto added = fold.add_all(source); !added) return added;
  return tell_rows(*plan, fold, source, sink);
}

}  // namespace timestore::query
