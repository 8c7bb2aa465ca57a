#include "engine/store/series/series_reader.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/store/series/point_source.h"
#include "engine/store/series/series_format.h"
#include "engine/store/series/stored_points.h"

namespace timestore::store {

struct SeriesReader::Connection {
  explicit Connection(Database opened) : database(std::move(opened)) {}
  Result<void> prepare();
  Result<raft::Position> begin(FreshView view);
  void end();

  Database database;
  std::optional<Statement> begin_reading, end_reading, select_meta;
  std::optional<StoredPoints> points;
  std::optional<PointSource> source;
  bool is_reading = false;
};

SeriesReader::SeriesReader(std::string path, std::string vfs, std::shared_ptr<const FreshBoard> board)
    : path_(std::move(path)), vfs_(std::move(vfs)), board_(std::move(board)) {}
SeriesReader::~SeriesReader() { end(); }

Result<std::unique_ptr<SeriesReader>> SeriesReader::open(const std::string& path, const std::string& vfs,
                                                         std::shared_ptr<const FreshBoard> board) {
  std::unique_ptr<SeriesReader> reader(new SeriesReader(path, vfs, std::move(board)));
  if (auto connected = reader->connect(); !connected) return tl::unexpected(std::move(connected.error()));
  return reader;
}

Result<void> SeriesReader::connect() {
  auto database = open_for_reading(path_, vfs_, series_format());
  if (!database) return tl::unexpected(std::move(database.error()));
  connection_ = std::make_unique<Connection>(std::move(*database));
  return connection_->prepare();
}

Result<void> SeriesReader::Connection::prepare() {
  constexpr const char* kAttempt = "read time entries";
  const std::pair<std::optional<Statement>*, std::string_view> wanted[] = {
      {&begin_reading, "BEGIN"}, {&end_reading, "COMMIT"}, {&select_meta, kSelectMeta}};
  for (const auto& [statement, sql] : wanted) {
    auto prepared = database.prepare(kAttempt, sql);
    if (!prepared) return tl::unexpected(std::move(prepared.error()));
    statement->emplace(std::move(*prepared));
  }
  auto shape = read_shape(database);
  if (!shape) return tl::unexpected(std::move(shape.error()));
  auto stored = StoredPoints::open(database, shape->value_or(SeriesShape()));  // without one there are no points
  if (!stored) return tl::unexpected(std::move(stored.error()));
  points.emplace(std::move(*stored));
  points->keep();
  source.emplace(*points);
  return {};
}

// The view comes first: what is sealed after that is in the file. A file that holds less than what the view begins with
// is not the one of the view any more.
Result<raft::Position> SeriesReader::begin() {
  TIMESTORE_CHECK(!connection_->is_reading, "a reader begins once before it ends");
  if (connection_->database.has_moved()) {
    TIMESTORE_MARK("store: a reader found another file in the place of its own");
    if (auto connected = connect(); !connected) return tl::unexpected(std::move(connected.error()));
  }
  return connection_->begin(board_ ? board_->look() : FreshView());
}

Result<raft::Position> SeriesReader::Connection::begin(FreshView view) {
  if (auto begun = begin_reading->run(); !begun) return tl::unexpected(std::move(begun.error()));
  is_reading = true;
  // The first read is what fixes the state that all later ones see.
  auto meta = read_meta(*select_meta, database.path());
  Result<void> looked;
  if (meta && meta->applied.index < view.sealed.index) {
    looked = fail(database.path() + " is being replaced by a snapshot of another node; try again.");
  } else if (meta) {
    looked = points->look_at(view, *meta);
  }
  if (meta && looked) return meta->applied.index < view.applied.index ? view.applied : meta->applied;
  end();
  return tl::unexpected(meta ? std::move(looked.error()) : std::move(meta.error()));
}

Result<void> SeriesReader::scan(const SeriesQuery& query, const std::function<bool(const TimeEntry&)>& visit) {
  TIMESTORE_CHECK(connection_->is_reading, "a reader scans between begin and end");
  StoredPoints& points = *connection_->points;
  if (!query.device_id) return points.scan(visit);
  auto series = points.catalog().find({.name = *query.device_id});
  if (!series) return tl::unexpected(std::move(series.error()));
  if (!*series) return {};
  return points.scan_series((*series)->number, visit);
}

Result<std::optional<TimeEntry>> SeriesReader::find(const Guid& id) {
  TIMESTORE_CHECK(connection_->is_reading, "a reader finds between begin and end");
  return connection_->points->find(id);
}

query::Source& SeriesReader::source() {
  TIMESTORE_CHECK(connection_->is_reading, "a reader reads between begin and end");
  return *connection_->source;
}

Result<Guid> SeriesReader::id_of(const points::Point& point, const query::Series& series) const {
  return connection_->points->id_of(
      point, {.database = series.database, .is_line = series.is_line, .name = series.name});
}

Result<bool> SeriesReader::find_line(const Guid& id, const TellLine& tell) {
  TIMESTORE_CHECK(connection_->is_reading, "a reader finds between begin and end");
  auto found = connection_->points->find_line(id);
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return false;
  points::Point point = (*found)->point;
  point.text = (*found)->text;
  const auto series = connection_->points->catalog().series_of(point.series);
  if (!series) return tl::unexpected(series.error());
  tell(series_of(point.series, (*series)->key.view(), (*series)->type), point);
  return true;
}

Result<std::vector<std::string>> SeriesReader::databases() {
  TIMESTORE_CHECK(connection_->is_reading, "a reader tells of a state between begin and end");
  return connection_->points->catalog().databases();
}

const Retention& SeriesReader::retention() const {
  TIMESTORE_CHECK(connection_->is_reading, "a reader tells of a state between begin and end");
  return connection_->points->visibility().retention();
}

void SeriesReader::end() {
  if (connection_) connection_->end();
}

// A transaction that only reads has nothing to lose: if it cannot be committed, it ends with the connection.
void SeriesReader::Connection::end() {
  if (!is_reading) return;
  is_reading = false;
  static_cast<void>(end_reading->run());
  points->let_go();
}

}  // namespace timestore::store
