#include "engine/query/row_cursor.h"

#include <algorithm>
#include <optional>

#include "engine/base/base64.h"
#include "engine/base/checksum.h"
#include "engine/base/hash.h"
#include "engine/store/points/bytes.h"

namespace timestore::query {
namespace {

using points::ByteReader;

constexpr unsigned kCursorVersion = 1;
constexpr size_t kWordBytes = sizeof(uint64_t);
constexpr unsigned kIsEntry = 1;
constexpr unsigned kIsOfLine = 2;

void add_texts(Hasher& hasher, const std::vector<std::string>& texts) {
  hasher.add(texts.size());
  for (const std::string& text : texts) hasher.add(text);
}

void add_number(Hasher& hasher, const std::optional<Number>& number) {
  hasher.add(number ? static_cast<uint64_t>(number->type()) : 0).add(number ? number->bits() : 0);
}

void add_time(Hasher& hasher, const std::optional<int64_t>& time_ns) {
  hasher.add(uint64_t{time_ns ? 1u : 0u}).add(static_cast<uint64_t>(time_ns.value_or(0)));
}

uint64_t hash_of(const Filter& filter, Order order) {
  Hasher hasher;
  hasher.add(static_cast<uint64_t>(order));
  hasher.add(filter.database);
  add_texts(hasher, filter.devices);
  add_texts(hasher, filter.prefixes);
  hasher.add(filter.tags.size());
  for (const TagTest& test : filter.tags) {
    hasher.add(test.name);
    add_texts(hasher, test.any_of);
  }
  hasher.add(filter.attributes.size());
  for (const AttributeTest& test : filter.attributes) {
    add_texts(hasher, test.path);
    hasher.add(test.any_of.size());
    for (const AttributeValue& value : test.any_of) hasher.add(value.text).add(uint64_t{value.is_quoted ? 1u : 0u});
  }
  add_number(hasher, filter.min_value);
  add_number(hasher, filter.max_value);
  add_time(hasher, filter.range.from_ns);
  add_time(hasher, filter.range.to_ns);
  return hasher.value();
}

void put_word(std::string& out, uint64_t word) {
  char bytes[kWordBytes];
  points::store_word(bytes, word);
  out.append(bytes, kWordBytes);
}

// base64 with the letters that stand in a URL as they are, and without padding (RFC 4648, section 5).
std::string as_url(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<std::string> from_url(std::string_view cursor) {
  if (cursor.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string text(cursor);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return decode_base64(text);
}

tl::unexpected<QueryError> no_cursor() { return refuse("cursor", "is none that this API gave out; begin without one"); }

}  // namespace

// byte: version; word: hash of the query; words: time, seq; byte: kinds; the name; word: checksum over all that.
std::string encode_cursor(const RowsQuery& query, const RowPlace& place) {
  std::string bytes;
  points::put_byte(bytes, kCursorVersion);
  put_word(bytes, hash_of(query.filter, query.order));
  put_word(bytes, static_cast<uint64_t>(place.time_ns));
  put_word(bytes, place.seq);
  points::put_byte(bytes, (place.is_entry ? kIsEntry : 0) + (place.is_of_line ? kIsOfLine : 0));
  bytes += place.name;
  put_word(bytes, crc32(bytes));
  std::string text;
  append_base64(text, bytes);
  return as_url(std::move(text));
}

Answer<RowPlace> decode_cursor(std::string_view cursor, const RowsQuery& query) {
  const auto bytes = from_url(cursor);
  if (!bytes || bytes->size() < kWordBytes) return no_cursor();
  const std::string_view body = std::string_view(*bytes).substr(0, bytes->size() - kWordBytes);
  if (points::load_word(bytes->data() + body.size()) != crc32(body)) return no_cursor();
  ByteReader in(body);
  const auto version = in.byte();
  const auto words = in.take(3 * kWordBytes);
  const auto kinds = in.byte();
  if (version != kCursorVersion || !words || !kinds || *kinds > kIsEntry + kIsOfLine) return no_cursor();
  if (points::load_word(words->data()) != hash_of(query.filter, query.order)) {
    return refuse("cursor", "belongs to another question: filters and order must stay those of its first page");
  }
  return RowPlace{.time_ns = static_cast<int64_t>(points::load_word(words->data() + kWordBytes)),
                  .name = std::string(in.left()),
                  .is_entry = (*kinds & kIsEntry) != 0,
                  .is_of_line = (*kinds & kIsOfLine) != 0,
                  .seq = points::load_word(words->data() + 2 * kWordBytes)};
}

}  // namespace timestore::query
