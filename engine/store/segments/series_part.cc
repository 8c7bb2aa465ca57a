#include "engine/store/segments/series_part.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "engine/base/mark.h"

namespace timestore::segments {

using points::BlockHead;
using points::SeriesNumber;

namespace {

// The first time of the series whose points count in the piece; nothing: none does.
std::optional<std::int64_t> first_that_counts(const PieceAddress& piece, SeriesNumber series) {
  const Place begin = piece.begin;
  if (piece.partition != begin.partition) {
    return piece.partition < begin.partition ? std::nullopt : std::optional(std::numeric_limits<std::int64_t>::min());
  }
  if (series < begin.series) return std::nullopt;
  return series == begin.series ? begin.time_ns : std::numeric_limits<std::int64_t>::min();
}

}  // namespace

void SeriesPart::begin(SeriesNumber series, TimeRange wanted, const Kept& kept, bool is_descending) {
  series_ = series;
  wanted_ = wanted;
  kept_ = &kept;
  is_descending_ = is_descending;
  fresh_.clear();
  chunks_.clear();
  groups_.clear();
  is_merging_ = false;
  chunk_ = nullptr;
}

Result<void> SeriesPart::add(LoadedPiece& piece) {
  auto from_ns = first_that_counts(piece.address(), series_);
  if (!from_ns) return {};
  from_ns = std::max(*from_ns, kept_->first_time);
  const auto heads = piece.heads(bytes_);
  if (!heads) return tl::unexpected(heads.error());
  const auto first = std::partition_point((*heads)->begin(), (*heads)->end(),
                                          [&](const BlockHead& head) { return head.last_series < series_; });
  for (auto head = first; head != (*heads)->end() && head->first_series <= series_; ++head) {
    if (head->max_time < std::max(wanted_.first, *from_ns) || head->min_time > wanted_.last) continue;
    const auto block = static_cast<std::size_t>(head - (*heads)->begin());
    if (head->is_narrow) {
      if (auto added = add_narrow(piece, block, *from_ns); !added) return added;
      continue;
    }
    chunks_.push_back({.first_ns = std::max(head->min_time, *from_ns),
                       .last_ns = head->max_time,
                       .piece = &piece,
                       .block = block,
                       .end = head->count,
                       .from_ns = *from_ns});
  }
  return {};
}

Result<void> SeriesPart::add_narrow(LoadedPiece& piece, std::size_t block, std::int64_t from_ns) {
  const auto decoded = piece.narrow(block);
  if (!decoded) return tl::unexpected(decoded.error());
  const points::BlockColumns& columns = (*decoded)->columns;
  const auto series = std::span(columns.series).first(columns.count);
  const auto [first, behind] = std::equal_range(series.begin(), series.end(), series_);
  std::size_t begin = static_cast<std::size_t>(first - series.begin());
  const std::size_t end = static_cast<std::size_t>(behind - series.begin());
  while (begin < end && columns.times[begin] < from_ns) ++begin;
  if (begin == end) return {};
  const bool is_outside = columns.times[end - 1] < wanted_.first || columns.times[begin] > wanted_.last;
  if (is_outside) return {};
  chunks_.push_back({.first_ns = columns.times[begin],
                     .last_ns = columns.times[end - 1],
                     .piece = &piece,
                     .block = block,
                     .is_narrow = true,
                     .begin = begin,
                     .end = end});
  return {};
}

void SeriesPart::add(const points::Generation& fresh, std::span<const std::uint32_t> rows) {
  if (!rows.empty()) fresh_.push_back({.generation = &fresh, .rows = rows});
}

void SeriesPart::add_fresh(const FreshRows& fresh, std::size_t begin, std::size_t end) {
  chunks_.push_back({.first_ns = fresh.generation->time_at(fresh.rows[begin]),
                     .last_ns = fresh.generation->time_at(fresh.rows[end - 1]),
                     .begin = begin,
                     .end = end,
                     .generation = fresh.generation,
                     .rows = fresh.rows.data()});
}

// One late point among fresh ones must not make a chunk that overlaps all blocks: fresh rows are cut wherever a block
// begins between two of them. The blocks are in the order of their first times.
void SeriesPart::cut(const FreshRows& fresh, std::span<const Chunk> blocks) {
  std::size_t begin = 0;
  auto block = blocks.begin();
  for (std::size_t at = 1; at < fresh.rows.size(); ++at) {
    const std::int64_t before = fresh.generation->time_at(fresh.rows[at - 1]);
    while (block != blocks.end() && block->first_ns <= before) ++block;
    if (block == blocks.end()) break;
    if (block->first_ns > fresh.generation->time_at(fresh.rows[at])) continue;
    add_fresh(fresh, begin, at);
    begin = at;
  }
  add_fresh(fresh, begin, fresh.rows.size());
}

void SeriesPart::arrange() {
  const auto is_earlier = [](const Chunk& left, const Chunk& right) { return left.first_ns < right.first_ns; };
  std::stable_sort(chunks_.begin(), chunks_.end(), is_earlier);
  if (!fresh_.empty()) {
    const std::vector<Chunk> blocks = chunks_;
    for (const FreshRows& fresh : fresh_) cut(fresh, blocks);
    std::stable_sort(chunks_.begin(), chunks_.end(), is_earlier);
  }
  find_pierced();
  group();
}

// What was deleted of a chunk counts in its statistics: it must be looked at point by point.
void SeriesPart::find_pierced() {
  if (!kept_->is_pierced) return;
  for (Chunk& chunk : chunks_) {
    chunk.is_pierced = kept_->pierces({.first_series = series_,
                                       .last_series = series_,
                                       .first_ns = chunk.first_ns,
                                       .last_ns = chunk.last_ns,
                                       .first_seq = chunk.piece != nullptr ? chunk.piece->address().first_seq : 0});
    if (chunk.is_pierced) TIMESTORE_MARK("store: a reader of series left out what was deleted");
  }
}

void SeriesPart::group() {
  for (std::size_t begin = 0; begin < chunks_.size();) {
    std::size_t end = begin + 1;
    std::int64_t last_ns = chunks_[begin].last_ns;
    for (; end < chunks_.size() && chunks_[end].first_ns <= last_ns; ++end) {
      last_ns = std::max(last_ns, chunks_[end].last_ns);
    }
    groups_.push_back({begin, end});
    begin = end;
  }
  if (!is_descending_) std::reverse(groups_.begin(), groups_.end());
}

Result<bool> SeriesPart::next() {
  while (true) {
    if (is_merging_) {
      const auto filled = merge_.fill(batch_->columns);
      if (!filled) return tl::unexpected(filled.error());
      if (*filled > 0) {
        has_identities_ = false;
        const points::BlockColumns& columns = batch_->columns;
        head_ = {.series = series_,
                 .type = columns.type,
                 .count = *filled,
                 .first_ns = columns.times[0],
                 .last_ns = columns.times[*filled - 1]};
        return true;
      }
      is_merging_ = false;
    }
    if (groups_.empty()) return false;
    auto is_there = next_group();
    if (!is_there || *is_there) return is_there;
  }
}

// True: it is a batch by itself.
Result<bool> SeriesPart::next_group() {
  const Group group = groups_.back();
  groups_.pop_back();
  const Chunk& first = chunks_[group.begin];
  chunk_ = nullptr;
  const bool is_alone = group.end == group.begin + 1 && first.piece != nullptr && !first.is_pierced;
  if (!is_alone) TIMESTORE_MARK("store: a reader of series merged stretches that overlap");
  if (is_alone) {
    const auto heads = first.piece->heads(bytes_);
    if (!heads) return tl::unexpected(heads.error());
    const BlockHead& head = (**heads)[first.block];
    if (first.is_narrow || first.from_ns <= head.min_time) {
      chunk_ = &first;
      has_columns_ = has_identities_ = false;
      head_ = {.series = series_,
               .type = head.type,
               .count = first.end - first.begin,
               .first_ns = first.first_ns,
               .last_ns = first.last_ns,
               .statistics = head.has_statistics && !first.is_narrow ? &head.statistics : nullptr};
      return true;
    }
  }
  const auto begin = chunks_.begin();
  const bool is_pierced = std::any_of(chunks_.begin() + static_cast<std::ptrdiff_t>(group.begin),
                                      chunks_.begin() + static_cast<std::ptrdiff_t>(group.end),
                                      [](const Chunk& chunk) { return chunk.is_pierced; });
  merge_.begin({begin + static_cast<std::ptrdiff_t>(group.begin), begin + static_cast<std::ptrdiff_t>(group.end)},
               is_descending_, is_pierced ? kept_ : nullptr);
  is_merging_ = true;
  return false;
}

Result<const points::BlockColumns*> SeriesPart::columns() {
  if (chunk_ == nullptr || std::exchange(has_columns_, true)) return &batch_->columns;
  if (!chunk_->is_narrow) {
    auto read = chunk_->piece->read(chunk_->block, batch_->columns);
    if (!read) return tl::unexpected(std::move(read.error()));
    return &batch_->columns;
  }
  const auto narrow = chunk_->piece->narrow(chunk_->block);
  if (!narrow) return tl::unexpected(narrow.error());
  const points::BlockColumns& from = (*narrow)->columns;
  points::BlockColumns& to = batch_->columns;
  to.type = from.type;
  to.count = head_.count;
  const bool is_text = from.type == points::Type::kString;
  for (std::size_t at = 0; at < head_.count; ++at) {
    const std::size_t row = chunk_->begin + at;
    to.series[at] = from.series[row];
    to.times[at] = from.times[row];
    if (is_text) to.texts[at] = from.texts[row];
    if (!is_text) to.bits[at] = from.bits[row];
    to.are_lines[at] = from.are_lines[row];
  }
  return &to;
}

Result<const points::BlockIdentities*> SeriesPart::identities() {
  if (std::exchange(has_identities_, true)) return &batch_->identities;
  if (chunk_ == nullptr) {
    auto filled = merge_.fill(batch_->identities);
    if (!filled) return tl::unexpected(std::move(filled.error()));
    return &batch_->identities;
  }
  if (auto read = columns(); !read) return tl::unexpected(read.error());
  if (!chunk_->is_narrow) {
    auto read = chunk_->piece->read_identities(chunk_->block, bytes_, *batch_);
    if (!read) return tl::unexpected(std::move(read.error()));
    return &batch_->identities;
  }
  const auto narrow = chunk_->piece->narrow_with_identities(chunk_->block, bytes_);
  if (!narrow) return tl::unexpected(narrow.error());
  const points::BlockIdentities& from = (*narrow)->identities;
  points::BlockIdentities& to = batch_->identities;
  for (std::size_t at = 0; at < head_.count; ++at) {
    const std::size_t row = chunk_->begin + at;
    to.seqs[at] = from.seqs[row];
    to.ids[at] = from.ids[row];
    to.attributes[at] = from.attributes[row];
  }
  return &to;
}

}  // namespace timestore::segments
