#include "engine/raft/cluster_id.h"

#include <array>
#include <charconv>

#include "engine/base/check.h"

namespace timestore::raft {

namespace {

constexpr std::size_t kHalfDigits = kClusterIdDigits / 2;
constexpr std::string_view kClusterTextStart = R"({"cluster":")";
constexpr std::string_view kClusterTextEnd = R"("})";

std::string half_text(std::uint64_t half) {
  std::array<char, kHalfDigits> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), half, 16);
  const auto length = static_cast<std::size_t>(written.ptr - digits.data());
  return std::string(kHalfDigits - length, '0').append(digits.data(), length);
}

std::optional<std::uint64_t> parse_half(std::string_view digits) {
  if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  std::uint64_t half = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), half, 16);
  return read.ec == std::errc{} ? std::optional(half) : std::nullopt;
}

}  // namespace

std::string to_text(const ClusterId& id) { return half_text(id.high) + half_text(id.low); }

std::optional<ClusterId> parse_cluster_id(std::string_view text) {
  if (text.size() != kClusterIdDigits) return std::nullopt;
  const auto high = parse_half(text.substr(0, kHalfDigits));
  const auto low = parse_half(text.substr(kHalfDigits));
  if (!high || !low) return std::nullopt;
  return ClusterId{*high, *low};
}

std::string encode_cluster(const ClusterId& id) {
  TIMESTORE_CHECK(id.is_known(), "an entry holds the id of a cluster, or none");
  return std::string(kClusterTextStart).append(to_text(id)).append(kClusterTextEnd);
}

std::optional<ClusterId> decode_cluster(std::string_view text) {
  if (!text.starts_with(kClusterTextStart) || !text.ends_with(kClusterTextEnd)) return std::nullopt;
  text.remove_prefix(kClusterTextStart.size());
  if (text.size() != kClusterIdDigits + kClusterTextEnd.size()) return std::nullopt;
  const auto id = parse_cluster_id(text.substr(0, kClusterIdDigits));
  return id && id->is_known() ? id : std::nullopt;
}

std::string with_cluster(std::string text, const ClusterId& id) {
  return id.is_known() ? text.append("\n").append(encode_cluster(id)) : text;
}

TextAndCluster split_cluster(std::string_view text) {
  const std::size_t end = text.rfind('\n');
  if (end == std::string_view::npos) return {.text = text, .cluster = {}};
  const auto id = decode_cluster(text.substr(end + 1));
  return id ? TextAndCluster{text.substr(0, end), *id} : TextAndCluster{.text = text, .cluster = {}};
}

}  // namespace timestore::raft
