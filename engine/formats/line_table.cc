#include "engine/formats/line_table.h"

#include <cstring>

#include "engine/base/check.h"

namespace timestore {

namespace {

constexpr size_t kFirstSlots = 64;

__extension__ typedef unsigned __int128 Product;

// Both halves of the product count (as in wyhash).
uint64_t mix(uint64_t left, uint64_t right) {
  const auto product = static_cast<Product>(left) * right;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t bytes_at(const char* at, size_t count) {
  uint64_t bytes = 0;
  std::memcpy(&bytes, at, count);
  return bytes;
}

}  // namespace

uint64_t LineTable::hash_of(uint32_t under, std::string_view text) const {
  constexpr uint64_t kFirst = 0xa0761d6478bd642f;
  constexpr uint64_t kSecond = 0xe7037ed1a0b428db;
  uint64_t hash = mix(seed_ ^ kFirst, (uint64_t{under} << 32 | text.size()) ^ kSecond);
  const char* at = text.data();
  size_t left = text.size();
  for (; left > 16; at += 16, left -= 16) hash = mix(bytes_at(at, 8) ^ kFirst, bytes_at(at + 8, 8) ^ hash);
  const uint64_t low = bytes_at(at, left < 8 ? left : 8);
  const uint64_t high = left > 8 ? bytes_at(at + 8, left - 8) : 0;
  return mix(low ^ kFirst ^ seed_, mix(high ^ kSecond, hash));
}

bool LineTable::is_at(uint32_t place, uint32_t under, std::string_view text) const {
  const Text& known = texts_[place];
  return known.under == under && known.size == text.size() &&
         std::memcmp(bytes_.data() + known.begin, text.data(), text.size()) == 0;
}

uint32_t LineTable::find_or_add(uint32_t under, std::string_view text, uint32_t guess) {
  if (guess < texts_.size() && is_at(guess, under, text)) return guess;
  if (2 * (texts_.size() + 1) > slots_.size()) grow();
  const uint64_t hash = hash_of(under, text);
  const auto rest = static_cast<uint32_t>(hash >> 32);
  const size_t last = slots_.size() - 1;
  size_t at = hash & last;
  for (; slots_[at].place != kFree; at = (at + 1) & last) {
    if (slots_[at].hash == rest && is_at(slots_[at].place, under, text)) return slots_[at].place;
  }
  TIMESTORE_CHECK(texts_.size() < kFree, "a body has fewer bytes than that");
  const auto place = static_cast<uint32_t>(texts_.size());
  slots_[at] = {.place = place, .hash = rest};
  texts_.push_back({.hash = hash, .begin = bytes_.size(), .size = static_cast<uint32_t>(text.size()), .under = under});
  bytes_ += text;
  return place;
}

void LineTable::grow() {
  slots_.assign(slots_.empty() ? kFirstSlots : 2 * slots_.size(), {});
  const size_t last = slots_.size() - 1;
  for (uint32_t place = 0; place < texts_.size(); ++place) {
    const uint64_t hash = texts_[place].hash;
    size_t at = hash & last;
    while (slots_[at].place != kFree) at = (at + 1) & last;
    slots_[at] = {.place = place, .hash = static_cast<uint32_t>(hash >> 32)};
  }
}

void LineTable::clear() {
  texts_.clear();
  bytes_.clear();
  slots_.assign(slots_.size(), {});
}

}  // namespace timestore
