// Bytes in pages against a string, and copies against what they were when they were made.
#include "sim/disk/paged_bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/sim/disk/disk_story.h"

namespace timestore::sim {
namespace {

constexpr std::size_t kPage = PagedBytes::kPageBytes;

std::string text_of(const PagedBytes& bytes) {
  std::vector<std::uint8_t> all(bytes.size());
  bytes.read(0, all);
  std::string pieces;
  bytes.for_each_piece(0, bytes.size(),
                       [&](std::span<const std::uint8_t> piece) { pieces.append(piece.begin(), piece.end()); });
  EXPECT_EQ(pieces, std::string(all.begin(), all.end()));
  return pieces;
}

// Places around the ends of pages, where mistakes are.
std::size_t place() {
  const auto page = *rc::gen::inRange<std::size_t>(0, 4);
  const auto beside = *rc::gen::inRange<std::size_t>(0, 40);
  return std::max<std::size_t>(page * kPage + beside, 20) - 20;
}

struct Model {
  PagedBytes bytes;
  std::string text;

  void write(std::size_t offset, const std::string& what) {
    if (what.empty()) return;
    if (text.size() < offset + what.size()) text.resize(offset + what.size());
    text.replace(offset, what.size(), what);
  }
};

// One change of the bytes and of the text; `other` is what may be copied from.
void change(Model& model, const Model& other) {
  const std::size_t offset = place();
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      model.bytes.resize(offset);
      model.text.resize(offset);
      break;
    case 1: {
      const std::string what = pattern(place(), *rc::gen::inRange(0, 9));
      model.bytes.write(offset, bytes_of(what));
      model.write(offset, what);
      break;
    }
    case 2: {
      const std::size_t begin = std::min(place(), other.text.size());
      const std::size_t end = std::clamp(place(), begin, other.text.size());
      model.bytes.write(offset, other.bytes, begin, end);
      model.write(offset, other.text.substr(begin, end - begin));
      break;
    }
    case 3: {
      const std::size_t end = std::max(offset, place());
      model.bytes.fill_with_zeros(offset, end);
      model.write(offset, std::string(end - offset, '\0'));
      break;
    }
    default:
      if (offset >= model.text.size()) break;
      model.bytes.flip_bit(offset, 3);
      model.text[offset] = static_cast<char>(model.text[offset] ^ 8);
  }
}

RC_GTEST_PROP(PagedBytes, are_the_bytes_of_a_string_and_copies_are_left_alone, ()) {
  std::vector<Model> models(2);
  const auto steps = *rc::gen::inRange(1, 40);
  for (int step = 0; step < steps; ++step) {
    const auto which = *rc::gen::inRange<std::size_t>(0, models.size());
    if (*rc::gen::inRange(0, 4) == 0) {
      const auto copied = *rc::gen::inRange<std::size_t>(0, models.size());
      const Model copy = models[copied];
      models[which] = copy;
      if (models.size() < 5) models.push_back(copy);
    }
    change(models[which], models[(which + 1) % models.size()]);
    for (const Model& model : models) RC_ASSERT(text_of(model.bytes) == model.text);
  }
}

TEST(PagedBytes, hold_what_stands_there_and_nothing_beyond_the_end) {
  PagedBytes bytes;
  const std::string text = pattern(2 * kPage + 9, 1);
  bytes.write(0, bytes_of(text));
  EXPECT_TRUE(bytes.holds(0, bytes_of(text)));
  EXPECT_TRUE(bytes.holds(kPage - 7, bytes_of(text.substr(kPage - 7, kPage + 11))));
  EXPECT_TRUE(bytes.holds(text.size(), {}));
  EXPECT_FALSE(bytes.holds(1, bytes_of(text)));
  EXPECT_FALSE(bytes.holds(0, bytes_of(text + "x")));
  for (const std::size_t at : {std::size_t{0}, kPage - 1, kPage, text.size() - 1}) {
    PagedBytes other = bytes;
    other.flip_bit(at, 7);
    EXPECT_FALSE(other.holds(0, bytes_of(text))) << at;
  }
}

}  // namespace
}  // namespace timestore::sim
