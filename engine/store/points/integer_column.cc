#include "engine/store/points/integer_column.h"

#include <algorithm>
#include <array>

#include "engine/base/check.h"
#include "engine/store/points/column.h"
#include "engine/store/points/common_unit.h"
#include "engine/store/points/word_groups.h"

namespace timestore::points {
namespace {

enum Encoding : uint8_t { kConstant = 1, kLinear = 2, kRaw = 3, kDifferences = 10 };

constexpr unsigned kZigzag = 4;  // added to kDifferences + order
constexpr unsigned kOrders = 3;
constexpr size_t kSample = 128;
constexpr size_t kSampleRun = 32;  // neighbours, so that differences can be formed

using Words = std::array<uint64_t, kMaxValues>;

// How residuals are formed; see the header.
struct Model {
  unsigned order = 0;
  bool is_zigzag = false;
  uint64_t centre = 0;
};

bool is_linear(std::span<const uint64_t> values, uint64_t difference) {
  for (size_t i = 2; i < values.size(); ++i) {
    if (values[i] - values[i - 1] != difference) return false;
  }
  return true;
}

// The residuals of y[from], y[from + 1] and so on, 1 <= from, with a centre of zero, as they are. Here y[0] may be
// anything: the header's y are the differences to it.
void form_residuals(std::span<const uint64_t> y, unsigned order, size_t from, std::span<uint64_t> residuals) {
  if (order == 0) {
    for (size_t i = 0; i < residuals.size(); ++i) residuals[i] = y[from + i] - y[0];
    return;
  }
  for (size_t i = 0; i < residuals.size(); ++i) residuals[i] = y[from + i] - y[from + i - 1];
  if (order == 1) return;
  for (size_t i = residuals.size() - 1; i > 0; --i) residuals[i] -= residuals[i - 1];
  residuals[0] = from > 1 ? residuals[0] - (y[from - 1] - y[from - 2]) : 0;
}

// As they are stored. `folded` may be the residuals themselves.
void fold(std::span<const uint64_t> residuals, const Model& model, std::span<uint64_t> folded) {
  if (model.is_zigzag) {
    for (size_t i = 0; i < folded.size(); ++i) folded[i] = zigzag(residuals[i] - model.centre);
  } else {
    for (size_t i = 0; i < folded.size(); ++i) folded[i] = residuals[i] - model.centre;
  }
}

uint64_t least(std::span<const uint64_t> residuals) {
  auto least = static_cast<int64_t>(residuals[0]);
  for (const uint64_t residual : residuals) least = std::min(least, static_cast<int64_t>(residual));
  return static_cast<uint64_t>(least);
}

// Where most residuals are: the median of up to 33 of them, or zero if that is nearly as good.
uint64_t centre_of(std::span<const uint64_t> residuals) {
  std::array<int64_t, 33> few;
  const size_t count = std::min(few.size(), residuals.size());
  for (size_t i = 0; i < count; ++i) few[i] = static_cast<int64_t>(residuals[i * residuals.size() / count]);
  const auto middle = few.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(few.begin(), middle, few.begin() + static_cast<std::ptrdiff_t>(count));
  const auto median = static_cast<uint64_t>(*middle);
  uint64_t spread = 0;
  for (size_t i = 0; i < count; ++i) spread += magnitude(static_cast<uint64_t>(few[i]) - median) / count;
  return magnitude(median) < spread / 4 ? 0 : median;
}

// The model that is cheapest for a sample: all residuals of a short column, else runs of neighbours.
Model choose_model(std::span<const uint64_t> y) {
  Model best;
  uint64_t least_bits = ~uint64_t{0};
  for (unsigned order = 0; order < kOrders; ++order) {
    std::array<uint64_t, kSample> sample;
    size_t size = std::min(kSample, y.size() - 1);
    if (size < kSample) {
      form_residuals(y, order, 1, std::span(sample).first(size));
    } else {
      for (size_t run = 0; run < kSample; run += kSampleRun) {
        const size_t from = 1 + run * (y.size() - 1 - kSampleRun) / (kSample - kSampleRun);
        form_residuals(y, order, from, std::span(sample).subspan(run, kSampleRun));
      }
    }
    const auto residuals = std::span<const uint64_t>(sample).first(size);
    const auto consider = [&](const Model& model) {
      std::array<uint64_t, kSample> room;
      const auto folded = std::span(room).first(size);
      fold(residuals, model, folded);
      const uint64_t bits = estimate_group_bits(folded);
      if (bits >= least_bits) return;
      least_bits = bits;
      best = model;
    };
    if (order == 2) {
      consider({.order = order, .is_zigzag = true});
    } else {
      consider({.order = order, .is_zigzag = true, .centre = centre_of(residuals)});
      consider({.order = order, .is_zigzag = false, .centre = least(residuals)});
    }
  }
  return best;
}

void put_linear(std::string& out, uint64_t first, uint64_t difference) {
  put_byte(out, difference == 0 ? kConstant : kLinear);
  put_varint(out, zigzag(first));
  if (difference != 0) put_varint(out, zigzag(difference));
}

void put_differences(std::string& out, std::span<const uint64_t> values) {
  Words quotients;
  std::span<const uint64_t> y = values;
  const uint64_t unit = common_unit(values);
  if (unit != 1) {
    const Unit divide(unit);
    for (size_t i = 0; i < values.size(); ++i) quotients[i] = divide.quotient(values[i] - values[0]);
    y = std::span(quotients).first(values.size());
  }
  Model model = choose_model(y);
  Words room;
  const auto residuals = std::span(room).first(values.size() - 1);
  form_residuals(y, model.order, 1, residuals);
  if (!model.is_zigzag) model.centre = least(residuals);
  fold(residuals, model, residuals);
  if (model.order == 2) model.centre = y[1] - y[0];
  put_byte(out, kDifferences + model.order + (model.is_zigzag ? kZigzag : 0));
  put_varint(out, zigzag(values[0]));
  put_varint(out, unit);
  put_varint(out, zigzag(model.centre));
  put_groups(out, residuals);
}

void put_raw(std::string& out, std::span<const uint64_t> values) {
  put_byte(out, kRaw);
  size_t at = out.size();
  out.resize(at + 8 * values.size());
  for (const uint64_t value : values) {
    store_word(out.data() + at, value);
    at += 8;
  }
}

Result<void> take_raw(ByteReader& in, std::span<uint64_t> values) {
  const auto bytes = in.take(8 * values.size());
  if (!bytes) return cut_off();
  for (size_t i = 0; i < values.size(); ++i) values[i] = load_word(bytes->data() + 8 * i);
  return {};
}

// From residuals, in values[1] and on, to values. `scaled(residual)` is a multiple of the unit.
template <typename Scaled>
void integrate(std::span<uint64_t> values, unsigned order, uint64_t first, uint64_t centre, Scaled scaled) {
  const size_t size = values.size();
  values[0] = first;
  if (order == 0) {
    const uint64_t base = first + centre;
    for (size_t i = 1; i < size; ++i) values[i] = base + scaled(values[i]);
  } else if (order == 1) {
    uint64_t last = first;
    for (size_t i = 1; i < size; ++i) values[i] = last += centre + scaled(values[i]);
  } else {
    uint64_t last = first;
    uint64_t slope = centre;
    for (size_t i = 1; i < size; ++i) values[i] = last += slope += scaled(values[i]);
  }
}

Result<void> take_differences(ByteReader& in, unsigned shape, std::span<uint64_t> values) {
  const auto first = in.varint();
  const auto unit = in.varint();
  const auto centre = in.varint();
  if (!first || !unit || !centre) return cut_off();
  const auto residuals = values.subspan(1);
  if (auto taken = take_groups(in, residuals); !taken) return taken;
  if (shape >= kZigzag) {
    for (uint64_t& residual : residuals) residual = unzigzag(residual);
  }
  const unsigned order = shape % kZigzag;
  const uint64_t start = unzigzag(*first);
  const uint64_t times = *unit;
  if (times == 1) {
    integrate(values, order, start, unzigzag(*centre), [](uint64_t residual) { return residual; });
  } else {
    integrate(values, order, start, unzigzag(*centre) * times, [times](uint64_t residual) { return residual * times; });
  }
  return {};
}

Result<void> take_linear(ByteReader& in, bool is_constant, std::span<uint64_t> values) {
  const auto first = in.varint();
  const auto difference = is_constant ? 0 : in.varint();
  if (!first || !difference) return cut_off();
  const uint64_t start = unzigzag(*first);
  const uint64_t slope = unzigzag(*difference);
  for (size_t i = 0; i < values.size(); ++i) values[i] = start + i * slope;
  return {};
}

std::span<const uint64_t> as_words(std::span<const int64_t> values) {
  return {reinterpret_cast<const uint64_t*>(values.data()), values.size()};
}

}  // namespace

void put_unsigned(std::string& out, std::span<const uint64_t> values) {
  TIMESTORE_CHECK(!values.empty() && values.size() <= kMaxValues, "a column has 1 to kMaxValues values");
  const size_t start = out.size();
  const uint64_t difference = values.size() > 1 ? values[1] - values[0] : 0;
  if (is_linear(values, difference)) {
    put_linear(out, values[0], difference);
  } else {
    put_differences(out, values);
  }
  if (out.size() - start <= 1 + 8 * values.size()) return;
  out.resize(start);
  put_raw(out, values);
}

void put_integers(std::string& out, std::span<const int64_t> values) { put_unsigned(out, as_words(values)); }

Result<void> take_unsigned(ByteReader& in, std::span<uint64_t> values) {
  TIMESTORE_CHECK(!values.empty() && values.size() <= kMaxValues, "a column has 1 to kMaxValues values");
  const auto encoding = in.byte();
  if (!encoding) return cut_off();
  switch (*encoding) {
    case kConstant:
    case kLinear:
      return take_linear(in, *encoding == kConstant, values);
    case kRaw:
      return take_raw(in, values);
    default:
      break;
  }
  const unsigned shape = *encoding - unsigned{kDifferences};
  if (shape % kZigzag >= kOrders || shape >= 2 * kZigzag) {
    return fail("a column of integers has the unknown encoding " + std::to_string(*encoding));
  }
  return take_differences(in, shape, values);
}

Result<void> take_integers(ByteReader& in, std::span<int64_t> values) {
  return take_unsigned(in, {reinterpret_cast<uint64_t*>(values.data()), values.size()});
}

}  // namespace timestore::points
