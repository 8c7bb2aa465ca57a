#include "engine/series/entry_id.h"

#include "engine/base/check.h"

namespace timestore {
namespace {

constexpr uint64_t kVersion = 8;
constexpr uint64_t kVariant = 2;

constexpr int kSaltHighBits = 12;
constexpr int kSaltLowBits = 45;
constexpr int kIdOrdinalBits = 17;

constexpr uint64_t low_bits(uint64_t number, int count) { return number & ((uint64_t{1} << count) - 1); }

void store_big_endian(uint64_t word, uint8_t* bytes) {
  for (int byte = 7; byte >= 0; --byte, word >>= 8) bytes[byte] = static_cast<uint8_t>(word);
}

uint64_t load_big_endian(const uint8_t* bytes) {
  uint64_t word = 0;
  for (int byte = 0; byte < 8; ++byte) word = word << 8 | bytes[byte];
  return word;
}

}  // namespace

Guid make_entry_id(EntryPosition position, uint64_t salt) {
  TIMESTORE_CHECK(position.index <= kMaxEntryIdIndex, "an entry id holds 48 bits of log index");
  TIMESTORE_CHECK(position.ordinal <= kMaxEntryIdOrdinal, "an entry id holds 17 bits of ordinal");
  const uint64_t salt_high = low_bits(salt >> kSaltLowBits, kSaltHighBits);
  const uint64_t salt_low = low_bits(salt, kSaltLowBits);
  Guid id;
  store_big_endian(position.index << 16 | kVersion << kSaltHighBits | salt_high, &id.bytes[0]);
  store_big_endian(kVariant << 62 | uint64_t{position.ordinal} << kSaltLowBits | salt_low, &id.bytes[8]);
  return id;
}

std::optional<EntryPosition> position_of(const Guid& id) {
  const uint64_t high = load_big_endian(&id.bytes[0]);
  const uint64_t low = load_big_endian(&id.bytes[8]);
  if (low_bits(high >> kSaltHighBits, 4) != kVersion || low >> 62 != kVariant) return std::nullopt;
  return EntryPosition{high >> 16, static_cast<uint32_t>(low_bits(low >> kSaltLowBits, kIdOrdinalBits))};
}

}  // namespace timestore
