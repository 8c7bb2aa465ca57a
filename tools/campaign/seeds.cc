#include "tools/campaign/seeds.h"

#include <charconv>
#include <optional>
#include <random>

namespace timestore::campaign {
namespace {

constexpr std::string_view kFresh = "fresh:";
constexpr std::uint64_t kMaxSize = 1'000'000'000;

// Fresh seeds lie beyond those that people type, and are still short enough to be read aloud.
constexpr std::uint64_t kFreshFrom = 1'000'000;
constexpr std::uint64_t kFreshPlaces = 1'000'000;
constexpr std::uint64_t kFreshStride = 1'000;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<SeedRange> parse_seeds(std::string_view text) {
  SeedRange seeds;
  if (text.starts_with(kFresh)) {
    const auto count = number(text.substr(kFresh.size()));
    if (!count || *count == 0 || *count > kMaxSize) {
      return fail("'" + std::string(text) + "' draws no seeds; say how many, as in fresh:200.");
    }
    std::random_device random;
    seeds.first = kFreshFrom + random() % kFreshPlaces * kFreshStride;
    seeds.last = seeds.first + *count - 1;
    return seeds;
  }
  const std::size_t dots = text.find("..");
  const auto first = number(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : number(text.substr(dots + 2));
  if (!first || !last || *last < *first || *last - *first >= kMaxSize) {
    return fail("'" + std::string(text) + "' is no range of seeds; write one as in 7, 1..2000 or fresh:200.");
  }
  return SeedRange{*first, *last};
}

std::string to_text(SeedRange seeds) {
  if (seeds.first == seeds.last) return std::to_string(seeds.first);
  return std::to_string(seeds.first) + ".." + std::to_string(seeds.last);
}

}  // namespace timestore::campaign
