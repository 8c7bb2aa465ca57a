#include "engine/store/series/series_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::store {

namespace {

// The cache of device numbers is emptied when it has this many: 100,000 names of 20 bytes take about 10 MB.
constexpr std::size_t kMaxCachedDevices = 100'000;

// The column `value` has no declared type on purpose: in a REAL column SQLite stores 5.0 as the integer 5 to save
// space, and -0.0 would come back as 0.0. Without a type each double is kept bit for bit.
constexpr const char* kSeriesVersion1 = R"sql(
  -- What has been applied: changes in the same transaction as the data. No row: nothing yet.
  CREATE TABLE meta (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    applied_index INTEGER NOT NULL,   -- the log entry applied last
    applied_term  INTEGER NOT NULL,
    state_hash    INTEGER NOT NULL,   -- over everything ever applied; the same on every node at the same index
    configuration TEXT NOT NULL,      -- the members, as the log said last; empty: it has not said yet
    checksum      INTEGER NOT NULL
  );
  CREATE TABLE devices (
    device INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE
  );
  CREATE TABLE points (
    seq        INTEGER PRIMARY KEY,   -- log index << 17 | ordinal in the command
    device     INTEGER NOT NULL,
    time       INTEGER NOT NULL,      -- nanoseconds since 1970-01-01 UTC
    value      NOT NULL,              -- a double; see the source for why there is no type here
    id         BLOB NOT NULL,         -- 16 bytes in the order of the GUID's text
    attributes TEXT                   -- a JSON object, or NULL when there are none
  );
  CREATE INDEX points_by_device_time ON points (device, time);
  -- Ids that do not tell the place of their point by themselves: those that clients supplied.
  CREATE TABLE ids (
    id  BLOB PRIMARY KEY,
    seq INTEGER NOT NULL
  ) WITHOUT ROWID;

  -- For people with an sqlite3 shell: as the API shows it.
  CREATE VIEW time_entries (id, deviceId, timestamp, value, attributes) AS
    SELECT lower(substr(hex(points.id), 1, 8) || '-' || substr(hex(points.id), 9, 4) || '-' ||
                 substr(hex(points.id), 13, 4) || '-' || substr(hex(points.id), 17, 4) || '-' ||
                 substr(hex(points.id), 21, 12)),
           devices.name,
           strftime('%Y-%m-%dT%H:%M:%S', (time - (time % 1000000000 + 1000000000) % 1000000000) / 1000000000,
                    'unixepoch') ||
             rtrim(rtrim(printf('.%09d', (time % 1000000000 + 1000000000) % 1000000000), '0'), '.') || 'Z',
           value,
           attributes
    FROM points JOIN devices USING (device);
)sql";

constexpr std::array<const char*, 1> kSeriesMigrations = {kSeriesVersion1};

constexpr FileFormat kSeriesFormat = {
    .name = "series file",
    .application_id = 0x54735372,  // "TsSr"
    .durability = FileFormat::Durability::kCheckpoints,
    .cache_kib = 8 * 1024,
    .migrations = kSeriesMigrations,
};

}  // namespace

const FileFormat& series_format() { return kSeriesFormat; }

std::int64_t row_number(EntryPosition position) {
  TIMESTORE_CHECK(position.index <= kMaxSeriesIndex && position.ordinal <= kMaxEntryIdOrdinal,
                  "a point's place in the log fits into a row number");
  return static_cast<std::int64_t>(position.index << kOrdinalBits | position.ordinal);
}

std::string select_time_entries(std::string_view which) {
  return std::string(
             "SELECT points.id, devices.name, points.time, points.value, points.attributes "
             "FROM points JOIN devices USING (device) ")
      .append(which);
}

Result<void> read_time_entry(const Statement& row, std::string_view path, TimeEntry& entry) {
  auto& [id, device_id, timestamp_ns, value, attributes] = entry;
  const std::string_view id_bytes = row.bytes(0);
  if (id_bytes.size() != id.bytes.size()) {
    return damaged(path, "a point has an id of " + std::to_string(id_bytes.size()) + " bytes");
  }
  std::copy(id_bytes.begin(), id_bytes.end(), id.bytes.begin());
  device_id = row.bytes(1);
  timestamp_ns = row.integer(2);
  value = row.real(3);
  attributes = row.bytes(4);
  return {};
}

Result<SeriesMeta> read_meta(Statement& select, std::string_view path) {
  const ResetAtEnd reset(select);
  auto found = select.step();
  if (!found) return tl::unexpected(std::move(found.error()));
  SeriesMeta meta;
  if (!*found) return meta;
  meta.applied = {.term = select.natural(1), .index = select.natural(0)};
  meta.state_hash = select.natural(2);
  const auto [configuration, level] = raft::split_level(select.bytes(3));
  meta.configuration = std::string(configuration);
  meta.level = level;
  if (meta_checksum(meta) != select.natural(4)) {
    return damaged(path, "the position up to which the log has been applied fails its checksum");
  }
  return meta;
}

std::uint32_t meta_checksum(const SeriesMeta& meta) {
  return RowChecksum()
      .add(meta.applied.index)
      .add(meta.applied.term)
      .add(meta.state_hash)
      .add(raft::with_level(meta.configuration, meta.level))
      .value();
}

// ------------------------------------------------------------------------------------------------ PointTable

PointTable::PointTable(std::string path, Statement find_point, Statement find_id, Statement find_device,
                       Statement insert_point, Statement insert_id, Statement insert_device)
    : path_(std::move(path)),
      find_point_(std::move(find_point)),
      find_id_(std::move(find_id)),
      find_device_(std::move(find_device)),
      insert_point_(std::move(insert_point)),
      insert_id_(std::move(insert_id)),
      insert_device_(std::move(insert_device)) {}

Result<PointTable> PointTable::open(Database& database) {
  auto find_point = database.prepare("find a point", select_time_entries("WHERE seq = ?"));
  auto find_id = database.prepare("find an id", "SELECT seq FROM ids WHERE id = ?");
  auto find_device = database.prepare("find a device", "SELECT device FROM devices WHERE name = ?");
  auto insert_point = database.prepare(
      "store a time entry", "INSERT INTO points(seq, device, time, value, id, attributes) VALUES (?, ?, ?, ?, ?, ?)");
  auto insert_id = database.prepare("store an id", "INSERT INTO ids(id, seq) VALUES (?, ?)");
  auto insert_device = database.prepare("store a device", "INSERT INTO devices(name) VALUES (?) RETURNING device");
  for (auto* statement : {&find_point, &find_id, &find_device, &insert_point, &insert_id, &insert_device}) {
    if (!*statement) return tl::unexpected(std::move(statement->error()));
  }
  return PointTable(database.path(), std::move(*find_point), std::move(*find_id), std::move(*find_device),
                    std::move(*insert_point), std::move(*insert_id), std::move(*insert_device));
}

Result<std::optional<TimeEntry>> PointTable::find(const Guid& id, EntryPosition own) {
  const auto told = position_of(id);
  if (told && *told != own && told->index <= kMaxSeriesIndex) {
    auto there = at(row_number(*told));
    if (there && *there && (*there)->id == id) TIMESTORE_MARK("store: an id of our own was found again");
    if (!there || (*there && (*there)->id == id)) return there;
  }
  const ResetAtEnd reset(find_id_);
  auto listed = find_id_.bind_blob(1, id.bytes).step();
  if (!listed) return tl::unexpected(std::move(listed.error()));
  if (!*listed) return std::nullopt;
  TIMESTORE_MARK("store: an id of a client was found again");
  const std::int64_t row = find_id_.integer(0);
  auto point = at(row);
  if (point && (!*point || (*point)->id != id)) {
    return damaged(
        path_, "the id " + id.text() + " is listed at row " + std::to_string(row) + " of the points and is not there");
  }
  return point;
}

Result<std::optional<TimeEntry>> PointTable::at(std::int64_t row) {
  const ResetAtEnd reset(find_point_);
  auto found = find_point_.bind_integer(1, row).step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return std::nullopt;
  TimeEntry entry;
  if (auto read = read_time_entry(find_point_, path_, entry); !read) {
    return tl::unexpected(std::move(read.error()));
  }
  return entry;
}

Result<void> PointTable::insert(EntryPosition position, const TimeEntry& entry) {
  const auto& [id, device_id, timestamp_ns, value, attributes] = entry;
  auto device = device_number(device_id);
  if (!device) return tl::unexpected(std::move(device.error()));
  insert_point_.bind_integer(1, row_number(position))
      .bind_integer(2, *device)
      .bind_integer(3, timestamp_ns)
      .bind_real(4, value)
      .bind_blob(5, id.bytes);
  if (attributes.empty()) {
    insert_point_.bind_null(6);
  } else {
    insert_point_.bind_text(6, attributes);
  }
  auto inserted = insert_point_.run();
  if (!inserted || position_of(id) == position) return inserted;
  return insert_id_.bind_blob(1, id.bytes).bind_integer(2, row_number(position)).run();
}

Result<std::int64_t> PointTable::device_number(std::string_view name) {
  if (const auto cached = devices_.find(name); cached != devices_.end()) return cached->second;
  std::int64_t number = 0;
  const ResetAtEnd reset_find(find_device_);
  auto found = find_device_.bind_text(1, name).step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (*found) {
    number = find_device_.integer(0);
  } else {
    const ResetAtEnd reset_insert(insert_device_);
    auto inserted = insert_device_.bind_text(1, name).step();
    if (!inserted) return tl::unexpected(std::move(inserted.error()));
    TIMESTORE_CHECK(*inserted, "a new device gets a number");
    number = insert_device_.integer(0);
  }
  if (devices_.size() == kMaxCachedDevices) devices_.clear();
  devices_.emplace(name, number);
  return number;
}

}  // namespace timestore::store
