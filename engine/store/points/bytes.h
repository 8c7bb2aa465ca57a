// How numbers become bytes, and back.
//
// A varint is LEB128: seven bits a byte, the least significant first, the top bit set in all but the last. A signed
// number is zigzagged before (0, -1, 1, -2, ... become 0, 1, 2, 3, ...). Whole words are little-endian.
//
// ByteReader never reads outside of what it was given: each of its verbs gives nothing where too little is left.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace timestore::points {

// Numbers wrap around at 64 bits everywhere in the encodings, so that no difference of two numbers is a special case.
constexpr uint64_t zigzag(uint64_t number) { return (number << 1) ^ (0 - (number >> 63)); }
constexpr uint64_t unzigzag(uint64_t code) { return (code >> 1) ^ (0 - (code & 1)); }

inline uint64_t load_word(const char* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

inline void store_word(char* to, uint64_t word) {
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  std::memcpy(to, &word, sizeof word);
}

inline void put_byte(std::string& out, unsigned byte) { out.push_back(static_cast<char>(byte)); }

inline void put_varint(std::string& out, uint64_t number) {
  for (; number >= 0x80; number >>= 7) put_byte(out, static_cast<unsigned>(number & 0x7f) | 0x80);
  put_byte(out, static_cast<unsigned>(number));
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  // What has not been read yet.
  std::string_view left() const { return left_; }

  std::optional<std::string_view> take(size_t size) {
    if (size > left_.size()) return std::nullopt;
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::optional<uint8_t> byte() {
    if (left_.empty()) return std::nullopt;
    const auto first = static_cast<uint8_t>(left_.front());
    left_.remove_prefix(1);
    return first;
  }

  // Nothing, too, where the number would not fit in 64 bits.
  std::optional<uint64_t> varint() {
    uint64_t number = 0;
    for (size_t at = 0; at < left_.size() && at < 10; ++at) {
      const auto bits = static_cast<uint8_t>(left_[at]);
      if (at == 9 && bits > 1) return std::nullopt;
      number |= uint64_t{bits & 0x7fu} << (7 * at);
      if (bits < 0x80) {
        left_.remove_prefix(at + 1);
        return number;
      }
    }
    return std::nullopt;
  }

 private:
  std::string_view left_;
};

}  // namespace timestore::points
