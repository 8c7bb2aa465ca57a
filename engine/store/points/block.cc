#include "engine/store/points/block.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/base/check.h"
#include "engine/store/points/bool_column.h"
#include "engine/store/points/column.h"
#include "engine/store/points/double_column.h"
#include "engine/store/points/integer_column.h"
#include "engine/store/points/string_column.h"

namespace timestore::points {
namespace {

using Kinds = BlockHead::Kinds;

constexpr unsigned kNarrow = 8;
constexpr unsigned kStatistics = 16;
constexpr unsigned kKinds = 32;
constexpr unsigned kHasIds = 1;
constexpr unsigned kHasAttributes = 2;

constexpr size_t kLeastForStatistics = 32;  // fewer points are decoded as fast as statistics are read, and smaller

template <typename Value>
std::span<const Value> part(const std::array<Value, kMaxBlockPoints>& column, size_t count) {
  return std::span(column).first(count);
}

template <typename Value>
std::span<Value> part(std::array<Value, kMaxBlockPoints>& column, size_t count) {
  return std::span(column).first(count);
}

tl::unexpected<Error> wrong(std::string_view what) { return fail("a block " + std::string(what)); }

// --- Encoding -------------------------------------------------------------------------------------------------------

void encode_values(const BlockColumns& columns, bool has_statistics, EncodedBlock& out) {
  const auto bits = part(columns.bits, columns.count);
  switch (columns.type) {
    case Type::kFloat: {
      std::array<double, kMaxBlockPoints> values;
      std::memcpy(values.data(), bits.data(), bits.size_bytes());
      const auto doubles = part(std::as_const(values), columns.count);
      const Decimals decimals(doubles);
      put_doubles(out.data, doubles, decimals);
      if (has_statistics) put_statistics(out.statistics, doubles, decimals);
      return;
    }
    case Type::kInteger: {
      std::array<int64_t, kMaxBlockPoints> values;
      std::memcpy(values.data(), bits.data(), bits.size_bytes());
      put_integers(out.data, part(std::as_const(values), columns.count));
      if (has_statistics) put_statistics(out.statistics, part(std::as_const(values), columns.count));
      return;
    }
    case Type::kUnsigned:
      put_unsigned(out.data, bits);
      if (has_statistics) put_statistics(out.statistics, bits);
      return;
    case Type::kBoolean: {
      std::array<bool, kMaxBlockPoints> values;
      std::transform(bits.begin(), bits.end(), values.begin(), [](uint64_t bit) { return bit != 0; });
      put_booleans(out.data, part(std::as_const(values), columns.count));
      if (has_statistics) put_statistics(out.statistics, part(std::as_const(values), columns.count));
      return;
    }
    case Type::kString:
      return put_strings(out.data, part(columns.texts, columns.count));
  }
}

void encode_identities(const BlockIdentities& identities, size_t count, std::string& out) {
  put_unsigned(out, part(identities.seqs, count));
  const auto ids = part(identities.ids, count);
  const auto attributes = part(identities.attributes, count);
  std::array<bool, kMaxBlockPoints> has_id;
  std::array<uint64_t, kMaxBlockPoints> high;
  std::array<uint64_t, kMaxBlockPoints> low;
  size_t given = 0;
  for (size_t at = 0; at < count; ++at) {
    has_id[at] = !ids[at].is_nil();
    if (!has_id[at]) continue;
    const auto* bytes = reinterpret_cast<const char*>(ids[at].bytes.data());
    high[given] = load_word(bytes);
    low[given++] = load_word(bytes + sizeof(uint64_t));
  }
  const bool has_attributes =
      std::any_of(attributes.begin(), attributes.end(), [](std::string_view text) { return !text.empty(); });
  put_byte(out, (given > 0 ? kHasIds : 0) + (has_attributes ? kHasAttributes : 0));
  if (given > 0) {
    put_booleans(out, part(std::as_const(has_id), count));
    put_unsigned(out, part(std::as_const(high), given));
    put_unsigned(out, part(std::as_const(low), given));
  }
  if (has_attributes) put_strings(out, attributes);
}

Kinds kinds_of(std::span<const bool> are_lines) {
  const auto lines = std::count(are_lines.begin(), are_lines.end(), true);
  if (lines == 0) return Kinds::kEntries;
  return static_cast<size_t>(lines) == are_lines.size() ? Kinds::kLines : Kinds::kBoth;
}

// --- Decoding -------------------------------------------------------------------------------------------------------

Result<void> decode_values(Type type, ByteReader& in, BlockColumns& columns) {
  const size_t count = columns.count;
  switch (type) {
    case Type::kFloat: {
      std::array<double, kMaxBlockPoints> values;
      if (auto taken = take_doubles(in, part(values, count)); !taken) return taken;
      std::memcpy(columns.bits.data(), values.data(), count * sizeof(double));
      return {};
    }
    case Type::kInteger:
    case Type::kUnsigned:
      return take_unsigned(in, part(columns.bits, count));
    case Type::kBoolean: {
      std::array<bool, kMaxBlockPoints> values;
      if (auto taken = take_booleans(in, part(values, count)); !taken) return taken;
      std::transform(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count), columns.bits.begin(),
                     [](bool value) { return value ? 1 : 0; });
      return {};
    }
    case Type::kString:
      return take_strings(in, part(columns.texts, count));
  }
  return wrong("has an unknown type");
}

Result<void> decode_kinds(Kinds kinds, ByteReader& in, BlockColumns& columns) {
  const auto are_lines = part(columns.are_lines, columns.count);
  if (kinds == Kinds::kBoth) return take_booleans(in, are_lines);
  std::fill(are_lines.begin(), are_lines.end(), kinds == Kinds::kLines);
  return {};
}

// Whether the points are in the order of series and time, and as the head describes them.
bool agrees(const BlockHead& head, const BlockColumns& columns) {
  int64_t min = columns.times[0];
  int64_t max = columns.times[0];
  bool is_ordered = true;
  for (size_t at = 1; at < columns.count; ++at) {
    const bool rises = columns.series[at - 1] < columns.series[at];
    const bool stays = columns.series[at - 1] == columns.series[at];
    is_ordered &= rises || (stays && columns.times[at - 1] <= columns.times[at]);
    min = std::min(min, columns.times[at]);
    max = std::max(max, columns.times[at]);
  }
  return is_ordered && min == head.min_time && max == head.max_time && columns.series[0] == head.first_series &&
         columns.series[columns.count - 1] == head.last_series;
}

Result<void> decode_ids(ByteReader& in, std::span<Guid> ids) {
  std::array<bool, kMaxBlockPoints> has_id;
  std::array<uint64_t, kMaxBlockPoints> high;
  std::array<uint64_t, kMaxBlockPoints> low;
  if (auto taken = take_booleans(in, part(has_id, ids.size())); !taken) return taken;
  const auto end = has_id.begin() + static_cast<std::ptrdiff_t>(ids.size());
  const auto given = static_cast<size_t>(std::count(has_id.begin(), end, true));
  if (given == 0) return wrong("has no ids where it says that it has some");
  if (auto taken = take_unsigned(in, part(high, given)); !taken) return taken;
  if (auto taken = take_unsigned(in, part(low, given)); !taken) return taken;
  size_t next = 0;
  for (size_t at = 0; at < ids.size(); ++at) {
    if (!has_id[at]) continue;
    auto* bytes = reinterpret_cast<char*>(ids[at].bytes.data());
    store_word(bytes, high[next]);
    store_word(bytes + sizeof(uint64_t), low[next++]);
  }
  return {};
}

}  // namespace

void encode_block(const BlockColumns& columns, const BlockIdentities& identities, EncodedBlock& out) {
  const size_t count = columns.count;
  TIMESTORE_CHECK(count > 0 && count <= kMaxBlockPoints, "a block has 1 to kMaxBlockPoints points");
  const auto times = part(columns.times, count);
  const auto [min, max] = std::minmax_element(times.begin(), times.end());
  BlockHead& head = out.head;
  head = {.first_series = columns.series[0],
          .last_series = columns.series[count - 1],
          .type = columns.type,
          .kinds = kinds_of(part(columns.are_lines, count)),
          .count = count,
          .min_time = *min,
          .max_time = *max};
  head.is_narrow = head.first_series != head.last_series;
  head.has_statistics = !head.is_narrow && head.type != Type::kString && count >= kLeastForStatistics;
  out.statistics.clear();
  out.data.clear();
  out.more.clear();
  if (head.is_narrow) put_unsigned(out.data, part(columns.series, count));
  put_integers(out.data, times);
  encode_values(columns, head.has_statistics, out);
  if (head.kinds == Kinds::kBoth) put_booleans(out.data, part(columns.are_lines, count));
  encode_identities(identities, count, out.more);
  head.data_bytes = out.data.size();
  head.more_bytes = out.more.size();
}

void put_head(std::string& out, const EncodedBlock& block, const BlockHead& before) {
  const BlockHead& head = block.head;
  put_byte(out, static_cast<unsigned>(head.type) + (head.is_narrow ? kNarrow : 0) +
                    (head.has_statistics ? kStatistics : 0) + kKinds * static_cast<unsigned>(head.kinds));
  put_varint(out, head.first_series - before.last_series);
  if (head.is_narrow) put_varint(out, head.last_series - head.first_series);
  put_varint(out, head.count - 1);
  put_varint(out, zigzag(static_cast<uint64_t>(head.min_time) - static_cast<uint64_t>(before.min_time)));
  put_varint(out, static_cast<uint64_t>(head.max_time) - static_cast<uint64_t>(head.min_time));
  out += block.statistics;
  put_varint(out, head.data_bytes);
  put_varint(out, head.more_bytes);
}

Result<BlockHead> take_head(ByteReader& in, const BlockHead& before) {
  const auto byte = in.byte();
  const auto first = in.varint();
  if (!byte || !first) return cut_off();
  BlockHead head{.type = static_cast<Type>(*byte % kNarrow),
                 .is_narrow = (*byte & kNarrow) != 0,
                 .kinds = static_cast<Kinds>(*byte / kKinds),
                 .has_statistics = (*byte & kStatistics) != 0};
  if (head.type < Type::kFloat || head.type > kLastType || head.kinds > Kinds::kBoth)
    return wrong("has an unknown head");
  const auto span = head.is_narrow ? in.varint() : std::optional<uint64_t>(0);
  const auto rest = in.varint();
  const auto time = in.varint();
  const auto duration = in.varint();
  if (!span || !rest || !time || !duration) return cut_off();
  head.first_series = before.last_series + *first;
  head.last_series = head.first_series + *span;
  head.count = *rest + 1;
  const uint64_t min = static_cast<uint64_t>(before.min_time) + unzigzag(*time);
  head.min_time = static_cast<int64_t>(min);
  head.max_time = static_cast<int64_t>(min + *duration);
  if (*rest >= kMaxBlockPoints) return wrong("claims too many points");
  const bool overflows = head.first_series < before.last_series || head.last_series < head.first_series;
  if (overflows || head.is_narrow != (*span > 0) || head.max_time < head.min_time)
    return wrong("has an impossible head");
  if (head.has_statistics) {
    auto statistics = take_statistics(in, head.type, head.count);
    if (!statistics) return tl::unexpected(std::move(statistics.error()));
    head.statistics = *statistics;
  }
  const auto data_bytes = in.varint();
  const auto more_bytes = in.varint();
  if (!data_bytes || !more_bytes) return cut_off();
  head.data_bytes = *data_bytes;
  head.more_bytes = *more_bytes;
  return head;
}

Result<void> decode_columns(const BlockHead& head, std::string_view data, BlockColumns& columns) {
  ByteReader in(data);
  columns.type = head.type;
  columns.count = head.count;
  const auto series = part(columns.series, head.count);
  if (head.is_narrow) {
    if (auto taken = take_unsigned(in, series); !taken) return taken;
  } else {
    std::fill(series.begin(), series.end(), head.first_series);
  }
  if (auto taken = take_integers(in, part(columns.times, head.count)); !taken) return taken;
  if (auto taken = decode_values(head.type, in, columns); !taken) return taken;
  if (auto taken = decode_kinds(head.kinds, in, columns); !taken) return taken;
  if (!in.left().empty()) return wrong("is longer than its columns");
  if (!agrees(head, columns)) return wrong("does not hold what its head says");
  return {};
}

Result<void> decode_identities(const BlockHead& head, const BlockColumns& columns, std::string_view more,
                               BlockIdentities& identities) {
  ByteReader in(more);
  const size_t count = head.count;
  if (auto taken = take_unsigned(in, part(identities.seqs, count)); !taken) return taken;
  const auto flags = in.byte();
  if (!flags) return cut_off();
  if (*flags > kHasIds + kHasAttributes) return wrong("has unknown columns");
  const auto ids = part(identities.ids, count);
  std::fill(ids.begin(), ids.end(), Guid());
  if ((*flags & kHasIds) != 0) {
    if (auto taken = decode_ids(in, ids); !taken) return taken;
  }
  const auto attributes = part(identities.attributes, count);
  if ((*flags & kHasAttributes) != 0) {
    if (auto taken = take_strings(in, attributes); !taken) return taken;
  } else {
    std::fill(attributes.begin(), attributes.end(), std::string_view());
  }
  if (!in.left().empty()) return wrong("is longer than its columns");
  for (size_t at = 1; at < count; ++at) {
    const bool is_tie = columns.series[at - 1] == columns.series[at] && columns.times[at - 1] == columns.times[at];
    const std::pair before(!columns.are_lines[at - 1], identities.seqs[at - 1]);
    if (is_tie && before >= std::pair(!columns.are_lines[at], identities.seqs[at]))
      return wrong("has points that are out of order");
  }
  return {};
}

}  // namespace timestore::points
