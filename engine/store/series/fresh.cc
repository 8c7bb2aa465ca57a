#include "engine/store/series/fresh.h"

namespace timestore::store {

std::optional<points::SeriesNumber> FreshView::number_of(std::string_view name) const {
  for (std::size_t at = 0; at < names; ++at) {
    if (fresh->names[at] == name) return fresh->first_series + at;
  }
  return std::nullopt;
}

std::optional<std::string_view> FreshView::name_of(points::SeriesNumber number) const {
  if (names == 0 || number < fresh->first_series || number - fresh->first_series >= names) return std::nullopt;
  return fresh->names[number - fresh->first_series];
}

// Points stand in the order of the log.
std::optional<std::size_t> FreshView::row_of(points::Seq seq) const {
  std::size_t begin = 0;
  std::size_t end = points;
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (fresh->points.seq_at(middle) < seq) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  if (begin == points || fresh->points.seq_at(begin) != seq) return std::nullopt;
  return begin;
}

std::optional<std::size_t> FreshView::row_of(const Guid& id) const {
  for (std::size_t row = points; row-- > 0;) {
    if (fresh->points.id_at(row) == id) return row;
  }
  return std::nullopt;
}

}  // namespace timestore::store
