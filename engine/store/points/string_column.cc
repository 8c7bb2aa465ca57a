#include "engine/store/points/string_column.h"

#include <array>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/store/points/column.h"
#include "engine/store/points/integer_column.h"

namespace timestore::points {
namespace {

enum Encoding : uint8_t { kPlain = 1, kDictionary = 2 };

struct Dictionary {
  std::vector<std::string_view> words;
  std::vector<uint64_t> codes;  // one a value
};

// An open table of twice as many slots as there can be words. The bytes do not depend on the hash.
Dictionary dictionary_of(std::span<const std::string_view> values) {
  constexpr size_t kSlots = 2 * kMaxValues;
  static_assert((kSlots & (kSlots - 1)) == 0);
  std::vector<uint16_t> slots(kSlots, 0);  // a word's code, and one
  Dictionary dictionary;
  dictionary.codes.reserve(values.size());
  for (const std::string_view value : values) {
    size_t slot = Hasher().add(value).value() % kSlots;
    while (slots[slot] != 0 && dictionary.words[slots[slot] - 1u] != value) slot = (slot + 1) % kSlots;
    if (slots[slot] == 0) {
      dictionary.words.push_back(value);
      slots[slot] = static_cast<uint16_t>(dictionary.words.size());
    }
    dictionary.codes.push_back(slots[slot] - 1u);
  }
  return dictionary;
}

void put_texts(std::string& out, std::span<const std::string_view> texts) {
  std::array<uint64_t, kMaxValues> sizes;
  for (size_t i = 0; i < texts.size(); ++i) sizes[i] = texts[i].size();
  put_unsigned(out, std::span(sizes).first(texts.size()));
  for (const std::string_view text : texts) out += text;
}

Result<void> take_texts(ByteReader& in, std::span<std::string_view> texts) {
  std::array<uint64_t, kMaxValues> sizes;
  if (auto taken = take_unsigned(in, std::span(sizes).first(texts.size())); !taken) return taken;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto text = in.take(sizes[i]);
    if (!text) return cut_off();
    texts[i] = *text;
  }
  return {};
}

Result<void> take_dictionary(ByteReader& in, std::span<std::string_view> values) {
  const auto less_one = in.varint();
  if (!less_one) return cut_off();
  if (*less_one >= values.size()) return fail("a column of strings has more different ones than values");
  std::array<std::string_view, kMaxValues> room;
  const auto words = std::span(room).first(*less_one + 1);
  if (auto taken = take_texts(in, words); !taken) return taken;
  std::array<uint64_t, kMaxValues> codes;
  if (auto taken = take_unsigned(in, std::span(codes).first(values.size())); !taken) return taken;
  for (size_t i = 0; i < values.size(); ++i) {
    if (codes[i] >= words.size()) return fail("a column of strings names one that is not in its dictionary");
    values[i] = words[codes[i]];
  }
  return {};
}

}  // namespace

void put_strings(std::string& out, std::span<const std::string_view> values) {
  TIMESTORE_CHECK(!values.empty() && values.size() <= kMaxValues, "a column has 1 to kMaxValues values");
  const size_t start = out.size();
  put_byte(out, kPlain);
  put_texts(out, values);
  const Dictionary dictionary = dictionary_of(values);
  if (values.size() == 1 || dictionary.words.size() == values.size()) return;
  std::string shorter;
  put_byte(shorter, kDictionary);
  put_varint(shorter, dictionary.words.size() - 1);
  put_texts(shorter, dictionary.words);
  put_unsigned(shorter, dictionary.codes);
  if (shorter.size() < out.size() - start) out.replace(start, std::string::npos, shorter);
}

Result<void> take_strings(ByteReader& in, std::span<std::string_view> values) {
  TIMESTORE_CHECK(!values.empty() && values.size() <= kMaxValues, "a column has 1 to kMaxValues values");
  const auto encoding = in.byte();
  if (!encoding) return cut_off();
  if (*encoding == kPlain) return take_texts(in, values);
  if (*encoding == kDictionary) return take_dictionary(in, values);
  return fail("a column of strings has the unknown encoding " + std::to_string(*encoding));
}

}  // namespace timestore::points
