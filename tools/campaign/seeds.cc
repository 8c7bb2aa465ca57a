#include "tools/campaign/seeds.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <random>

#include "engine/base/check.h"

namespace timestore::campaign {
namespace {

constexpr std::string_view kFresh = "fresh:";
constexpr std::uint64_t kMaxSize = 1'000'000'000;
constexpr std::string_view kTooMany = "is more than 1000000000 seeds";

// Fresh seeds lie beyond those that people type, and are still short enough to be read aloud.
constexpr std::uint64_t kFreshFrom = 1'000'000;
constexpr std::uint64_t kFreshPlaces = 1'000'000;
constexpr std::uint64_t kFreshStride = 1'000;

tl::unexpected<Error> refuse(std::string_view text, std::string_view reason) {
  return fail(fmt::format("'{}' {}; write seeds as in 7, 1..2000, 1..250,1492 or fresh:200.", text, reason));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// None for what is no number, or one beyond 64 bits.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<SeedRange> draw_fresh(std::string_view text) {
  const auto count = number(text.substr(kFresh.size()));
  if (!count || *count == 0 || *count > kMaxSize) {
    return fail(fmt::format("'{}' draws no seeds; say how many, as in fresh:200.", text));
  }
  std::random_device random;
  const std::uint64_t first = kFreshFrom + random() % kFreshPlaces * kFreshStride;
  return SeedRange{first, first + *count - 1};
}

Result<SeedRange> parse_range(std::string_view text) {
  if (text.starts_with(kFresh)) return draw_fresh(text);
  const std::size_t dots = text.find("..");
  const std::string_view low = text.substr(0, dots);
  const std::string_view high = dots == std::string_view::npos ? low : text.substr(dots + 2);
  if (!is_number(low) || !is_number(high)) return refuse(text, "is no range of seeds");
  const auto first = number(low);
  const auto last = number(high);
  if (!first || !last) return refuse(text, "goes beyond the last seed, 18446744073709551615");
  if (*last < *first) return refuse(text, "ends before it begins");
  if (*last - *first >= kMaxSize) return refuse(text, kTooMany);
  return SeedRange{*first, *last};
}

}  // namespace

std::uint64_t SeedList::size() const {
  std::uint64_t size = 0;
  for (const SeedRange& range : ranges_) size += range.size();
  return size;
}

std::uint64_t SeedList::at(std::uint64_t place) const {
  TIMESTORE_CHECK(place < size(), "a list of seeds has no seed at this place");
  auto range = ranges_.begin();
  for (; place >= range->size(); ++range) place -= range->size();
  return range->first + place;
}

Result<SeedList> parse_seeds(std::string_view text) {
  SeedList seeds;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::string_view part = text.substr(begin, text.find(',', begin) - begin);
    if (part.empty()) return refuse(text, "has an empty part");
    const auto range = parse_range(part);
    if (!range) return tl::unexpected(range.error());
    seeds.append(*range);
    begin += part.size() + 1;
  }
  if (seeds.size() > kMaxSize) return refuse(text, kTooMany);
  return seeds;
}

std::string to_text(SeedRange seeds) {
  if (seeds.first == seeds.last) return std::to_string(seeds.first);
  return std::to_string(seeds.first) + ".." + std::to_string(seeds.last);
}

std::string to_text(const SeedList& seeds) {
  std::string text;
  for (const SeedRange& range : seeds.ranges()) text += (text.empty() ? "" : ",") + to_text(range);
  return text;
}

}  // namespace timestore::campaign
