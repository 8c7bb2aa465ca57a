#include "engine/store/points/generation.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "engine/base/check.h"

namespace timestore::points {
namespace {

constexpr std::ptrdiff_t kFewRows = 256;  // are sorted without memory beside them

struct Key {
  uint32_t series;
  uint32_t row;
};

// By series; equal ones stay in their order. A digit that all have in common costs no pass.
void sort_by_series(std::vector<Key>& keys) {
  constexpr unsigned kDigitBits = 11;
  constexpr size_t kDigits = size_t{1} << kDigitBits;
  std::vector<Key> sorted(keys.size());
  for (unsigned shift = 0; shift < 32; shift += kDigitBits) {
    const auto digit_of = [shift](const Key& key) { return (key.series >> shift) % kDigits; };
    std::array<size_t, kDigits> ends{};
    for (const Key& key : keys) ++ends[digit_of(key)];
    if (!keys.empty() && ends[digit_of(keys[0])] == keys.size()) continue;
    size_t begin = 0;
    for (size_t& end : ends) begin += std::exchange(end, begin);
    for (const Key& key : keys) sorted[ends[digit_of(key)]++] = key;
    keys.swap(sorted);
  }
}

}  // namespace

void Generation::append(const Point& point) {
  TIMESTORE_CHECK(size_ < kMaxRows, "a generation is sealed before it is full");
  TIMESTORE_CHECK(point.series <= std::numeric_limits<uint32_t>::max(), "series are numbered from 1 on");
  std::unique_ptr<Chunk>& chunk = chunks_[size_ / kChunkRows];
  if (!chunk) {
    chunk.reset(new Chunk);  // not zeroed: each row is written before anybody may read it
    size_bytes_ += sizeof(Chunk);
  }
  const size_t at = size_ % kChunkRows;
  chunk->series[at] = static_cast<uint32_t>(point.series);
  chunk->times[at] = point.time_ns;
  chunk->seqs[at] = point.seq;
  chunk->bits[at] = point.bits;
  chunk->kinds[at] = static_cast<uint8_t>(static_cast<unsigned>(point.type) + (point.is_line ? kIsLine : 0));
  if (!point.text.empty() || !point.attributes.empty() || !point.id.is_nil()) {
    chunk->extras[at].reset(new Extras{std::string(point.text), std::string(point.attributes), point.id});
    size_bytes_ += sizeof(Extras) + point.text.size() + point.attributes.size();
  }
  ++size_;
}

Point Generation::at(size_t row) const {
  const Chunk& chunk = chunk_of(row);
  const size_t at = row % kChunkRows;
  Point point{.series = chunk.series[at],
              .type = static_cast<Type>(chunk.kinds[at] % kIsLine),
              .time_ns = chunk.times[at],
              .seq = chunk.seqs[at],
              .bits = chunk.bits[at],
              .is_line = chunk.kinds[at] >= kIsLine};
  if (const Extras* extras = chunk.extras[at].get()) {
    point.text = extras->text;
    point.attributes = extras->attributes;
    point.id = extras->id;
  }
  return point;
}

void Generation::find(SeriesNumber series, int64_t from, int64_t to, size_t size, std::vector<uint32_t>& rows) const {
  if (series > std::numeric_limits<uint32_t>::max()) return;
  const auto wanted = static_cast<uint32_t>(series);
  const int64_t last = to == std::numeric_limits<int64_t>::max() ? to : to - 1;
  for (size_t begin = 0; begin < size; begin += kChunkRows) {
    const Chunk& chunk = chunk_of(begin);
    const size_t count = std::min(kChunkRows, size - begin);
    constexpr size_t kStride = 64;  // whether any of these is wanted is asked without a branch for each
    for (size_t stride = 0; stride < count; stride += kStride) {
      const auto numbers = std::span(chunk.series).subspan(stride, std::min(kStride, count - stride));
      unsigned found = 0;
      for (const uint32_t number : numbers) found += number == wanted ? 1 : 0;
      for (size_t at = stride; found > 0; ++at) {
        if (chunk.series[at] != wanted) continue;
        --found;
        if (from <= chunk.times[at] && chunk.times[at] <= last) rows.push_back(static_cast<uint32_t>(begin + at));
      }
    }
  }
}

// Of rows of one series, whose places in the log rise.
bool Generation::is_before_in_time(uint32_t left, uint32_t right) const {
  const Chunk& one = chunk_of(left);
  const Chunk& other = chunk_of(right);
  const int64_t time = one.times[left % kChunkRows];
  const int64_t other_time = other.times[right % kChunkRows];
  if (time != other_time) return time < other_time;
  return one.kinds[left % kChunkRows] >= kIsLine && other.kinds[right % kChunkRows] < kIsLine;
}

std::vector<uint32_t> Generation::sorted(size_t size) const {
  std::vector<Key> keys(size);
  for (size_t row = 0; row < size; ++row) {
    keys[row] = {chunk_of(row).series[row % kChunkRows], static_cast<uint32_t>(row)};
  }
  sort_by_series(keys);
  std::vector<uint32_t> rows(size);
  std::transform(keys.begin(), keys.end(), rows.begin(), [](const Key& key) { return key.row; });
  const auto before = [this](uint32_t left, uint32_t right) { return is_before_in_time(left, right); };
  for (size_t begin = 0, end = 0; begin < size; begin = end) {
    while (end < size && keys[end].series == keys[begin].series) ++end;
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = rows.begin() + static_cast<std::ptrdiff_t>(end);
    if (std::is_sorted(first, last, before)) continue;
    if (last - first > kFewRows) {
      std::stable_sort(first, last, before);
      continue;
    }
    for (auto row = first; row != last; ++row) {  // most stand where they belong
      if (row == first || !before(*row, *std::prev(row))) continue;
      std::rotate(std::upper_bound(first, row, *row, before), row, std::next(row));
    }
  }
  return rows;
}

}  // namespace timestore::points
