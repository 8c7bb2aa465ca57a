// What was applied since the last seal, in memory, and how readers come by it.
//
// One thread appends. What stands in it never changes and never moves, so others may read what a view counts while more
// is appended behind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/guid.h"
#include "engine/raft/types.h"
#include "engine/series/retention.h"
#include "engine/store/points/generation.h"
#include "engine/store/points/point.h"
#include "engine/store/points/tombstones.h"
#include "engine/store/series/series_key.h"

namespace timestore::store {

// A list that grows at its end, whose items never move.
template <typename Item>
class GrowingList {
 public:
  static constexpr std::size_t kMaxItems = points::Generation::kMaxRows;

  void push_back(Item item) {
    TIMESTORE_CHECK(size_ < kMaxItems, "there is no more than one item for each point");
    auto& chunk = chunks_[size_ / kChunkItems];
    if (!chunk) chunk = std::make_unique<Chunk>();
    (*chunk)[size_++ % kChunkItems] = std::move(item);
  }
  const Item& operator[](std::size_t at) const { return (*chunks_[at / kChunkItems])[at % kChunkItems]; }
  std::size_t size() const { return size_; }  // for who appends

 private:
  static constexpr std::size_t kChunkItems = 512;
  using Chunk = std::array<Item, kChunkItems>;
  std::array<std::unique_ptr<Chunk>, kMaxItems / kChunkItems> chunks_;
  std::size_t size_ = 0;
};

// From this log entry on, ids that tell their place have this salt (entry_id.h): until the next run.
struct SaltRun {
  raft::Index first = 0;
  std::uint64_t salt = 0;
  bool operator==(const SaltRun&) const = default;
};

struct NewSeries {
  SeriesKey key;
  points::Type type = points::Type::kFloat;
};

struct NewField {
  FieldKey key;
  points::Type type = points::Type::kFloat;
};

struct Fresh {
  points::SeriesNumber first_series = 1;  // the number of the first new series
  points::Generation points;
  // What is new:
  GrowingList<NewSeries> series;
  GrowingList<NewField> fields;
  GrowingList<std::string> databases;
  GrowingList<SaltRun> runs;
};

// Where things are in it, for who appends: kept beside it, since it changes.
struct FreshIndex {
  std::map<SeriesKey, NumberedSeries, SeriesKeyLess> series;
  std::map<FieldKey, points::Type, FieldKeyLess> fields;
  std::set<std::string, std::less<>> databases;
  std::map<Guid, std::size_t> ids;  // that clients gave: rows of the points
};

// One state of it.
struct FreshView {
  std::shared_ptr<const Fresh> fresh = nullptr;  // null: nothing
  std::size_t points = 0;
  std::size_t series = 0;
  std::size_t fields = 0;
  std::size_t databases = 0;
  std::size_t runs = 0;
  raft::Position sealed = {};   // what was applied up to there is in the file
  raft::Position applied = {};  // what was applied up to there is in the file or here
  Retention retention = {};     // as of what was applied
  std::shared_ptr<const points::Tombstones> tombstones = nullptr;  // that are not in the file; null: none

  std::optional<NumberedSeries> find(const SeriesKeyView& key) const;   // of the new series
  const NewSeries* series_of(points::SeriesNumber number) const;        // likewise
  std::optional<points::Type> type_of(const FieldKeyView& field) const;  // of the new fields
  bool has_database(std::string_view name) const;                       // of the new ones
  std::optional<std::size_t> row_of(points::Seq seq) const;             // the point that stands there
  std::optional<std::size_t> row_of(const Guid& id) const;  // the last point to which a client gave it
};

// Where whoever applies leaves what readers may see. One thread writes, and where there are others that read at the
// same time, this must be a board that they may share.
class FreshBoard {
 public:
  virtual ~FreshBoard() = default;
  virtual void put(FreshView view) = 0;
  virtual FreshView look() const = 0;
};

// For one thread.
class PlainFreshBoard final : public FreshBoard {
 public:
  void put(FreshView view) override { view_ = std::move(view); }
  FreshView look() const override { return view_; }

 private:
  FreshView view_;
};

}  // namespace timestore::store
