// Which keys of lines, and which fields under each, have come before: a place for each, in the order of first
// appearance.
//
// Places do not depend on how texts are hashed, so all that is made of them is the same everywhere. The seed of the
// hash is secret: whoever sends lines must not be able to choose keys that collide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace timestore {

// Texts, each under a number: the same text under another number is another one. At most 2^32 - 1.
class LineTable {
 public:
  explicit LineTable(uint64_t seed) : seed_(seed) {}

  // The place of this text; `size()` before, when it is new. `guess`: where it may well be.
  uint32_t find_or_add(uint32_t under, std::string_view text, uint32_t guess);

  size_t size() const { return texts_.size(); }
  void clear();

 private:
  struct Text {
    uint64_t hash = 0;
    size_t begin = 0;
    uint32_t size = 0;
    uint32_t under = 0;
  };
  struct Slot {
    uint32_t place = kFree;
    uint32_t hash = 0;  // the rest of it, which the slot's own place does not tell
  };
  static constexpr uint32_t kFree = UINT32_MAX;

  bool is_at(uint32_t place, uint32_t under, std::string_view text) const;
  uint64_t hash_of(uint32_t under, std::string_view text) const;
  void grow();

  const uint64_t seed_;
  std::vector<Text> texts_;
  std::string bytes_;        // of all texts
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
};

}  // namespace timestore
