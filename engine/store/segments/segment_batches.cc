// Segments and fresh points as batches of series: series by series, and of each partition by partition, since these
// follow each other in time.
//
// In each partition the pieces of a segment follow each other by series. So those that may hold the present series are
// about one for each segment and partition, and only these are in memory.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "engine/store/segments/segment_scan.h"
#include "engine/store/segments/series_part.h"

namespace timestore::segments {

using points::Generation;
using points::SeriesNumber;

namespace {

// Beyond so many pieces at a time each is read anew for each of its series: with their bytes, heads and a decoded block
// they are some 40 MB.
constexpr std::size_t kMaxKeptPieces = 256;

// To find so many series one by one takes less time than to sort all rows.
constexpr std::size_t kFewSeries = 8;

// Of what is kept (SegmentReader::keep).
constexpr std::size_t kMaxKeptBytes = std::size_t{8} << 20;  // of pieces
constexpr std::size_t kMaxListed = 65'536;                   // pieces, some 80 bytes each
constexpr std::size_t kManySeries = 64;                      // that are worth a whole list at once

class SegmentBatches final : public points::BatchCursor {
 public:
  // The addresses are in the order in which the series come to them.
  SegmentBatches(const points::Reading& reading, Kept kept, std::vector<PieceAddress> addresses,
                 PieceBytesReader& bytes, std::int64_t partition_width_ns)
      : reading_(reading),
        kept_(std::move(kept)),
        addresses_(std::move(addresses)),
        partition_width_ns_(partition_width_ns),
        points_(bytes) {}

  void add_fresh(const FreshPoints& fresh, std::vector<std::uint32_t> rows) {
    fresh_.push_back({.generation = fresh.generation, .rows = std::move(rows)});
  }

  Result<bool> next() override {
    while (true) {
      if (is_in_part_) {
        auto is_there = points_.next();
        if (!is_there || *is_there) return is_there;
        is_in_part_ = false;
      }
      if (!parts_.empty()) {
        if (auto begun = begin_part(); !begun) return tl::unexpected(std::move(begun.error()));
        continue;
      }
      if (series_done_ == reading_.series.size()) return false;
      begin_series();
    }
  }

  void skip_series() override {
    parts_.clear();
    is_in_part_ = false;
  }

  const points::BatchHead& head() const override { return points_.head(); }
  Result<const points::BlockColumns*> columns() override { return points_.columns(); }
  Result<const points::BlockIdentities*> identities() override { return points_.identities(); }

 private:
  struct Fresh {
    const Generation* generation = nullptr;
    std::vector<std::uint32_t> rows = {};
  };
  // What of the present series is in a partition.
  struct Part {
    Partition partition = 0;
    std::vector<LoadedPiece*> pieces = {};
    std::vector<std::pair<const Generation*, std::span<const std::uint32_t>>> fresh = {};
  };

  void begin_series();
  void change_pieces(SeriesNumber series);
  void add_fresh_parts(const Fresh& fresh, SeriesNumber series);
  Part& part_of(Partition partition);
  Result<void> begin_part();

  points::Reading reading_;
  Kept kept_;
  std::vector<PieceAddress> addresses_;
  std::int64_t partition_width_ns_;
  SeriesPart points_;
  std::vector<Fresh> fresh_;
  std::size_t series_done_ = 0;                       // that were begun
  std::size_t addresses_done_ = 0;                    // whose pieces were reached
  std::vector<std::unique_ptr<LoadedPiece>> pieces_;  // that may hold the present series, by partition
  std::vector<Part> parts_;                           // of the present series; the next one is the last
  bool is_in_part_ = false;
};

void SegmentBatches::begin_series() {
  const std::size_t number = reading_.is_descending ? reading_.series.size() - 1 - series_done_ : series_done_;
  const SeriesNumber series = reading_.series[number];
  ++series_done_;
  change_pieces(series);
  for (const auto& piece : pieces_) part_of(piece->address().partition).pieces.push_back(piece.get());
  for (const Fresh& fresh : fresh_) add_fresh_parts(fresh, series);
  std::sort(parts_.begin(), parts_.end(), [&](const Part& left, const Part& right) {
    return reading_.is_descending ? left.partition < right.partition : left.partition > right.partition;
  });
}

// Pieces that are behind the way go, and those that it reaches come. Nothing of the series before is in use any more.
void SegmentBatches::change_pieces(SeriesNumber series) {
  std::erase_if(pieces_, [&](const auto& piece) {
    return reading_.is_descending ? piece->address().first_series > series : piece->address().last_series < series;
  });
  for (std::size_t at = kMaxKeptPieces; at < pieces_.size(); ++at) pieces_[at]->unload();
  const std::size_t known = pieces_.size();
  for (; addresses_done_ < addresses_.size(); ++addresses_done_) {
    const PieceAddress& next = addresses_[addresses_done_];
    const bool is_reached = reading_.is_descending ? next.last_series >= series : next.first_series <= series;
    if (!is_reached) break;
    const bool holds_it = next.first_series <= series && series <= next.last_series;
    if (holds_it) pieces_.push_back(std::make_unique<LoadedPiece>(next));
  }
  if (pieces_.size() == known) return;
  std::stable_sort(pieces_.begin(), pieces_.end(), [](const auto& left, const auto& right) {
    return left->address().partition < right->address().partition;
  });
}

void SegmentBatches::add_fresh_parts(const Fresh& fresh, SeriesNumber series) {
  const auto is_before = [&](std::uint32_t row, SeriesNumber wanted) {
    return fresh.generation->series_at(row) < wanted;
  };
  const auto begin = std::lower_bound(fresh.rows.begin(), fresh.rows.end(), series, is_before);
  const auto end = std::lower_bound(begin, fresh.rows.end(), series + 1, is_before);
  for (auto first = begin; first != end;) {
    const Partition partition = partition_of(fresh.generation->time_at(*first), partition_width_ns_);
    const auto behind = std::partition_point(first, end, [&](std::uint32_t row) {
      return partition_of(fresh.generation->time_at(row), partition_width_ns_) == partition;
    });
    part_of(partition).fresh.emplace_back(fresh.generation, std::span(first, behind));
    first = behind;
  }
}

SegmentBatches::Part& SegmentBatches::part_of(Partition partition) {
  const auto known =
      std::find_if(parts_.rbegin(), parts_.rend(), [&](const Part& part) { return part.partition == partition; });
  return known != parts_.rend() ? *known : parts_.emplace_back(Part{.partition = partition});
}

Result<void> SegmentBatches::begin_part() {
  const Part part = std::move(parts_.back());
  parts_.pop_back();
  const std::size_t number = reading_.is_descending ? reading_.series.size() - series_done_ : series_done_ - 1;
  points_.begin(reading_.series[number], {reading_.first_ns, reading_.last_ns}, kept_, reading_.is_descending);
  for (LoadedPiece* piece : part.pieces) {
    if (auto added = points_.add(*piece); !added) return added;
  }
  for (const auto& [generation, rows] : part.fresh) points_.add(*generation, rows);
  points_.arrange();
  is_in_part_ = true;
  return {};
}

// Whether any wanted series is within [first, last].
bool is_wanted(const points::Reading& reading, SeriesNumber first, SeriesNumber last) {
  const auto next = std::lower_bound(reading.series.begin(), reading.series.end(), first);
  return next != reading.series.end() && *next <= last;
}

}  // namespace

void SegmentReader::keep() {
  keeps_ = true;
  bytes_.keep(kMaxKeptBytes);
}

void SegmentReader::forget() {
  visible_.reset();
  listings_.clear();
  listed_ = 0;
  bytes_.forget();
}

// Rows of the wanted series and times, in the order of segments.
std::vector<std::uint32_t> SegmentReader::fresh_rows(const FreshPoints& fresh, const points::Reading& reading) {
  const Generation& generation = *fresh.generation;
  std::vector<std::uint32_t> rows;
  if (fresh.size == 0) return rows;
  if (reading.series.size() <= kFewSeries) {
    for (const SeriesNumber series : reading.series) {
      const auto begin = static_cast<std::ptrdiff_t>(rows.size());
      const bool has_end = reading.last_ns < std::numeric_limits<std::int64_t>::max();
      generation.find(series, reading.first_ns, reading.last_ns + (has_end ? 1 : 0), fresh.size, rows);
      std::sort(rows.begin() + begin, rows.end(), [&](std::uint32_t left, std::uint32_t right) {
        return points::is_before(generation.at(left), generation.at(right));
      });
    }
    return rows;
  }
  const points::Seq first = generation.seq_at(0);
  const bool is_known = keeps_ && fresh_order_.first == first && fresh_order_.size == fresh.size;
  if (!is_known) fresh_order_ = {.first = first, .size = fresh.size, .rows = generation.sorted(fresh.size)};
  auto wanted = reading.series.begin();
  for (const std::uint32_t row : fresh_order_.rows) {
    while (wanted != reading.series.end() && *wanted < generation.series_at(row)) ++wanted;
    if (wanted == reading.series.end()) break;
    if (*wanted != generation.series_at(row)) continue;
    const std::int64_t time_ns = generation.time_at(row);
    if (reading.first_ns <= time_ns && time_ns <= reading.last_ns) rows.push_back(row);
  }
  return rows;
}

Result<void> SegmentReader::list_pieces(const Visible& visible, Partition partition, SeriesNumber first_series,
                                        const TellAddress& tell) {
  const store::ResetAtEnd reset(addresses_);
  addresses_.bind_integer(1, visible.segment.id)
      .bind_integer(2, partition)
      .bind_integer(3, static_cast<std::int64_t>(first_series));
  while (true) {
    auto is_there = addresses_.step();
    if (!is_there) return tl::unexpected(std::move(is_there.error()));
    if (!*is_there) return {};
    const bool goes_on = tell({.key = addresses_.integer(0),
                               .partition = partition,
                               .first_series = addresses_.natural(1),
                               .last_series = addresses_.natural(2),
                               .min_time = addresses_.integer(3),
                               .max_time = addresses_.integer(4),
                               .first_seq = addresses_.natural(5),
                               .begin = visible.begin});
    if (!goes_on) return {};
  }
}

// All pieces of a segment in a partition. Null: to find those that are wanted takes less time, or there is no room.
Result<const std::vector<PieceAddress>*> SegmentReader::listing(const Visible& visible, Partition partition,
                                                                bool is_of_many) {
  if (!keeps_) return nullptr;
  Listing& listing = listings_[{visible.segment.id, partition}];
  if (listing.is_whole) return &listing.pieces;
  const bool is_worth_it = is_of_many || listing.asked++ > 0;
  if (!is_worth_it || listed_ + visible.segment.pieces > kMaxListed) return nullptr;
  auto listed = list_pieces(visible, partition, 0, [&](const PieceAddress& piece) {
    listing.pieces.push_back(piece);
    return true;
  });
  if (!listed) {
    listing.pieces.clear();
    return tl::unexpected(std::move(listed.error()));
  }
  listing.is_whole = true;
  listed_ += listing.pieces.size();
  return &listing.pieces;
}

Result<void> SegmentReader::add_addresses(const Visible& visible, Partition partition, const points::Reading& reading,
                                          std::vector<PieceAddress>& addresses) {
  const auto look_at = [&](const PieceAddress& piece) {
    if (piece.first_series > reading.series.back()) return false;
    const bool is_in_time = piece.max_time >= reading.first_ns && piece.min_time <= reading.last_ns;
    const bool counts = Place{partition, piece.last_series, piece.max_time} >= visible.begin;
    if (is_in_time && counts && is_wanted(reading, piece.first_series, piece.last_series)) addresses.push_back(piece);
    return true;
  };
  const auto listed = listing(visible, partition, reading.series.size() >= kManySeries);
  if (!listed) return tl::unexpected(listed.error());
  if (*listed == nullptr) return list_pieces(visible, partition, reading.series.front(), look_at);
  const std::vector<PieceAddress>& all = **listed;
  auto piece = std::partition_point(
      all.begin(), all.end(), [&](const PieceAddress& known) { return known.last_series < reading.series.front(); });
  while (piece != all.end() && look_at(*piece)) ++piece;
  return {};
}

Result<std::vector<PieceAddress>> SegmentReader::addresses_of(const points::Reading& reading) {
  std::vector<PieceAddress> addresses;
  const Scan scan{.from = reading.first_ns, .to = reading.last_ns};
  const auto segments = visible(scan);
  if (!segments) return tl::unexpected(segments.error());
  for (const Visible& visible : *segments) {
    std::vector<Partition> partitions;
    if (visible.segment.partition) {
      partitions = {*visible.segment.partition};
    } else {
      auto some = partitions_of(visible, scan);
      if (!some) return tl::unexpected(std::move(some.error()));
      partitions = std::move(*some);
    }
    for (const Partition partition : partitions) {
      auto added = add_addresses(visible, partition, reading, addresses);
      if (!added) return tl::unexpected(std::move(added.error()));
    }
  }
  std::sort(addresses.begin(), addresses.end(), [&](const PieceAddress& left, const PieceAddress& right) {
    return reading.is_descending ? std::pair(left.last_series, left.key) > std::pair(right.last_series, right.key)
                                 : std::pair(left.first_series, left.key) < std::pair(right.first_series, right.key);
  });
  return addresses;
}

Result<std::unique_ptr<points::BatchCursor>> SegmentReader::read(const points::Reading& reading,
                                                                 std::span<const FreshPoints> fresh, const Kept& kept) {
  points::Reading visible = reading;
  visible.first_ns = std::max(reading.first_ns, kept.first_time);
  if (visible.first_ns > visible.last_ns) visible.series = {};
  std::vector<PieceAddress> addresses;
  if (!visible.series.empty()) {
    auto found = addresses_of(visible);
    if (!found) return tl::unexpected(std::move(found.error()));
    addresses = std::move(*found);
  }
  auto batches = std::make_unique<SegmentBatches>(visible, kept, std::move(addresses), bytes_, partition_width_ns_);
  for (const FreshPoints& some : fresh) batches->add_fresh(some, fresh_rows(some, visible));
  return batches;
}

}  // namespace timestore::segments
