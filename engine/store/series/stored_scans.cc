// Stored points one after the other: in the order of the log, and by series.
#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "engine/store/series/stored_points.h"

namespace timestore::store {

using points::Seq;
using points::SeriesNumber;

namespace {

// So many points are put into the order of the log at a time: some 10 MB.
constexpr std::size_t kLogWindow = std::size_t{1} << 16;

// First what is in segments, window by window, then what is fresh.
class LogCursor final : public points::PointCursor {
 public:
  LogCursor(segments::SegmentReader& reader, std::optional<segments::FreshPoints> fresh, const Visibility& visibility,
            Seq after)
      : reader_(reader), fresh_(fresh), visibility_(visibility), after_(after) {}

  Result<bool> next() override {
    while (true) {
      auto is_there = advance();
      if (!is_there || !*is_there || visibility_.shows(point_)) return is_there;
    }
  }

 private:
  static constexpr std::size_t kFirstWindow = 4096;

  Result<bool> advance() {
    while (!is_fresh_) {
      if (window_ && at_ < window_->size()) {
        point_ = (*window_)[at_++];
        after_ = point_.seq;
        return true;
      }
      is_fresh_ = window_ && window_->is_all();
      if (is_fresh_) break;
      auto window = reader_.read_log(after_, window_points_);
      if (!window) return tl::unexpected(std::move(window.error()));
      window_.emplace(std::move(*window));
      at_ = 0;
      window_points_ = std::min(2 * window_points_, kLogWindow);
    }
    while (fresh_ && row_ < fresh_->size) {
      const std::size_t row = row_++;
      if (fresh_->generation->seq_at(row) <= after_) continue;
      point_ = fresh_->generation->at(row);
      return true;
    }
    return false;
  }

  segments::SegmentReader& reader_;
  std::optional<segments::FreshPoints> fresh_;
  Visibility visibility_;
  Seq after_;
  std::size_t window_points_ = kFirstWindow;  // whoever wants little does not wait for much
  std::optional<segments::LogWindow> window_;
  std::size_t at_ = 0;
  bool is_fresh_ = false;
  std::size_t row_ = 0;
};

}  // namespace

Result<std::unique_ptr<points::BatchCursor>> StoredPoints::read(const points::Reading& reading) {
  return reader_.read(reading, fresh(), visibility_.kept());
}

std::unique_ptr<points::PointCursor> StoredPoints::read_log(Seq after) {
  return std::make_unique<LogCursor>(reader_, view_.points > 0 ? std::optional(fresh_[0]) : std::nullopt, visibility_,
                                     after);
}

Result<void> StoredPoints::scan(const Visit& visit) {
  const auto cursor = read_log(0);
  while (true) {
    auto is_there = cursor->next();
    if (!is_there) return tl::unexpected(std::move(is_there.error()));
    if (!*is_there) return {};
    if (cursor->point().is_line) continue;
    auto entry = entry_of(cursor->point());
    if (!entry) return tl::unexpected(std::move(entry.error()));
    if (!visit(*entry)) return {};
  }
}

Result<void> StoredPoints::scan_series(SeriesNumber series, const Visit& visit) {
  using Times = std::numeric_limits<std::int64_t>;
  const SeriesNumber wanted[] = {series};
  auto cursor = read({.series = wanted, .first_ns = Times::min(), .last_ns = Times::max()});
  if (!cursor) return tl::unexpected(std::move(cursor.error()));
  while (true) {
    auto is_there = (*cursor)->next();
    if (!is_there) return tl::unexpected(std::move(is_there.error()));
    if (!*is_there) return {};
    const auto columns = (*cursor)->columns();
    if (!columns) return tl::unexpected(columns.error());
    const auto identities = (*cursor)->identities();
    if (!identities) return tl::unexpected(identities.error());
    for (std::size_t at = 0; at < (*columns)->count; ++at) {
      const points::Point point = points::point_at(**columns, **identities, at);
      if (point.is_line) continue;
      auto entry = entry_of(point);
      if (!entry) return tl::unexpected(std::move(entry.error()));
      if (!visit(*entry)) return {};
    }
  }
}

}  // namespace timestore::store
