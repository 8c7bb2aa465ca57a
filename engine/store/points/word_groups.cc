#include "engine/store/points/word_groups.h"

#include <algorithm>
#include <array>
#include <bit>

#include "engine/store/points/bit_packing.h"
#include "engine/store/points/column.h"

namespace timestore::points {
namespace {

constexpr unsigned kWidths = 65;         // a word has 0 to 64 bits
constexpr unsigned kQuotientBits = 4;    // a quotient of more bits costs more than an outlier
constexpr unsigned kQuotientLimit = 60;  // k + kQuotientBits <= 64

struct Layout {
  unsigned width = 0;  // k
  bool has_quotients = false;
  unsigned widest_inlier = 0;  // words of more bits are outliers
  unsigned widest = 0;         // of all words
  uint64_t bits = 0;

  bool has_outliers() const { return widest > widest_inlier; }
};

// As std::bit_width(), without a branch for zero.
unsigned width_of(uint64_t word) {
  return 63 - static_cast<unsigned>(std::countl_zero(word | 1)) + (word != 0 ? 1 : 0);
}

// How many words of a group have a width, and more than a width.
struct WidthCounts {
  static_assert(kGroupSize <= UINT8_MAX);
  std::array<uint8_t, kWidths + kQuotientBits> of{};
  std::array<uint8_t, kWidths + kQuotientBits> above{};
  unsigned widest = 0;

  explicit WidthCounts(std::span<const uint64_t> words) {
    std::array<uint8_t, kWidths> of_others{};  // counts of neighbours do not wait for each other
    uint64_t all = 0;
    size_t i = 0;
    for (; i + 1 < words.size(); i += 2) {
      ++of[width_of(words[i])];
      ++of_others[width_of(words[i + 1])];
      all |= words[i] | words[i + 1];
    }
    if (i < words.size()) {
      ++of[width_of(words[i])];
      all |= words[i];
    }
    widest = width_of(all);
    unsigned wider = 0;
    for (unsigned width = widest + 1; width-- > 0;) {
      above[width] = static_cast<uint8_t>(wider);
      of[width] = static_cast<uint8_t>(of[width] + of_others[width]);
      wider += of[width];
    }
  }
};

uint64_t outlier_bits(const WidthCounts& counts, unsigned width, unsigned widest_inlier) {
  const uint64_t outliers = counts.above[widest_inlier];
  return outliers == 0 ? 0 : 16 + outliers * (8 + counts.widest - width);
}

Layout choose_layout(const WidthCounts& counts, size_t count) {
  Layout best{.width = counts.widest,
              .widest_inlier = counts.widest,
              .widest = counts.widest,
              .bits = 8 + count * counts.widest};
  for (unsigned width = 0; width < counts.widest; ++width) {
    if (counts.above[width] * size_t{4} > count * 3)
      continue;  // one more bit for all is cheaper than what so many would need
    const uint64_t listed = 8 + count * width + outlier_bits(counts, width, width);
    if (listed < best.bits) {
      best = {.width = width, .widest_inlier = width, .widest = counts.widest, .bits = listed};
    }
    if (width > kQuotientLimit) continue;
    // A high part of 1, 2, 3 or 4 bits is about 1, 2.5, 5.5 or 11.5.
    const auto of = [&](unsigned more) { return uint64_t{counts.of[width + more]}; };
    const uint64_t quotients = (2 * of(1) + 5 * of(2) + 11 * of(3) + 23 * of(4)) / 2;
    const uint64_t unary = 8 + count * (width + 1) + quotients + outlier_bits(counts, width, width + kQuotientBits);
    if (unary < best.bits) {
      best = {.width = width,
              .has_quotients = true,
              .widest_inlier = width + kQuotientBits,
              .widest = counts.widest,
              .bits = unary};
    }
  }
  return best;
}

constexpr uint64_t low_mask(unsigned width) { return width == 0 ? 0 : ~uint64_t{0} >> (64 - width); }

// Room for the largest group: head, 2 + 128 bytes and 128 words of outliers, 128 words, 128 quotients below 16.
constexpr size_t kGroupRoom = 3 + kGroupSize + 2 * 8 * kGroupSize + 2 * kGroupSize + 3 * kPackingSlack;

char* put_outliers(char* at, std::span<const uint64_t> words, const Layout& layout) {
  const unsigned width = layout.widest - layout.width;
  std::array<uint64_t, kGroupSize> highs;
  size_t outliers = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    if (width_of(words[i]) <= layout.widest_inlier) continue;
    at[2 + outliers] = static_cast<char>(i);
    highs[outliers++] = words[i] >> layout.width;
  }
  at[0] = static_cast<char>(outliers - 1);
  at[1] = static_cast<char>(width);
  at += 2 + outliers;
  pack(highs.data(), outliers, width, at);
  return at + packed_size(outliers, width);
}

char* put_quotients(char* at, std::span<const uint64_t> words, const Layout& layout) {
  const uint64_t inlier_mask = low_mask(layout.widest_inlier);
  uint64_t begun = 0;
  uint64_t bit = 0;
  for (const uint64_t word : words) {
    bit += word <= inlier_mask ? word >> layout.width : 0;
    if (bit >= 64) {
      store_word(at, begun);
      at += 8;
      begun = 0;
      bit -= 64;
    }
    begun |= uint64_t{1} << bit;
    ++bit;
    if (bit == 64) {
      store_word(at, begun);
      at += 8;
      begun = 0;
      bit = 0;
    }
  }
  store_word(at, begun);
  return at + (bit + 7) / 8;
}

void put_group(std::string& out, std::span<const uint64_t> words) {
  const Layout layout = choose_layout(WidthCounts(words), words.size());
  std::array<char, kGroupRoom> room;
  char* at = room.data();
  *at++ =
      static_cast<char>(layout.width + 65 * (layout.has_outliers() ? 1u : 0u) + 130 * (layout.has_quotients ? 1u : 0u));
  if (layout.has_outliers()) at = put_outliers(at, words, layout);
  std::array<uint64_t, kGroupSize> lows;
  const uint64_t mask = low_mask(layout.width);
  for (size_t i = 0; i < words.size(); ++i) lows[i] = words[i] & mask;
  pack(lows.data(), words.size(), layout.width, at);
  at += packed_size(words.size(), layout.width);
  if (layout.has_quotients) at = put_quotients(at, words, layout);
  out.append(room.data(), static_cast<size_t>(at - room.data()));
}

// Unpacks in place where the slack can be read there, too.
bool take_packed(ByteReader& in, size_t count, unsigned width, uint64_t* numbers) {
  const size_t size = packed_size(count, width);
  if (in.left().size() >= size + kPackingSlack) {
    unpack(in.left().data(), count, width, numbers);
  } else if (in.left().size() >= size) {
    std::array<char, packed_size(kGroupSize, 64) + kPackingSlack> copy{};
    std::copy_n(in.left().data(), size, copy.data());
    unpack(copy.data(), count, width, numbers);
  } else {
    return false;
  }
  return in.take(size).has_value();
}

struct Outliers {
  size_t count = 0;
  std::string_view positions;
  std::array<uint64_t, kGroupSize> highs;
};

Result<void> take_outliers(ByteReader& in, size_t count, unsigned low_width, Outliers& outliers) {
  const auto less_one = in.byte();
  const auto width = in.byte();
  if (!less_one || !width) return cut_off();
  outliers.count = size_t{*less_one} + 1;
  if (outliers.count > count) return fail("a group of a column has more outliers than words");
  if (*width == 0 || *width > 64 - low_width) return fail("outliers of a column have an impossible width");
  const auto positions = in.take(outliers.count);
  if (!positions) return cut_off();
  outliers.positions = *positions;
  for (size_t i = 0; i < outliers.count; ++i) {
    const auto position = static_cast<uint8_t>(outliers.positions[i]);
    if (position >= count) return fail("an outlier of a column stands outside of its group");
    if (i > 0 && position <= static_cast<uint8_t>(outliers.positions[i - 1])) {
      return fail("outliers of a column are out of order");
    }
  }
  if (!take_packed(in, outliers.count, *width, outliers.highs.data())) return cut_off();
  return {};
}

// Adds the quotients to the low bits. Each one's distance to the one before is a quotient.
Result<void> take_quotients(ByteReader& in, std::span<uint64_t> words, unsigned low_width) {
  std::array<uint64_t, 1 + kGroupSize + 64>
      ends;  // where the ones stand, counted from 1; up to 63 belong to what follows
  ends[0] = 0;
  size_t found = 0;
  // More is never written: 16 bits a word.
  const std::string_view bytes = in.left().substr(0, words.size() * (1 << kQuotientBits) / 8);
  for (size_t at = 0; found < words.size(); at += 8) {
    if (at >= bytes.size()) return cut_off();
    uint64_t bits = 0;
    if (bytes.size() - at >= 8) {
      bits = load_word(bytes.data() + at);
    } else {
      char last[8] = {};
      std::copy_n(bytes.data() + at, bytes.size() - at, last);
      bits = load_word(last);
    }
    for (; bits != 0; bits &= bits - 1) ends[++found] = at * 8 + static_cast<unsigned>(std::countr_zero(bits)) + 1;
  }
  const uint64_t end = ends[words.size()];
  if (end % 8 != 0 && (static_cast<uint8_t>(bytes[end / 8]) >> (end % 8)) != 0) {
    return fail("the quotients of a column are more than its words");
  }
  for (size_t i = 0; i < words.size(); ++i) words[i] |= (ends[i + 1] - ends[i] - 1) << low_width;
  in.take((end + 7) / 8);
  return {};
}

Result<void> take_group(ByteReader& in, std::span<uint64_t> words) {
  const auto head = in.byte();
  if (!head) return cut_off();
  const unsigned width = *head % kWidths;
  const bool has_outliers = *head / kWidths % 2 == 1;
  const bool has_quotients = *head / kWidths >= 2;
  if (has_quotients && width > kQuotientLimit) return fail("quotients of a column have an impossible width");
  Outliers outliers;
  if (has_outliers) {
    if (auto taken = take_outliers(in, words.size(), width, outliers); !taken) return taken;
  }
  if (!take_packed(in, words.size(), width, words.data())) return cut_off();
  if (has_quotients) {
    if (auto taken = take_quotients(in, words, width); !taken) return taken;
  }
  for (size_t i = 0; i < outliers.count; ++i) {
    words[static_cast<uint8_t>(outliers.positions[i])] += outliers.highs[i] << width;
  }
  return {};
}

}  // namespace

void put_groups(std::string& out, std::span<const uint64_t> words) {
  for (; words.size() > kGroupSize; words = words.subspan(kGroupSize)) put_group(out, words.first(kGroupSize));
  if (!words.empty()) put_group(out, words);
}

uint64_t estimate_group_bits(std::span<const uint64_t> words) {
  return choose_layout(WidthCounts(words), words.size()).bits;
}

Result<void> take_groups(ByteReader& in, std::span<uint64_t> words) {
  for (; !words.empty(); words = words.subspan(std::min(kGroupSize, words.size()))) {
    if (auto taken = take_group(in, words.first(std::min(kGroupSize, words.size()))); !taken) return taken;
  }
  return {};
}

}  // namespace timestore::points
