#include "engine/series/delete_order.h"

#include <algorithm>
#include <optional>

#include "engine/base/utf8.h"
#include "engine/series/line_write.h"
#include "engine/store/points/batch.h"
#include "engine/store/points/bytes.h"

namespace timestore {

namespace {

enum Form : std::uint8_t { kIds, kRange };

constexpr unsigned kKindBits = 2;
constexpr std::uint64_t kPrefixBit = 1U << kKindBits;
constexpr unsigned kNameShift = kKindBits + 1;

tl::unexpected<Error> wrong_order(std::string_view what) { return fail("an order to delete " + std::string(what)); }

void put_word(std::string& out, std::int64_t number) {
  out.resize(out.size() + sizeof number);
  points::store_word(out.data() + out.size() - sizeof number, static_cast<std::uint64_t>(number));
}

std::optional<std::int64_t> take_word(points::ByteReader& in) {
  const auto bytes = in.take(sizeof(std::uint64_t));
  if (!bytes) return std::nullopt;
  return static_cast<std::int64_t>(points::load_word(bytes->data()));
}

Result<void> take_ids(points::ByteReader& in, DeleteOrder& order) {
  const auto count = in.varint();
  if (!count || *count == 0 || *count > kMaxDeletedIds) return wrong_order("names no ids, or too many");
  while (order.ids.size() < *count) {
    Guid& id = order.ids.emplace_back();
    const auto bytes = in.take(id.bytes.size());
    if (!bytes) return wrong_order("ends within an id");
    std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  }
  return {};
}

Result<void> take_range(points::ByteReader& in, DeleteOrder& order) {
  const auto database_bytes = in.varint();
  const auto database = in.take(database_bytes.value_or(kMaxDatabaseBytes + 1));
  if (!database || database->size() > kMaxDatabaseBytes || !is_valid_utf8(*database))
    return wrong_order("has no database");
  order.database = *database;
  const auto first = take_word(in);
  const auto last = take_word(in);
  if (!first || !last || *first > *last) return wrong_order("has no range of times");
  order.first_ns = *first;
  order.last_ns = *last;
  const auto count = in.varint();
  if (!count || *count == 0 || *count > kMaxDeletedNames) return wrong_order("names no series, or too many");
  while (order.names.size() < *count) {
    const auto head = in.varint();
    if (!head || (*head & (kPrefixBit - 1)) > static_cast<std::uint64_t>(DeletedName::Kind::kLine)) {
      return wrong_order("names a series of no kind");
    }
    const auto name = in.take(*head >> kNameShift);
    if (!name || name->size() > points::kMaxSeriesNameBytes || !is_valid_utf8(*name)) {
      return wrong_order("names a series that can have no such name");
    }
    order.names.push_back({.kind = static_cast<DeletedName::Kind>(*head & (kPrefixBit - 1)),
                           .is_prefix = (*head & kPrefixBit) != 0,
                           .name = std::string(*name)});
  }
  return {};
}

}  // namespace

bool DeleteOrder::means(bool is_line, std::string_view name) const {
  return std::any_of(names.begin(), names.end(), [&](const DeletedName& wanted) {
    if (wanted.kind != DeletedName::Kind::kEither && is_line != (wanted.kind == DeletedName::Kind::kLine)) return false;
    return wanted.is_prefix ? name.starts_with(wanted.name) : name == wanted.name;
  });
}

std::size_t size_bytes(const DeleteOrder& order) {
  std::size_t bytes = sizeof order + order.ids.size() * sizeof(Guid) + order.database.size();
  for (const DeletedName& name : order.names) bytes += sizeof name + name.name.size();
  return bytes;
}

void append_delete_order(std::string& out, const DeleteOrder& order) {
  points::put_varint(out, order.up_to);
  points::put_byte(out, order.ids.empty() ? kRange : kIds);
  if (!order.ids.empty()) {
    points::put_varint(out, order.ids.size());
    for (const Guid& id : order.ids) out.append(id.bytes.begin(), id.bytes.end());
    return;
  }
  points::put_varint(out, order.database.size());
  out += order.database;
  put_word(out, order.first_ns);
  put_word(out, order.last_ns);
  points::put_varint(out, order.names.size());
  for (const DeletedName& name : order.names) {
    points::put_varint(out, name.name.size() << kNameShift | (name.is_prefix ? kPrefixBit : 0) |
                                static_cast<std::uint64_t>(name.kind));
    out += name.name;
  }
}

Result<DeleteOrder> read_delete_order(std::string_view bytes) {
  points::ByteReader in(bytes);
  DeleteOrder order;
  const auto up_to = in.varint();
  if (!up_to) return wrong_order("does not say up to where it holds");
  order.up_to = *up_to;
  const auto form = in.byte();
  if (!form || *form > kRange) return wrong_order("is of no form");
  const auto taken = *form == kIds ? take_ids(in, order) : take_range(in, order);
  if (!taken) return tl::unexpected(taken.error());
  if (!in.left().empty()) return wrong_order("is longer than it says");
  return order;
}

}  // namespace timestore
