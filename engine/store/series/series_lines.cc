// Applying lines: which of them fit, and what of them is stored.
//
// Whether a line fits depends on the log alone: on the types that fields have by then, and on the edge of retention. A line
// that does not fit decides no type.
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/series/line_write.h"
#include "engine/series/series_name.h"
#include "engine/store/series/series_connection.h"

namespace timestore::store {

namespace {

using points::Type;

// One of a write's series, as the log up to there has it.
struct Target {
  std::optional<points::SeriesNumber> number;
  std::optional<Type> type;  // that its field has
  TypedField field;          // of line series
};

struct Line {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct LinePlan {
  std::vector<Line> good;
  std::vector<std::uint32_t> conflicts;
  std::uint8_t stored_type = 0;        // of the first conflict
  std::map<TypedField, Type> decided;  // types that the good lines decide
};

SeriesKeyView key_of(const LineWrite& write, const LineSeries& series) {
  return {.database = write.database, .is_line = !series.is_device, .name = series.name};
}

Result<std::vector<Target>> targets_of(const LineWrite& write, Catalog& catalog) {
  std::vector<Target> targets;
  targets.reserve(write.series.size());
  for (const LineSeries& series : write.series) {
    Target& target = targets.emplace_back();
    auto known = catalog.find(key_of(write, series));
    if (!known) return tl::unexpected(std::move(known.error()));
    if (!series.is_device) target.field = typed_field_of(series.name).value();
    if (*known) target.number = (*known)->number;
    if (*known) target.type = (*known)->type;
    if (series.is_device) target.type = Type::kFloat;
    if (target.type) continue;
    const auto& [measurement, field] = target.field;
    auto type = catalog.type_of({.database = write.database, .measurement = measurement, .field = field});
    if (!type) return tl::unexpected(std::move(type.error()));
    target.type = *type;
  }
  return targets;
}

LinePlan plan_lines(const LineWrite& write, const std::vector<Target>& targets, const Retention& retention) {
  LinePlan plan;
  const auto type_of = [&](std::uint32_t series) -> std::optional<Type> {
    if (targets[series].type) return targets[series].type;
    const auto decided = plan.decided.find(targets[series].field);
    return decided == plan.decided.end() ? std::nullopt : std::optional(decided->second);
  };
  const auto refuse = [&](std::uint32_t ordinal, std::uint8_t type) {
    if (plan.conflicts.empty()) plan.stored_type = type;
    plan.conflicts.push_back(ordinal);
  };
  const auto judge = [&](const Line& line) {
    if (retention.hides(write.points[line.begin].time_ns)) return refuse(line.begin, 0);
    for (std::uint32_t at = line.begin; at < line.end; ++at) {
      const std::uint32_t series = write.points[at].series;
      const auto type = type_of(series);
      if (type && *type != write.series[series].type) return refuse(at, static_cast<std::uint8_t>(*type));
    }
    plan.good.push_back(line);
    for (std::uint32_t at = line.begin; at < line.end; ++at) {
      const std::uint32_t series = write.points[at].series;
      if (!targets[series].type) plan.decided.emplace(targets[series].field, write.series[series].type);
    }
  };
  std::uint32_t begin = 0;
  for (const std::uint32_t end : write.line_ends) judge({.begin = std::exchange(begin, end), .end = end});
  return plan;
}

void add_point(Hasher& hasher, const points::Point& point) {
  hasher.add(point.seq)
      .add(point.series)
      .add(static_cast<std::uint64_t>(point.type))
      .add(static_cast<std::uint64_t>(point.time_ns))
      .add(point.bits)
      .add(point.text);
}

}  // namespace

Result<ApplyResult> SeriesFile::Connection::apply_lines(raft::Index index, const LineWrite& write, Hasher& hasher) {
  using Outcome = ApplyResult::Outcome;
  if (auto looked = points->look_at(fresh->view(), sealed); !looked) return tl::unexpected(std::move(looked.error()));
  auto targets = targets_of(write, points->catalog());
  if (!targets) return tl::unexpected(std::move(targets.error()));
  LinePlan plan = plan_lines(write, *targets, meta.retention);
  ApplyResult result{.outcome = Outcome::kStored,
                     .conflicts = std::move(plan.conflicts),
                     .edge_ns = kNoEdge,
                     .stored_type = plan.stored_type};
  if (!result.conflicts.empty()) {
    result.outcome = write.keeps_good_lines    ? Outcome::kPartlyStored
                     : result.stored_type == 0 ? Outcome::kExpired
                                               : Outcome::kTypeConflict;
    if (result.outcome == Outcome::kExpired) result.edge_ns = meta.retention.edge_ns;
    TIMESTORE_MARK("store: a line was refused for its type or time");
    if (!write.keeps_good_lines || plan.good.empty()) return result;
  }
  if (!write.database.empty()) {
    auto is_there = points->catalog().has_database(write.database);
    if (!is_there) return tl::unexpected(std::move(is_there.error()));
    if (!*is_there) fresh->add_database(write.database);
    if (!*is_there) hasher.add(write.database);
  }
  for (const auto& [field, type] : plan.decided) {
    fresh->add_field({.database = write.database, .measurement = field.measurement, .field = field.field}, type);
    hasher.add(field.measurement).add(field.field).add(static_cast<std::uint64_t>(type));
  }
  for (const Line& line : plan.good) {
    for (std::uint32_t at = line.begin; at < line.end; ++at) {
      const LinePoint& point = write.points[at];
      const LineSeries& series = write.series[point.series];
      auto& number = (*targets)[point.series].number;
      if (!number) {
        number = fresh->add_series(key_of(write, series), series.type);
        hasher.add(series.name);
      }
      const points::Point stored{.series = *number,
                                 .type = series.type,
                                 .time_ns = point.time_ns,
                                 .seq = seq_of({.index = index, .ordinal = at}),
                                 .bits = point.bits,
                                 .text = point.text,
                                 .is_line = true};
      add_point(hasher, stored);
      fresh->add(stored);
    }
  }
  TIMESTORE_MARK("store: lines were stored");
  return result;
}

}  // namespace timestore::store
