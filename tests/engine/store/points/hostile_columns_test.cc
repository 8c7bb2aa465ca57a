// Bytes that no encoder wrote. Each decoder is given a copy without a byte to spare, so that a sanitizer sees it read
// outside; the two decoders of numbers must agree on what is refused, and on what the rest means.
#include <gtest/gtest.h>

#include <memory>
#include <tuple>

#include "engine/store/points/bool_column.h"
#include "engine/store/points/string_column.h"
#include "tests/engine/store/points/columns.h"
#include "tests/engine/store/points/naive_columns.h"

namespace timestore::points::hostile_columns_test {
namespace {

// The entry for a fuzzer: no bytes make any of this fail.
void decode_all(std::string_view given, size_t count) {
  const std::unique_ptr<char[]> exact(new char[given.size()]);
  std::copy(given.begin(), given.end(), exact.get());
  const std::string_view bytes(exact.get(), given.size());
  ASSERT_EQ(words_in(bytes, count), naive::integers(bytes, count)) << count << " of " << hex(bytes);
  ASSERT_EQ(double_bits_in(bytes, count), naive::doubles(bytes, count)) << count << " of " << hex(bytes);

  const auto booleans = std::make_unique<bool[]>(count);
  ByteReader boolean_bytes(bytes);
  std::ignore = take_booleans(boolean_bytes, {booleans.get(), count});

  std::vector<std::string_view> texts(count);
  ByteReader text_bytes(bytes);
  if (!take_strings(text_bytes, texts)) return;
  for (const std::string_view text : texts) {
    ASSERT_TRUE(text.empty() ||
                (text.data() >= bytes.data() && text.data() + text.size() <= bytes.data() + bytes.size()));
  }
}

std::string any_column(Prng& prng, size_t count) {
  if (prng.chance(1, 2)) return encoded(any_doubles(prng, count));
  if (prng.chance(2, 3)) return encoded(any_integers(prng, count));
  std::vector<std::string_view> texts;
  for (size_t i = 0; i < count; ++i) texts.push_back(std::string_view("abcdefghij").substr(prng.below(10)));
  std::string out;
  put_strings(out, texts);
  return out;
}

TEST(HostileColumns, a_column_that_is_cut_off_anywhere_is_refused) {
  Prng prng(1);
  for (int round = 0; round < 100; ++round) {
    const size_t count = 1 + prng.below(200);
    const Words integers = any_integers(prng, count);
    const std::vector<double> doubles = any_doubles(prng, count);
    const std::string integer_bytes = encoded(integers);
    const std::string double_bytes = encoded(doubles);
    for (size_t size = 0; size < integer_bytes.size(); ++size) {
      ASSERT_EQ(words_in(integer_bytes.substr(0, size), count), std::nullopt);
      decode_all(std::string_view(integer_bytes).substr(0, size), count);
    }
    for (size_t size = 0; size < double_bytes.size(); ++size) {
      ASSERT_EQ(double_bits_in(double_bytes.substr(0, size), count), std::nullopt);
      decode_all(std::string_view(double_bytes).substr(0, size), count);
    }
    if (HasFailure()) FAIL() << "in round " << round;
  }
}

TEST(HostileColumns, changed_bits_and_bytes_give_values_or_an_error) {
  Prng prng(2);
  for (int round = 0; round < 60'000; ++round) {
    const size_t count = 1 + prng.below(prng.chance(1, 10) ? 400 : 20);
    std::string bytes = any_column(prng, count);
    for (uint64_t change = 1 + prng.below(3); change-- > 0;) {
      // The beginning decides most.
      char& byte = bytes[prng.below(prng.chance(1, 2) ? std::min<size_t>(bytes.size(), 12) : bytes.size())];
      byte = static_cast<char>(prng.chance(1, 2) ? prng.next() : static_cast<uint8_t>(byte) ^ 1u << prng.below(8));
    }
    decode_all(bytes, prng.chance(9, 10) ? count : any_count(prng));
    if (HasFailure()) FAIL() << "in round " << round;
  }
}

TEST(HostileColumns, random_bytes_give_values_or_an_error) {
  Prng prng(3);
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes;
    for (uint64_t size = prng.below(60); size-- > 0;) put_byte(bytes, static_cast<unsigned>(prng.below(256)));
    constexpr char kEncodings[] = {1, 2, 3, 10, 11, 12, 14, 15, 16, 0x12, 0x40};
    if (!bytes.empty()) bytes[0] = kEncodings[prng.below(std::size(kEncodings))];
    decode_all(bytes, 1 + prng.below(40));
    if (HasFailure()) FAIL() << "in round " << round;
  }
}

}  // namespace
}  // namespace timestore::points::hostile_columns_test
