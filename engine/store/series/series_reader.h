// Reads the series file on a connection of its own, while the replica goes on applying.
//
// One reader serves one thread at a time. Between begin() and end() it sees one consistent state, whatever is applied
// or sealed meanwhile; nothing outside may assume how that state is kept. It takes no lock that a seal needs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/query/source.h"
#include "engine/raft/types.h"
#include "engine/series/time_entry.h"
#include "engine/store/series/fresh.h"

namespace timestore::store {

struct SeriesQuery {
  std::optional<std::string> device_id;  // none: all devices
};

class SeriesReader {
 public:
  // `board` is that of the file's machine. Without one a reader sees what is sealed.
  [[nodiscard]] static Result<std::unique_ptr<SeriesReader>> open(const std::string& path, const std::string& vfs = "",
                                                                  std::shared_ptr<const FreshBoard> board = nullptr);
  ~SeriesReader();

  SeriesReader(const SeriesReader&) = delete;
  SeriesReader& operator=(const SeriesReader&) = delete;

  // Starts reading: returns the applied position of the state that scans will see. If a snapshot has taken the place of
  // the file meanwhile (SeriesFile::install), that is what it reads from now on.
  [[nodiscard]] Result<raft::Position> begin();

  // Visits matching entries, not lines, until `visit` returns false. All devices: in the order in which they were stored (log
  // position). One device: by timestamp, then in the order in which they were stored.
  [[nodiscard]] Result<void> scan(const SeriesQuery& query, const std::function<bool(const TimeEntry&)>& visit);

  // The entry with this id, if it is stored.
  [[nodiscard]] Result<std::optional<TimeEntry>> find(const Guid& id);

  // What queries read, between begin() and end().
  [[nodiscard]] query::Source& source();

  // Of a point that the source has told, and its series.
  [[nodiscard]] Result<Guid> id_of(const points::Point& point, const query::Series& series) const;

  // The line point with this id, if it is there; false: it is not. Texts live until `tell` returns.
  using TellLine = std::function<void(const query::Series& series, const points::Point& point)>;
  [[nodiscard]] Result<bool> find_line(const Guid& id, const TellLine& tell);

  // Beside the one of our own API, which is always there; by name.
  [[nodiscard]] Result<std::vector<std::string>> databases();

  // For how long points are kept in the state that is read. What has expired is not there for scan(), find() and source().
  [[nodiscard]] const Retention& retention() const;

  void end();

 private:
  struct Connection;
  SeriesReader(std::string path, std::string vfs, std::shared_ptr<const FreshBoard> board);
  Result<void> connect();

  std::string path_;
  std::string vfs_;
  std::shared_ptr<const FreshBoard> board_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace timestore::store
