// Reads the series file on a connection of its own, while the replica goes on applying.
//
// One reader serves one thread at a time. Between begin() and end() it sees one consistent state, whatever is applied
// meanwhile; nothing outside may assume how that state is kept.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/raft/types.h"
#include "engine/series/time_entry.h"

namespace timestore::store {

struct SeriesQuery {
  std::optional<std::string> device_id;  // none: all devices
};

class SeriesReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<SeriesReader>> open(const std::string& path, const std::string& vfs = "");
  ~SeriesReader();

  SeriesReader(const SeriesReader&) = delete;
  SeriesReader& operator=(const SeriesReader&) = delete;

  // Whether a snapshot has taken the place of the file that it reads (SeriesFile::install). It goes on reading the old
  // one, whole, for ever; who wants to see anything later opens another.
  bool is_stale() const;

  // Starts reading: returns the applied position of the state that scans will see.
  [[nodiscard]] Result<raft::Position> begin();

  // Visits matching entries until `visit` returns false. All devices: in the order in which they were stored (log
  // position). One device: by timestamp, then in the order in which they were stored.
  [[nodiscard]] Result<void> scan(const SeriesQuery& query, const std::function<bool(const TimeEntry&)>& visit);

  // The entry with this id, if it is stored.
  [[nodiscard]] Result<std::optional<TimeEntry>> find(const Guid& id);

  void end();

 private:
  struct Connection;
  explicit SeriesReader(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace timestore::store
