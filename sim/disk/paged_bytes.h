// The bytes of a file, in pages: a file that grows does not move, and a copy costs its table of pages until one of the
// two is written to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace timestore::sim {

class PagedBytes {
 public:
  // Where simulations are fastest: of smaller pages there are more, and larger ones are copied for less.
  static constexpr std::size_t kPageBytes = 32 << 10;

  std::uint64_t size() const { return size_; }
  void resize(std::uint64_t size_bytes);  // what is new is zeros

  // Each grows as far as needed, for nothing not at all; between the old end and what is written lie zeros then.
  void write(std::uint64_t offset, std::span<const std::uint8_t> from);
  void write(std::uint64_t offset, const PagedBytes& from, std::uint64_t begin, std::uint64_t end);
  void fill_with_zeros(std::uint64_t begin, std::uint64_t end);

  void flip_bit(std::uint64_t offset, unsigned bit);  // requires that there is such a byte

  // Do these bytes stand there, and all of them before the end?
  bool holds(std::uint64_t offset, std::span<const std::uint8_t> expected) const;

  // Requires that all of it is there.
  void read(std::uint64_t offset, std::span<std::uint8_t> into) const;

  // Calls `visit(std::span<const std::uint8_t>)` for the pieces of [begin, end), one for each page, in order. Requires
  // that all of it is there.
  template <typename Visit>
  void for_each_piece(std::uint64_t begin, std::uint64_t end, const Visit& visit) const {
    for (std::uint64_t at = begin; at < end;) {
      const std::size_t count = count_in_page(at, end);
      visit(std::span<const std::uint8_t>(pages_[at / kPageBytes]->data() + at % kPageBytes, count));
      at += count;
    }
  }

 private:
  using Page = std::array<std::uint8_t, kPageBytes>;

  // How many of the bytes of [at, end) stand in the page of `at`.
  static std::size_t count_in_page(std::uint64_t at, std::uint64_t end) {
    const std::uint64_t left = kPageBytes - at % kPageBytes;
    return static_cast<std::size_t>(end - at < left ? end - at : left);
  }
  std::uint8_t* writable(std::uint64_t offset);
  void grow(std::uint64_t size_bytes);  // what is new is undefined

  std::vector<std::shared_ptr<Page>> pages_;  // some behind the end, kept for later; what stands there is undefined
  std::uint64_t size_ = 0;
};

}  // namespace timestore::sim
