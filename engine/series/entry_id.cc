#include "engine/series/entry_id.h"

#include "engine/base/check.h"
#include "engine/base/hash.h"

namespace timestore {
namespace {

constexpr uint64_t kVersion = 8;
constexpr uint64_t kVariant = 2;

constexpr int kDayBits = 10;
constexpr int kSaltBits = 35;
constexpr int kIdOrdinalBits = 17;
static_assert(kEntryIdSalts == uint64_t{1} << kSaltBits && kEntryIdDays == 1U << kDayBits);

constexpr int64_t kDayNs = int64_t{24} * 3600 * 1'000'000'000;

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

uint64_t device_hash(std::string_view device_id) { return Hasher().add(device_id).value(); }

uint32_t day_of(int64_t timestamp_ns) {
  const int64_t towards_zero = timestamp_ns / kDayNs;
  const int64_t day = timestamp_ns % kDayNs < 0 ? towards_zero - 1 : towards_zero;
  return static_cast<uint32_t>(low_bits(static_cast<uint64_t>(day), kDayBits));
}

Guid make_entry_id(EntryPosition position, uint64_t salt, std::string_view device_id, int64_t timestamp_ns) {
  TIMESTORE_CHECK(position.index <= kMaxEntryIdIndex, "an entry id holds 48 bits of log index");
  TIMESTORE_CHECK(position.ordinal <= kMaxEntryIdOrdinal, "an entry id holds 17 bits of ordinal");
  const uint64_t device = device_hash(device_id) >> (64 - kEntryIdDeviceBits);
  Guid id;
  store_big_endian(position.index << 16 | kVersion << kEntryIdDeviceBits | device, &id.bytes[0]);
  store_big_endian(kVariant << 62 | uint64_t{position.ordinal} << (kDayBits + kSaltBits) |
                       uint64_t{day_of(timestamp_ns)} << kSaltBits | low_bits(salt, kSaltBits),
                   &id.bytes[8]);
  return id;
}

std::optional<EntryIdParts> parts_of(const Guid& id) {
  const uint64_t high = load_big_endian(&id.bytes[0]);
  const uint64_t low = load_big_endian(&id.bytes[8]);
  if (low_bits(high >> kEntryIdDeviceBits, 4) != kVersion || low >> 62 != kVariant) return std::nullopt;
  return EntryIdParts{
      .position = {high >> 16, static_cast<uint32_t>(low_bits(low >> (kDayBits + kSaltBits), kIdOrdinalBits))},
      .device = static_cast<uint32_t>(low_bits(high, kEntryIdDeviceBits)),
      .day = static_cast<uint32_t>(low_bits(low >> kSaltBits, kDayBits)),
      .salt = low_bits(low, kSaltBits)};
}

// Times order as natural numbers do when their sign is turned round.
constexpr uint64_t kSignBit = uint64_t{1} << 63;
constexpr int kLineIdSeriesBits = 64 - kLineIdHiddenBits;

Guid make_line_id(uint64_t series_hash, int64_t time_ns) {
  const uint64_t time = static_cast<uint64_t>(time_ns) ^ kSignBit;
  Guid id;
  store_big_endian((time >> 16) << 16 | kVersion << 12 | low_bits(time >> 4, 12), &id.bytes[0]);
  store_big_endian(kVariant << 62 | low_bits(time, 4) << kLineIdSeriesBits | series_hash >> kLineIdHiddenBits,
                   &id.bytes[8]);
  return id;
}

std::optional<LineIdParts> line_id_parts_of(const Guid& id) {
  const uint64_t high = load_big_endian(&id.bytes[0]);
  const uint64_t low = load_big_endian(&id.bytes[8]);
  if (low_bits(high >> 12, 4) != kVersion || low >> 62 != kVariant) return std::nullopt;
  const uint64_t time =
      (high >> 16) << 16 | low_bits(high, 12) << 4 | low_bits(low >> kLineIdSeriesBits, 4);
  return LineIdParts{.time_ns = static_cast<int64_t>(time ^ kSignBit), .series = low_bits(low, kLineIdSeriesBits)};
}

}  // namespace timestore
