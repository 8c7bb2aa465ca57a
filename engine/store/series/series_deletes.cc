// Applying deletes: what they mean of what is there, as tombstones.
//
// Which series a range means is decided here, by their numbers: a series that comes later is another, although it may
// have such a name. So a tombstone needs no names.
#include <algorithm>
#include <optional>
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

Result<std::vector<SeriesNumber>> series_of(const DeleteOrder& order, Catalog& catalog) {
  std::vector<SeriesNumber> numbers;
  auto listed =
      catalog.list({.database = order.database}, [&](SeriesNumber number, const SeriesKeyView& key, points::Type) {
        if (order.means(key.is_line, key.name)) numbers.push_back(number);
        return true;
      });
  if (!listed) return tl::unexpected(std::move(listed.error()));
  return numbers;
}

// One for each stretch of numbers that follow each other.
std::vector<Tombstone> stretches(const std::vector<SeriesNumber>& series, const DeleteOrder& order,
                                 points::Seq behind) {
  std::vector<Tombstone> tombstones;
  for (const SeriesNumber number : series) {
    if (!tombstones.empty() && tombstones.back().last_series + 1 == number) {
      tombstones.back().last_series = number;
      continue;
    }
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
      .add(tombstone.behind_seq);
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
    const auto count = points->count(*series, order.first_ns, order.last_ns, behind);
    if (!count) return tl::unexpected(count.error());
    result.deleted = *count;
    if (*count > 0) tombstones = stretches(*series, order, behind);
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
  for (const Tombstone& tombstone : tombstones) add_to(hasher, tombstone);
  fresh->add(tombstones);
  return result;
}

}  // namespace timestore::store
