#include "engine/store/series/stored_points.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::store {

using points::Point;
using points::Seq;
using points::SeriesNumber;

namespace {

constexpr std::int64_t kDayNs = std::int64_t{24} * 3600 * 1'000'000'000;

struct StoredVerb {
  const char* attempt;
  const char* sql;
};
constexpr StoredVerb kStoredVerbs[] = {
    // in the order of the verbs
    {"find an id", "SELECT series, time, seq FROM ids WHERE id = ?1"},
    {"read the salts of ids", "SELECT first_index, salt FROM runs ORDER BY first_index"},
    {"read what was deleted", kSelectTombstones.data()},
};

std::int64_t floor_day(std::int64_t time_ns) { return time_ns / kDayNs - (time_ns % kDayNs < 0 ? 1 : 0); }

// The first and the last nanosecond of a day that there are.
std::int64_t begin_of(std::int64_t day) {
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  return day <= kFirst / kDayNs - 1 ? kFirst : day * kDayNs;
}
std::int64_t last_of(std::int64_t day) {
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  return day >= kLast / kDayNs ? kLast : (day + 1) * kDayNs - 1;
}

}  // namespace

Result<StoredPoints> StoredPoints::open(Database& database, const SeriesShape& shape) {
  std::vector<Statement> statements;
  for (const auto& [attempt, sql] : kStoredVerbs) {
    auto statement = database.prepare(attempt, sql);
    if (!statement) return tl::unexpected(std::move(statement.error()));
    statements.push_back(std::move(*statement));
  }
  TIMESTORE_CHECK(statements.size() == kVerbs, "each verb has its statement");
  auto catalog = Catalog::open(database);
  if (!catalog) return tl::unexpected(std::move(catalog.error()));
  auto reader = segments::SegmentReader::open(database, shape.partition_width_ns);
  if (!reader) return tl::unexpected(std::move(reader.error()));
  StoredPoints stored(database.path(), std::move(statements), std::move(*catalog), std::move(*reader));
  if (auto read = stored.read_what_is_sealed(); !read) return tl::unexpected(std::move(read.error()));
  return stored;
}

Result<void> StoredPoints::look_at(FreshView view, const SeriesMeta& sealed) {
  const raft::Index index = sealed.applied.index;
  if (index >= view.applied.index) {
    view = FreshView{.sealed = view.applied, .applied = view.applied, .retention = sealed.retention};
  }
  TIMESTORE_CHECK(index == view.sealed.index || index >= view.applied.index,
                  "what a reader sees of memory follows on what it sees of the file");
  if (are_of_ != index) {
    reader_.forget();
    if (auto read = read_what_is_sealed(); !read) return read;
    are_of_ = index;
  }
  visibility_ = Visibility(view.retention, tombstones_, view.tombstones);
  catalog_.look_at(view);
  view_ = std::move(view);
  if (view_.points > 0) fresh_[0] = {.generation = &view_.fresh->points, .size = view_.points};
  return {};
}

void StoredPoints::let_go() {
  view_ = {};
  catalog_.let_go();
}

void StoredPoints::index_fresh_by(const FreshIndex* index) {
  index_ = index;
  catalog_.index_fresh_by(index);
}

Result<void> StoredPoints::read_what_is_sealed() {
  if (auto read = read_tombstones(); !read) return read;
  return read_runs();
}

Result<void> StoredPoints::read_tombstones() {
  const auto stored = store::read_tombstones(verb(kTombstones));
  if (!stored) return tl::unexpected(stored.error());
  std::vector<points::Tombstone> tombstones;
  for (const StoredTombstone& each : *stored) tombstones.push_back(each.tombstone);
  tombstones_ = tombstones.empty() ? nullptr : std::make_shared<const points::Tombstones>(std::move(tombstones));
  return {};
}

Result<void> StoredPoints::read_runs() {
  Statement& select = verb(kRuns);
  const ResetAtEnd reset(select);
  runs_.clear();
  while (true) {
    auto is_there = select.step();
    if (!is_there) return tl::unexpected(std::move(is_there.error()));
    if (!*is_there) return {};
    runs_.push_back({.first = select.natural(0), .salt = select.natural(1)});
  }
}

std::optional<std::uint64_t> StoredPoints::salt_at(raft::Index index) const {
  for (std::size_t at = view_.runs; at-- > 0;) {
    if (view_.fresh->runs[at].first <= index) return view_.fresh->runs[at].salt;
  }
  const auto behind = std::upper_bound(runs_.begin(), runs_.end(), index,
                                       [](raft::Index wanted, const SaltRun& run) { return wanted < run.first; });
  if (behind == runs_.begin()) return std::nullopt;
  return std::prev(behind)->salt;
}

std::optional<SaltRun> StoredPoints::last_run() const {
  if (view_.runs > 0) return view_.fresh->runs[view_.runs - 1];
  if (runs_.empty()) return std::nullopt;
  return runs_.back();
}

// ------------------------------------------------------------------------------------------------------ points

// Of a point that is no line's.
Result<TimeEntry> StoredPoints::entry_of(const Point& point) {
  auto series = catalog_.series_of(point.series);
  if (!series) return tl::unexpected(std::move(series.error()));
  TimeEntry entry{.id = point.id,
                  .device_id = (*series)->key.name,
                  .timestamp_ns = point.time_ns,
                  .value = std::bit_cast<double>(point.bits),
                  .attributes = std::string(point.attributes)};
  auto id = id_of(point, (*series)->key.view());
  if (!id) return tl::unexpected(std::move(id.error()));
  entry.id = *id;
  return entry;
}

Result<Guid> StoredPoints::id_of(const Point& point, const SeriesKeyView& series) const {
  if (point.is_line) return make_line_id(hash_of(series), point.time_ns);
  if (!point.id.is_nil()) return point.id;
  const EntryPosition position = position_of(point.seq);
  const auto salt = salt_at(position.index);
  if (!salt) return damaged(path_, "a point of log entry " + std::to_string(position.index) + " has no id");
  return make_entry_id(position, *salt, series.name, point.time_ns);
}

// Of the fresh points.
Result<std::optional<TimeEntry>> StoredPoints::entry_in(std::size_t row) {
  const Point point = view_.fresh->points.at(row);
  if (point.is_line || !visibility_.shows(point)) return std::nullopt;
  auto entry = entry_of(point);
  if (!entry) return tl::unexpected(std::move(entry.error()));
  return std::move(*entry);
}

// Of one series within [from, to], the point of that place.
Result<std::optional<TimeEntry>> StoredPoints::entry_at(SeriesNumber series, std::int64_t from, std::int64_t to,
                                                        Seq seq) {
  std::optional<TimeEntry> found;
  Result<void> read;
  const segments::Scan wanted{.first_series = series, .last_series = series, .from = from, .to = to};
  auto scanned = reader_.scan(visibility_.narrowed(wanted), {}, [&](const Point& point) {
    if (point.seq != seq || point.is_line || !visibility_.shows(point)) return true;
    auto entry = entry_of(point);
    if (entry) found = std::move(*entry);
    if (!entry) read = tl::unexpected(std::move(entry.error()));
    return false;
  });
  if (!scanned) return tl::unexpected(std::move(scanned.error()));
  if (!read) return tl::unexpected(std::move(read.error()));
  return found;
}

Result<std::optional<TimeEntry>> StoredPoints::find(const Guid& id) {
  const auto told = parts_of(id);
  if (told && told->position.index <= kMaxSeriesIndex && salt_at(told->position.index) == told->salt) {
    auto there = find_told(*told);
    if (there && *there && (*there)->id == id) TIMESTORE_MARK("store: an id of our own was found again");
    if (!there || (*there && (*there)->id == id)) return there;
  }
  return find_listed(id);
}

// What stands at the place that an id of ours tells. A point is found by its series and time, of which the id tells
// enough to leave few candidates.
Result<std::optional<TimeEntry>> StoredPoints::find_told(const EntryIdParts& told) {
  const Seq seq = seq_of(told.position);
  if (told.position.index > view_.sealed.index) {
    const auto row = view_.row_of(seq);
    return row ? entry_in(*row) : Result<std::optional<TimeEntry>>();
  }
  constexpr int kRestBits = 64 - kEntryIdDeviceBits;
  const std::uint64_t first = std::uint64_t{told.device} << kRestBits;
  auto candidates = catalog_.with_hash(first, first | ((std::uint64_t{1} << kRestBits) - 1));
  if (!candidates) return tl::unexpected(std::move(candidates.error()));
  auto times = reader_.times_of(seq);
  if (!times) return tl::unexpected(std::move(times.error()));
  for (const SeriesNumber series : *candidates) {
    for (const segments::TimeRange& range : *times) {
      auto entry = find_told(told, series, range);
      if (!entry || *entry) return entry;
    }
  }
  return std::nullopt;
}

// Within the days that the id may mean.
Result<std::optional<TimeEntry>> StoredPoints::find_told(const EntryIdParts& told, SeriesNumber series,
                                                         segments::TimeRange times) {
  for (std::int64_t day = floor_day(times.first); day <= floor_day(times.last); ++day) {
    if (static_cast<std::uint64_t>(day) % kEntryIdDays != told.day) continue;
    const std::int64_t from = std::max(times.first, begin_of(day));
    const std::int64_t to = std::min(times.last, last_of(day));
    if (from > to) continue;
    auto entry = entry_at(series, from, to, seq_of(told.position));
    if (!entry || *entry) return entry;
  }
  return std::nullopt;
}

std::optional<std::size_t> StoredPoints::fresh_row_of(const Guid& id) const {
  if (index_ == nullptr) return view_.row_of(id);
  const auto found = index_->ids.find(id);
  return found == index_->ids.end() ? std::nullopt : std::optional(found->second);
}

Result<std::optional<TimeEntry>> StoredPoints::find_listed(const Guid& id) {
  if (const auto row = fresh_row_of(id)) return entry_in(*row);
  Statement& find = verb(kFindId);
  const ResetAtEnd reset(find);
  auto is_there = find.bind_blob(1, id.bytes).step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  if (!*is_there) return std::nullopt;
  const Point listed{.series = find.natural(0), .time_ns = find.integer(1), .seq = find.natural(2)};
  if (!visibility_.shows(listed)) {
    TIMESTORE_MARK("store: an id was free again, for its point had expired or was deleted");
    return std::nullopt;
  }
  TIMESTORE_MARK("store: an id of a client was found again");
  auto entry = entry_at(listed.series, listed.time_ns, listed.time_ns, listed.seq);
  if (entry && (!*entry || (*entry)->id != id)) {
    return damaged(path_, "the id " + id.text() + " is listed for a point that is not there");
  }
  return entry;
}

// ------------------------------------------------------------------------------------------------------- lines

// The id tells the time, and most of the hash of the series.
Result<std::optional<StoredPoints::FoundLine>> StoredPoints::find_line(const Guid& id) {
  const auto told = line_id_parts_of(id);
  if (!told || !visibility_.reaches(told->time_ns)) return std::nullopt;
  const std::uint64_t first = told->series << kLineIdHiddenBits;
  const std::uint64_t last = first | ((std::uint64_t{1} << kLineIdHiddenBits) - 1);
  auto candidates = catalog_.with_hash(first, last);
  if (!candidates) return tl::unexpected(std::move(candidates.error()));
  for (std::size_t at = 0; at < view_.series; ++at) {
    const std::uint64_t hash = hash_of(view_.fresh->series[at].key.view());
    if (first <= hash && hash <= last) candidates->push_back(view_.fresh->first_series + at);
  }
  for (const SeriesNumber series : *candidates) {
    std::optional<FoundLine> found;
    const segments::Scan wanted{
        .first_series = series, .last_series = series, .from = told->time_ns, .to = told->time_ns};
    auto scanned = reader_.scan(wanted, fresh(), [&](const Point& point) {
      if (point.is_line && visibility_.shows(point)) found = FoundLine{.point = point, .text = std::string(point.text)};
      return !found;
    });
    if (!scanned) return tl::unexpected(std::move(scanned.error()));
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace timestore::store
