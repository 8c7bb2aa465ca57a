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

// Each of the caches is emptied when it has this many: 100,000 names of 20 bytes take about 10 MB.
constexpr std::size_t kMaxCachedNames = 100'000;

constexpr std::int64_t kDayNs = std::int64_t{24} * 3600 * 1'000'000'000;

struct StoredVerb {
  const char* attempt;
  const char* sql;
};
constexpr StoredVerb kStoredVerbs[] = {
    // in the order of the verbs
    {"find a device", "SELECT number FROM series WHERE hash = ?1 AND name = ?2"},
    {"read the name of a device", "SELECT name FROM series WHERE number = ?1"},
    {"find devices", "SELECT number FROM series WHERE hash >= ?1 AND hash <= ?2 ORDER BY number"},
    {"list the devices", "SELECT number, name FROM series ORDER BY number"},
    {"count the devices", "SELECT ifnull(max(number), 0) FROM series"},
    {"find an id", "SELECT series, time, seq FROM ids WHERE id = ?1"},
    {"read the salts of ids", "SELECT first_index, salt FROM runs ORDER BY first_index"},
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

std::int64_t signed_hash(std::string_view name) { return static_cast<std::int64_t>(device_hash(name)); }

}  // namespace

Result<StoredPoints> StoredPoints::open(Database& database, const SeriesShape& shape) {
  std::vector<Statement> statements;
  for (const auto& [attempt, sql] : kStoredVerbs) {
    auto statement = database.prepare(attempt, sql);
    if (!statement) return tl::unexpected(std::move(statement.error()));
    statements.push_back(std::move(*statement));
  }
  TIMESTORE_CHECK(statements.size() == kVerbs, "each verb has its statement");
  auto reader = segments::SegmentReader::open(database, shape.partition_width_ns);
  if (!reader) return tl::unexpected(std::move(reader.error()));
  StoredPoints stored(database.path(), std::move(statements), std::move(*reader));
  if (auto read = stored.read_runs(); !read) return tl::unexpected(std::move(read.error()));
  return stored;
}

Result<void> StoredPoints::look_at(FreshView view, const SeriesMeta& sealed) {
  const raft::Index index = sealed.applied.index;
  if (index >= view.applied.index) {
    view = FreshView{.sealed = view.applied, .applied = view.applied, .retention = sealed.retention};
  }
  TIMESTORE_CHECK(index == view.sealed.index || index >= view.applied.index,
                  "what a reader sees of memory follows on what it sees of the file");
  visibility_ = Visibility(view.retention);
  view_ = std::move(view);
  if (view_.points > 0) fresh_[0] = {.generation = &view_.fresh->points, .size = view_.points};
  if (std::exchange(runs_are_of_, index) == index) return {};
  return read_runs();
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

// ----------------------------------------------------------------------------------------------------- series

Result<std::optional<SeriesNumber>> StoredPoints::number_of(std::string_view name) {
  if (const auto cached = numbers_.find(name); cached != numbers_.end()) return cached->second;
  if (index_ != nullptr) {
    if (const auto fresh = index_->names.find(name); fresh != index_->names.end()) return fresh->second;
  }
  Statement& find = verb(kFindSeries);
  const ResetAtEnd reset(find);
  auto is_there = find.bind_integer(1, signed_hash(name)).bind_text(2, name).step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  if (!*is_there) return index_ != nullptr ? std::nullopt : view_.number_of(name);
  const SeriesNumber number = find.natural(0);
  if (numbers_.size() == kMaxCachedNames) numbers_.clear();
  numbers_.emplace(name, number);
  return number;
}

Result<SeriesNumber> StoredPoints::next_number() {
  Statement& last = verb(kLastSeries);
  const ResetAtEnd reset(last);
  auto is_there = last.step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  return last.natural(0) + 1;
}

Result<std::string_view> StoredPoints::name_of(SeriesNumber number) {
  if (const auto fresh = view_.name_of(number)) return *fresh;
  if (const auto cached = names_.find(number); cached != names_.end()) return std::string_view(cached->second);
  Statement& find = verb(kNameSeries);
  const ResetAtEnd reset(find);
  auto is_there = find.bind_integer(1, static_cast<std::int64_t>(number)).step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  if (!*is_there) return damaged(path_, "it has points of series " + std::to_string(number) + ", which has no name");
  if (names_.size() == kMaxCachedNames) names_.clear();
  return std::string_view(names_.emplace(number, std::string(find.bytes(0))).first->second);
}

Result<std::vector<SeriesNumber>> StoredPoints::series_with_hash(std::uint32_t device) {
  constexpr int kRestBits = 64 - kEntryIdDeviceBits;
  const std::uint64_t first = std::uint64_t{device} << kRestBits;
  const std::uint64_t last = first | ((std::uint64_t{1} << kRestBits) - 1);
  Statement& list = verb(kHashedSeries);
  const ResetAtEnd reset(list);
  list.bind_integer(1, static_cast<std::int64_t>(first)).bind_integer(2, static_cast<std::int64_t>(last));
  std::vector<SeriesNumber> numbers;
  while (true) {
    auto is_there = list.step();
    if (!is_there) return tl::unexpected(std::move(is_there.error()));
    if (!*is_there) return numbers;
    numbers.push_back(list.natural(0));
  }
}

// ------------------------------------------------------------------------------------------------------ points

Result<TimeEntry> StoredPoints::entry_of(const Point& point) {
  auto name = name_of(point.series);
  if (!name) return tl::unexpected(std::move(name.error()));
  TimeEntry entry{.id = point.id,
                  .device_id = std::string(*name),
                  .timestamp_ns = point.time_ns,
                  .value = std::bit_cast<double>(point.bits),
                  .attributes = std::string(point.attributes)};
  auto id = id_of(point, entry.device_id);
  if (!id) return tl::unexpected(std::move(id.error()));
  entry.id = *id;
  return entry;
}

Result<Guid> StoredPoints::id_of(const Point& point, std::string_view name) const {
  if (!point.id.is_nil()) return point.id;
  const EntryPosition position = position_of(point.seq);
  const auto salt = salt_at(position.index);
  if (!salt) return damaged(path_, "a point of log entry " + std::to_string(position.index) + " has no id");
  return make_entry_id(position, *salt, name, point.time_ns);
}

// Of the fresh points.
Result<std::optional<TimeEntry>> StoredPoints::entry_in(std::size_t row) {
  const Point point = view_.fresh->points.at(row);
  if (!visibility_.shows(point)) return std::nullopt;
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
    if (point.seq != seq || !visibility_.shows(point)) return true;
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
  auto candidates = series_with_hash(told.device);
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
  if (!visibility_.shows(find.integer(1))) {
    TIMESTORE_MARK("store: an id was free again, for its point had expired");
    return std::nullopt;
  }
  TIMESTORE_MARK("store: an id of a client was found again");
  auto entry = entry_at(find.natural(0), find.integer(1), find.integer(1), find.natural(2));
  if (entry && (!*entry || (*entry)->id != id)) {
    return damaged(path_, "the id " + id.text() + " is listed for a point that is not there");
  }
  return entry;
}

}  // namespace timestore::store
