#include "sim/disk/paged_bytes.h"

#include <algorithm>

namespace timestore::sim {

namespace {

std::size_t pages_of(std::uint64_t size_bytes) {
  return static_cast<std::size_t>((size_bytes + PagedBytes::kPageBytes - 1) / PagedBytes::kPageBytes);
}

}  // namespace

// The place of a byte, in a page that no copy shares.
std::uint8_t* PagedBytes::writable(std::uint64_t offset) {
  std::shared_ptr<Page>& page = pages_[offset / kPageBytes];
  if (page.use_count() > 1) page = std::make_shared<Page>(*page);
  return page->data() + offset % kPageBytes;
}

void PagedBytes::grow(std::uint64_t size_bytes) {
  if (size_bytes <= size_) return;
  while (pages_.size() < pages_of(size_bytes)) pages_.push_back(std::make_shared_for_overwrite<Page>());
  size_ = size_bytes;
}

void PagedBytes::resize(std::uint64_t size_bytes) {
  if (size_bytes >= size_) return fill_with_zeros(size_, size_bytes);
  size_ = size_bytes;
}

void PagedBytes::write(std::uint64_t offset, std::span<const std::uint8_t> from) {
  if (from.empty()) return;
  if (offset > size_) fill_with_zeros(size_, offset);
  grow(offset + from.size());
  while (!from.empty()) {
    const std::size_t count = count_in_page(offset, offset + from.size());
    std::copy_n(from.begin(), count, writable(offset));
    from = from.subspan(count);
    offset += count;
  }
}

void PagedBytes::write(std::uint64_t offset, const PagedBytes& from, std::uint64_t begin, std::uint64_t end) {
  from.for_each_piece(begin, end, [&](std::span<const std::uint8_t> piece) {
    write(offset, piece);
    offset += piece.size();
  });
}

void PagedBytes::fill_with_zeros(std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  std::uint64_t at = std::min(begin, size_);
  grow(end);
  while (at < end) {
    const std::size_t count = count_in_page(at, end);
    std::fill_n(writable(at), count, std::uint8_t{0});
    at += count;
  }
}

void PagedBytes::flip_bit(std::uint64_t offset, unsigned bit) {
  std::uint8_t* const byte = writable(offset);
  *byte = static_cast<std::uint8_t>(*byte ^ (1U << bit));
}

bool PagedBytes::holds(std::uint64_t offset, std::span<const std::uint8_t> expected) const {
  if (offset + expected.size() > size_) return false;
  while (!expected.empty()) {
    const std::size_t count = count_in_page(offset, offset + expected.size());
    const std::uint8_t* const place = pages_[offset / kPageBytes]->data() + offset % kPageBytes;
    if (!std::equal(place, place + count, expected.begin())) return false;
    expected = expected.subspan(count);
    offset += count;
  }
  return true;
}

void PagedBytes::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
  for_each_piece(offset, offset + into.size(), [&](std::span<const std::uint8_t> piece) {
    std::copy(piece.begin(), piece.end(), into.begin());
    into = into.subspan(piece.size());
  });
}

}  // namespace timestore::sim
