// Fresh points: what was applied since the last seal, in memory, in the order of the log.
//
// One thread appends. What has been appended never changes and never moves, so others may read the rows below a size
// that they were told (by whatever hands sizes from thread to thread) while more is appended behind. Replacements win
// by their order (point.h), so nothing is written twice.
//
// A reader that wants one series compares the numbers of all rows: 2^18 of them are one megabyte, read in some 30
// microseconds, less than the answer's way to its client. So there is no index that would have to change under it.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/store/points/point.h"

namespace timestore::points {

class Generation {
 public:
  static constexpr size_t kChunkRows = 512;            // some 23 kB
  static constexpr size_t kMaxRows = size_t{1} << 19;  // a seal is due far earlier, but a batch is applied as a whole

  // Copies the texts. Requires size() < kMaxRows and a series number below 2^32.
  void append(const Point& point);

  size_t size() const { return size_; }
  size_t size_bytes() const { return size_bytes_; }  // that it holds in memory

  // Its texts live as long as the generation. Requires row < size().
  Point at(size_t row) const;

  Guid id_at(size_t row) const {
    const Extras* extras = chunk_of(row).extras[row % kChunkRows].get();
    return extras != nullptr ? extras->id : Guid();
  }
  Seq seq_at(size_t row) const { return chunk_of(row).seqs[row % kChunkRows]; }        // likewise
  int64_t time_at(size_t row) const { return chunk_of(row).times[row % kChunkRows]; }  // likewise
  SeriesNumber series_at(size_t row) const { return chunk_of(row).series[row % kChunkRows]; }
  bool is_line_at(size_t row) const { return (chunk_of(row).kinds[row % kChunkRows] & kIsLine) != 0; }

  // The rows below `size` of the series whose times are in [from, to), or from there on (to: the last there is), as in
  // the log.
  void find(SeriesNumber series, int64_t from, int64_t to, size_t size, std::vector<uint32_t>& rows) const;

  // All rows below `size` in the order of segments.
  std::vector<uint32_t> sorted(size_t size) const;

 private:
  struct Extras {  // what most points do not have
    std::string text;
    std::string attributes;
    Guid id;
  };
  static constexpr unsigned kIsLine = 8;
  struct Chunk {
    std::array<uint32_t, kChunkRows> series;
    std::array<int64_t, kChunkRows> times;
    std::array<Seq, kChunkRows> seqs;
    std::array<uint64_t, kChunkRows> bits;
    std::array<uint8_t, kChunkRows> kinds;  // type + kIsLine if it is a line
    std::array<std::unique_ptr<const Extras>, kChunkRows> extras;
  };

  const Chunk& chunk_of(size_t row) const { return *chunks_[row / kChunkRows]; }
  bool is_before_in_time(uint32_t left, uint32_t right) const;

  std::array<std::unique_ptr<Chunk>, kMaxRows / kChunkRows> chunks_;
  size_t size_ = 0;
  size_t size_bytes_ = 0;
};

}  // namespace timestore::points
