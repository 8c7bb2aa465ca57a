// The series that a file lists, in memory: what a reader looks through to find those that a query wants.
//
// Some 150 bytes each. Series never go and are never others, so more are added and nothing else changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/source.h"
#include "engine/store/points/point.h"
#include "engine/store/series/series_key.h"

namespace timestore::store {

// All series, by number, until it returns false.
using TellSeries = std::function<bool(points::SeriesNumber, const SeriesKeyView&, points::Type)>;

class SeriesList {
 public:
  // A number that is greater than all before.
  void add(points::SeriesNumber number, const SeriesKeyView& key, points::Type type);

  std::size_t size() const { return items_.size(); }
  points::SeriesNumber last_number() const { return items_.empty() ? 0 : items_.back().number; }

  // Those of the database that begin with one of the prefixes, if there are any, and have all of the tags, or are the
  // first of their shape: measurement, field and names of tags. False: it was enough.
  bool tell(const query::SeriesWanted& wanted, const TellSeries& tell);

 private:
  struct Item {
    SeriesKey key;
    points::SeriesNumber number = 0;
    points::Type type = points::Type::kFloat;
    std::uint32_t shape = 0;
    std::vector<std::uint64_t> tags = {};  // hashes
  };

  std::uint32_t shape_of(const std::string& text);
  void sort();
  std::vector<std::uint32_t> found(const query::SeriesWanted& wanted) const;
  void add_range(std::vector<std::uint32_t>& found, const SeriesKeyView& begin, bool is_prefix) const;

  std::vector<Item> items_;             // by number
  std::vector<std::uint32_t> by_name_;  // their places, by database, kind and name; of so many as were sorted
  std::map<std::string, std::uint32_t> shapes_;
};

}  // namespace timestore::store
