#include "sim/disk/wal_rot.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace timestore::sim {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kHeaderBytes = 32;       // magic, version, page size, sequence, salt (8), checksum (8)
constexpr std::size_t kFrameHeaderBytes = 24;  // page, pages after the commit or 0, salt (8), checksum (8)
constexpr std::uint32_t kMagic = 0x377f0682;   // the lowest bit: checksums take their words in big-endian order

std::uint32_t big_endian(Bytes bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

std::uint32_t little_endian(Bytes bytes) {
  return std::uint32_t{bytes[3]} << 24 | std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[1]} << 8 | bytes[0];
}

// Runs over the header and then over every frame, and each of them keeps its value so far.
class Checksum {
 public:
  explicit Checksum(bool has_big_words) : has_big_words_(has_big_words) {}

  void add(Bytes bytes) {
    for (; !bytes.empty(); bytes = bytes.subspan(8)) {
      first_ += word(bytes) + second_;
      second_ += word(bytes.subspan(4)) + first_;
    }
  }
  bool is_at(Bytes place) const { return big_endian(place) == first_ && big_endian(place.subspan(4)) == second_; }

 private:
  std::uint32_t word(Bytes bytes) const { return has_big_words_ ? big_endian(bytes) : little_endian(bytes); }

  bool has_big_words_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

}  // namespace

std::uint64_t bytes_that_may_rot(std::span<const std::uint8_t> wal) {
  if (wal.size() < kHeaderBytes || (big_endian(wal) & ~1U) != kMagic) return 0;
  Checksum checksum((big_endian(wal) & 1U) != 0);
  checksum.add(wal.first(24));
  if (!checksum.is_at(wal.subspan(24))) return 0;

  const Bytes salt = wal.subspan(16, 8);
  const std::size_t frame_bytes = kFrameHeaderBytes + big_endian(wal.subspan(8));
  std::size_t last_mark = 0;
  std::size_t mark_before = 0;
  for (std::size_t at = kHeaderBytes; at + frame_bytes <= wal.size(); at += frame_bytes) {
    const Bytes frame = wal.subspan(at, frame_bytes);
    checksum.add(frame.first(8));
    checksum.add(frame.subspan(kFrameHeaderBytes));
    const bool is_of_this_log = std::equal(salt.begin(), salt.end(), frame.begin() + 8);
    if (!is_of_this_log || !checksum.is_at(frame.subspan(16))) break;
    if (big_endian(frame.subspan(4)) != 0) mark_before = std::exchange(last_mark, at);
  }
  return mark_before;
}

}  // namespace timestore::sim
