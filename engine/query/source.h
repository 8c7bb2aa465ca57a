// Where a query's points come from: a port. Whoever keeps points implements it; a query knows nothing else of them.
//
// What is handed out is one state: points that were replaced or deleted are not there, and writes that come meanwhile
// are seen in all answers of a source, or in none.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/batch_cursor.h"
#include "engine/store/points/merge.h"

namespace timestore::query {

using points::BatchCursor;
using points::BatchHead;
using points::Reading;
using points::Seq;
using points::SeriesNumber;

struct Tag {
  std::string name;
  std::string value;
  bool operator==(const Tag&) const = default;
};

// A plain series holds entries of our own API, and lines that write to a device; a line series holds one field of line
// protocol.
struct Series {
  SeriesNumber number = 0;
  points::Type type = points::Type::kFloat;
  std::string database = {};     // empty: the one of our own API
  std::string name = {};         // what deviceId says; a plain and a line series may have the same
  bool is_line = false;          // a line series
  std::string measurement = {};  // of line series
  std::string field = {};        // likewise
  std::vector<Tag> tags = {};    // ascending by name; a plain series has the tag deviceId
};

// What is told of one database's series whose names are among `names` or begin with one of `prefixes`, where these are
// given. A series that lacks one of `tags` may be left out if another with the same measurement, field and names of
// tags is told. More may be told; a query looks again.
struct SeriesWanted {
  std::string_view database = {};
  std::span<const std::string> names = {};
  std::span<const std::string> prefixes = {};
  std::span<const Tag> tags = {};
};

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // In any order.
  virtual Result<void> list(const SeriesWanted& wanted, const std::function<void(Series&&)>& tell) = 0;

  // Batches in the order of batch_cursor.h. What `reading` points to must outlive the cursor; so must the source.
  virtual Result<std::unique_ptr<BatchCursor>> read(const Reading& reading) = 0;

  // The points of all series, or of more than those of `reading`, whose place in the log is behind `after`, in the
  // order of the log. Here a line point that a later one replaced may still be there.
  virtual Result<std::unique_ptr<points::PointCursor>> read_log(const Reading& reading, Seq after) = 0;
};

}  // namespace timestore::query
