#include "engine/store/series/series_reader.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/store/series/series_rows.h"

namespace timestore::store {

struct SeriesReader::Connection {
  Database database;
  Statement begin, end, select_meta, scan_all, find_device, scan_device;
  std::optional<PointTable> points = {};  // opened by the first find
  bool reading = false;

  Result<void> scan(Statement& rows, const std::function<bool(const TimeEntry&)>& visit);
};

SeriesReader::SeriesReader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
SeriesReader::~SeriesReader() { end(); }

Result<std::unique_ptr<SeriesReader>> SeriesReader::open(const std::string& path, const std::string& vfs) {
  auto database = open_for_reading(path, vfs, series_format());
  if (!database) return tl::unexpected(std::move(database.error()));
  constexpr const char* kAttempt = "read time entries";
  auto begin = database->prepare(kAttempt, "BEGIN");
  auto end = database->prepare(kAttempt, "COMMIT");
  auto select_meta = database->prepare(kAttempt, kSelectMeta);
  auto scan_all = database->prepare(kAttempt, select_time_entries("ORDER BY points.seq"));
  auto find_device = database->prepare(kAttempt, "SELECT device FROM devices WHERE name = ?");
  auto scan_device =
      database->prepare(kAttempt, select_time_entries("WHERE points.device = ? ORDER BY points.time, points.seq"));
  for (auto* statement : {&begin, &end, &select_meta, &scan_all, &find_device, &scan_device}) {
    if (!*statement) return tl::unexpected(std::move(statement->error()));
  }
  return std::unique_ptr<SeriesReader>(new SeriesReader(std::make_unique<Connection>(
      Connection{std::move(*database), std::move(*begin), std::move(*end), std::move(*select_meta),
                 std::move(*scan_all), std::move(*find_device), std::move(*scan_device)})));
}

bool SeriesReader::is_stale() const { return connection_->database.has_moved(); }

Result<raft::Position> SeriesReader::begin() {
  TIMESTORE_CHECK(!connection_->reading, "a reader begins once before it ends");
  if (auto begun = connection_->begin.run(); !begun) return tl::unexpected(std::move(begun.error()));
  connection_->reading = true;
  // The first read is what fixes the state that all later ones see.
  auto meta = read_meta(connection_->select_meta, connection_->database.path());
  if (!meta) {
    end();
    return tl::unexpected(std::move(meta.error()));
  }
  return meta->applied;
}

Result<void> SeriesReader::scan(const SeriesQuery& query, const std::function<bool(const TimeEntry&)>& visit) {
  TIMESTORE_CHECK(connection_->reading, "a reader scans between begin and end");
  if (!query.device_id) return connection_->scan(connection_->scan_all, visit);

  Statement& find_device = connection_->find_device;
  const ResetAtEnd reset(find_device);
  auto found = find_device.bind_text(1, *query.device_id).step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return {};
  connection_->scan_device.bind_integer(1, find_device.integer(0));
  return connection_->scan(connection_->scan_device, visit);
}

Result<std::optional<TimeEntry>> SeriesReader::find(const Guid& id) {
  TIMESTORE_CHECK(connection_->reading, "a reader finds between begin and end");
  if (!connection_->points) {
    auto opened = PointTable::open(connection_->database);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    connection_->points.emplace(std::move(*opened));
  }
  return connection_->points->find(id, {});  // no entry stands at index 0
}

// A transaction that only reads has nothing to lose: if it cannot be committed, it ends with the connection.
void SeriesReader::end() {
  if (!connection_->reading) return;
  connection_->reading = false;
  static_cast<void>(connection_->end.run());
}

Result<void> SeriesReader::Connection::scan(Statement& rows, const std::function<bool(const TimeEntry&)>& visit) {
  const ResetAtEnd reset(rows);
  const std::string path = database.path();
  TimeEntry entry;
  for (;;) {
    auto found = rows.step();
    if (!found) return tl::unexpected(std::move(found.error()));
    if (!*found) return {};
    if (auto read = read_time_entry(rows, path, entry); !read) return read;
    if (!visit(entry)) return {};
  }
}

}  // namespace timestore::store
