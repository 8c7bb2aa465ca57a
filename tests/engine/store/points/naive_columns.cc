#include "tests/engine/store/points/naive_columns.h"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <map>
#include <stdexcept>

namespace timestore::points::naive {
namespace {

using Words = std::vector<uint64_t>;

struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool condition, const char* what) {
  if (!condition) throw Refused(what);
}

class Bits {
 public:
  explicit Bits(std::string_view bytes) : bytes_(bytes) {}

  bool at_end() const { return at_ == bytes_.size() * 8; }

  bool bit() {
    require(at_ < bytes_.size() * 8, "end");
    const bool is_set = (static_cast<unsigned char>(bytes_[at_ / 8]) >> (at_ % 8) & 1) != 0;
    ++at_;
    return is_set;
  }

  uint64_t number(unsigned width) {
    uint64_t number = 0;
    for (unsigned i = 0; i < width; ++i) number |= uint64_t{bit()} << i;
    return number;
  }

  // To the next byte, over zeros if it matters what they are.
  void align(bool strict) {
    while (at_ % 8 != 0) require(!bit() || !strict, "padding");
  }

  unsigned byte() { return static_cast<unsigned>(number(8)); }

  uint64_t varint() {
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
      require(shift < 70, "a varint of eleven bytes");
      const uint64_t bits = byte();
      require(shift < 63 || bits < 2, "a varint of 65 bits");
      number |= (bits & 127) << shift;
      if (bits < 128) return number;
    }
  }

  uint64_t signed_varint() {
    const uint64_t code = varint();
    return code % 2 == 0 ? code / 2 : ~(code / 2);
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

void read_group(Bits& in, size_t count, Words& words) {
  const unsigned head = in.byte();
  const unsigned width = head % 65;
  std::map<size_t, uint64_t> outliers;
  require(head < 130 || width <= 60, "width");
  if (head / 65 == 1 || head / 65 == 3) {
    const size_t outlier_count = in.byte() + 1;
    const unsigned high_width = in.byte();
    require(outlier_count <= count && high_width >= 1 && high_width + width <= 64, "outliers");
    std::vector<size_t> positions;
    for (size_t i = 0; i < outlier_count; ++i) {
      positions.push_back(in.byte());
      require(positions[i] < count && (i == 0 || positions[i] > positions[i - 1]), "position");
    }
    for (const size_t position : positions) outliers[position] = in.number(high_width) << width;
    in.align(false);
  }
  Words group;
  for (size_t i = 0; i < count; ++i) group.push_back(in.number(width));
  in.align(false);
  if (head >= 130) {
    size_t bits = 0;
    for (uint64_t& word : group) {
      uint64_t quotient = 0;
      while (require(bits < 16 * count, "quotients"), ++bits, !in.bit()) ++quotient;
      word += quotient << width;
    }
    in.align(true);
  }
  for (const auto& [position, high] : outliers) group[position] += high;
  words.insert(words.end(), group.begin(), group.end());
}

Words read_integers(Bits& in, size_t count) {
  const unsigned encoding = in.byte();
  Words values;
  if (encoding == 3) {
    for (size_t i = 0; i < count; ++i) values.push_back(in.number(64));
    return values;
  }
  if (encoding == 1 || encoding == 2) {
    values.push_back(in.signed_varint());
    const uint64_t difference = encoding == 1 ? 0 : in.signed_varint();
    while (values.size() < count) values.push_back(values.back() + difference);
    return values;
  }
  require((encoding >= 10 && encoding <= 12) || (encoding >= 14 && encoding <= 16), "encoding");
  const bool is_zigzag = encoding >= 14;
  const unsigned order = encoding - (is_zigzag ? 14 : 10);
  const uint64_t first = in.signed_varint();
  const uint64_t unit = in.varint();
  const uint64_t centre = in.signed_varint();
  Words residuals;
  while (residuals.size() + 1 < count) {
    read_group(in, std::min<size_t>(128, count - 1 - residuals.size()), residuals);
  }
  Words y = {0};
  uint64_t d = centre;
  for (uint64_t residual : residuals) {
    if (is_zigzag) residual = residual % 2 == 0 ? residual / 2 : ~(residual / 2);
    if (order == 0) y.push_back(centre + residual);
    if (order == 1) y.push_back(y.back() + centre + residual);
    if (order == 2) y.push_back(y.back() + (d += residual));
  }
  for (const uint64_t step : y) values.push_back(first + unit * step);
  return values;
}

Words read_doubles(Bits& in, size_t count) {
  const unsigned form = in.byte();
  if (form == 0x40) return read_integers(in, count);
  require(form < 0x20, "form");
  Words bits;
  for (const uint64_t word : read_integers(in, count)) {
    const auto mantissa = static_cast<int64_t>(word);
    require(mantissa >= -(int64_t{1} << 51) && mantissa < int64_t{1} << 51, "mantissa");
    const double value = static_cast<double>(mantissa) / std::pow(10.0, form % 16);
    bits.emplace_back();
    std::memcpy(&bits.back(), &value, sizeof value);
  }
  if (form >= 0x10) {
    const uint64_t exceptions = in.varint();
    require(exceptions >= 1 && exceptions <= count, "exceptions");
    const Words positions = read_integers(in, exceptions);
    const Words patterns = read_integers(in, exceptions);
    for (size_t i = 0; i < exceptions; ++i) {
      require(positions[i] < count, "position");
      bits[positions[i]] = patterns[i];
    }
  }
  return bits;
}

template <typename Read>
std::optional<Words> whole(std::string_view bytes, size_t count, Read read) {
  try {
    Bits in(bytes);
    const Words words = read(in, count);
    require(in.at_end(), "rest");
    return words;
  } catch (const Refused&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<Words> integers(std::string_view bytes, size_t count) { return whole(bytes, count, read_integers); }
std::optional<Words> doubles(std::string_view bytes, size_t count) { return whole(bytes, count, read_doubles); }

}  // namespace timestore::points::naive
