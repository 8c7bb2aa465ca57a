// The stored points as what queries read (query/source.h), in the state that a reader has begun with.
#pragma once

#include <functional>
#include <memory>

#include "engine/query/source.h"
#include "engine/store/series/stored_points.h"

namespace timestore::store {

// As queries know it.
query::Series series_of(points::SeriesNumber number, const SeriesKeyView& key, points::Type type);

class PointSource final : public query::Source {
 public:
  // The points must outlive it.
  explicit PointSource(StoredPoints& points) : points_(points) {}

  Result<void> list(const query::SeriesWanted& wanted, const std::function<void(query::Series&&)>& tell) override;
  Result<std::unique_ptr<points::BatchCursor>> read(const points::Reading& reading) override {
    return points_.read(reading);
  }
  Result<std::unique_ptr<points::PointCursor>> read_log(const points::Reading&, points::Seq after) override {
    return points_.read_log(after);
  }

 private:
  StoredPoints& points_;
};

}  // namespace timestore::store
