// Applying deletes: what they mean of what is there, as tombstones.
//
// Which series a range means is decided here, by their numbers: a series that comes later is another, although it may
// have such a name. So a tombstone needs no names.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/mark.h"
#include "engine/series/delete_order.h"
#include "engine/store/series/series_connection.h"

namespace timestore::store {

namespace {

using points::SeriesNumber;
using points::Tombstone;

// So many tombstones may come of one command: a range of times over so many stretches of series that it does not mean
// all of.
constexpr std::size_t kMaxTombstonesOfACommand = std::size_t{1} << 14;

// Names alone are looked up; where there are prefixes, all series are gone through that begin with one of them, or with
// a name.
Result<std::vector<SeriesNumber>> series_of(const DeleteOrder& order, Catalog& catalog) {
  std::vector<SeriesNumber> numbers;
  const bool has_prefixes = std::any_of(order.names.begin(), order.names.end(), std::mem_fn(&DeletedName::is_prefix));
  for (const DeletedName& name : order.names) {
    for (const bool is_line : {false, true}) {
      if (has_prefixes || !order.means(is_line, name.name)) continue;
      const auto series = catalog.find({.database = order.database, .is_line = is_line, .name = name.name});
      if (!series) return tl::unexpected(series.error());
      if (*series) numbers.push_back((*series)->number);
    }
  }
  if (has_prefixes) {
    std::vector<std::string> prefixes;
    for (const DeletedName& name : order.names) prefixes.push_back(name.name);
    const query::SeriesWanted wanted{.database = order.database, .prefixes = prefixes};
    auto listed = catalog.list(wanted, [&](SeriesNumber number, const SeriesKeyView& key, points::Type) {
      if (order.means(key.is_line, key.name)) numbers.push_back(number);
      return true;
    });
    if (!listed) return tl::unexpected(std::move(listed.error()));
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

// One for each stretch of meant series that follow each other by number, from the first that has such a point to the
// last.
std::vector<Tombstone> stretches(const std::vector<SeriesNumber>& meant, const std::vector<SeriesNumber>& with_points,
                                 const DeleteOrder& order, points::Seq behind) {
  std::vector<Tombstone> tombstones;
  SeriesNumber last_meant = 0;  // no series has this number
  bool is_in_stretch = false;
  for (const SeriesNumber number : meant) {
    is_in_stretch = is_in_stretch && number == last_meant + 1;
    last_meant = number;
    if (!std::binary_search(with_points.begin(), with_points.end(), number)) continue;
    if (is_in_stretch) {
      tombstones.back().last_series = number;
      continue;
    }
    is_in_stretch = true;
    tombstones.push_back({.first_series = number,
                          .last_series = number,
                          .first_ns = order.first_ns,
                          .last_ns = order.last_ns,
                          .first_seq = 0,
                          .behind_seq = behind});
  }
  return tombstones;
}

void add_to(Hasher& hasher, const Tombstone& tombstone) {
  hasher.add(tombstone.first_series)
      .add(tombstone.last_series)
      .add(static_cast<std::uint64_t>(tombstone.first_ns))
      .add(static_cast<std::uint64_t>(tombstone.last_ns))
      .add(tombstone.first_seq)
      .add(tombstone.behind_seq)
      .add(tombstone.spares_entries);
}

}  // namespace

Result<ApplyResult> SeriesFile::Connection::apply_delete(raft::Index index, const DeleteOrder& order, Hasher& hasher) {
  using Outcome = ApplyResult::Outcome;
  if (auto looked = points->look_at(fresh->view(), sealed); !looked) return tl::unexpected(std::move(looked.error()));
  const points::Seq behind =
      std::min(seq_of({.index = index, .ordinal = 0}), first_seq_behind(std::min<std::uint64_t>(order.up_to, index)));
  ApplyResult result{.outcome = Outcome::kDeleted};
  std::vector<Tombstone> tombstones;
  if (order.ids.empty()) {
    const auto series = series_of(order, points->catalog());
    if (!series) return tl::unexpected(series.error());
    const auto counted = points->count(*series, order.first_ns, order.last_ns, behind);
    if (!counted) return tl::unexpected(counted.error());
    result.deleted = counted->points;
    tombstones = stretches(*series, counted->series, order, behind);
  } else {
    std::vector<Guid> ids = order.ids;
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const Guid& id : ids) {
      const auto tombstone = points->tombstone_of(id);
      if (!tombstone) return tl::unexpected(tombstone.error());
      if (*tombstone && (*tombstone)->behind_seq <= behind) tombstones.push_back(**tombstone);
    }
    result.deleted = tombstones.size();
  }
  if (tombstones.size() > kMaxTombstonesOfACommand) return ApplyResult{.outcome = Outcome::kTooScattered};
  if (tombstones.empty()) {
    TIMESTORE_MARK("store: there was nothing to delete");
    return result;
  }
  TIMESTORE_MARK("store: points were deleted");
  hasher.add(result.deleted);
  for (const Tombstone& tombstone : tombstones) add_to(hasher, tombstone);
  fresh->add(tombstones);
  return result;
}

}  // namespace timestore::store
