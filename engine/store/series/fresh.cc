#include "engine/store/series/fresh.h"

namespace timestore::store {

std::optional<NumberedSeries> FreshView::find(const SeriesKeyView& key) const {
  for (std::size_t at = 0; at < series; ++at) {
    const NewSeries& each = fresh->series[at];
    if (each.key.view() == key) return NumberedSeries{.number = fresh->first_series + at, .type = each.type};
  }
  return std::nullopt;
}

const NewSeries* FreshView::series_of(points::SeriesNumber number) const {
  if (series == 0 || number < fresh->first_series || number - fresh->first_series >= series) return nullptr;
  return &fresh->series[number - fresh->first_series];
}

std::optional<points::Type> FreshView::type_of(const FieldKeyView& field) const {
  for (std::size_t at = 0; at < fields; ++at) {
    if (fresh->fields[at].key.view() == field) return fresh->fields[at].type;
  }
  return std::nullopt;
}

bool FreshView::has_database(std::string_view name) const {
  for (std::size_t at = 0; at < databases; ++at) {
    if (fresh->databases[at] == name) return true;
  }
  return false;
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
