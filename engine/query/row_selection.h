// The first rows behind a place, of some series, in an order of time, or of names and then of time.
//
// A heap keeps the best rows that were seen; whatever is worse than the worst of a full heap is out. So a pass over the
// heads of all blocks decodes few of them, and "the newest ten of 100,000 devices" keeps ten rows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/query/rows.h"

namespace timestore::query {

struct SelectionOptions {
  const Filter* filter = nullptr;
  bool is_descending = false;  // not with names
  bool goes_by_name = false;
  std::optional<RowPlace> after = {};
  size_t max_rows = 0;
  size_t max_bytes = 0;
};

class RowSelection {
 public:
  explicit RowSelection(const SelectionOptions& options) : options_(options) {}

  // Ascending by number; they must live until the rows were told.
  Answer<void> read(Source& source, std::span<const Series* const> series, const Limits& limits);

  // Whether rows were left out because there is no room for them.
  bool is_full() const { return bound_.has_value(); }
  size_t size() const { return kept_.size(); }
  size_t size_bytes() const { return bytes_; }

  // In their order. To be called once.
  void tell(const RowSink& sink);

 private:
  struct Kept {
    const Series* series = nullptr;
    points::Point point = {};
    std::string texts = {};  // the value's, and the attributes behind it
    size_t size_bytes() const { return sizeof(Kept) + texts.capacity(); }
  };

  // By which rows are compared: time, name, kind of the point, kind of the series, place in the log.
  struct Key {
    int64_t time_ns = 0;
    std::string_view name = {};
    bool is_entry = false;
    bool is_of_line = false;
    Seq seq = 0;
    auto operator<=>(const Key&) const = default;
  };
  static Key key_of(const Series& series, const points::Point& point);

  bool is_before(const Key& left, const Key& right) const;
  bool may_hold_rows(const BatchHead& head, const Series& series) const;
  bool is_over(const BatchHead& head, const Series& series) const;
  Answer<void> add_batch(BatchCursor& cursor, const Series& series);
  void keep(const Series& series, const points::Point& point);

  SelectionOptions options_;
  std::vector<Kept> kept_;
  bool is_sorted_ = true;  // the worst is the last
  bool is_heap_ = false;   // the worst is in front
  size_t bytes_ = 0;
  std::optional<Kept> bound_;  // the best row that was left out: all kept ones stand before it
};

}  // namespace timestore::query
