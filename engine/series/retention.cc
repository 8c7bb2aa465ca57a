#include "engine/series/retention.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace timestore {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::array<std::pair<char, std::int64_t>, 5> kUnits = {{{'w', 7 * 24 * 3600 * kSecondNs},
                                                                  {'d', 24 * 3600 * kSecondNs},
                                                                  {'h', 3600 * kSecondNs},
                                                                  {'m', 60 * kSecondNs},
                                                                  {'s', kSecondNs}}};  // the largest first

}  // namespace

Retention after(const Retention& before, const RetentionOrder& order) {
  Retention next = before;
  if (order.sets_age) next.max_age_ns = order.max_age_ns;
  const bool is_meant = order.max_age_ns == next.max_age_ns && next.max_age_ns != kForEver;
  if (is_meant) next.edge_ns = std::max(before.edge_ns, order.edge_ns);
  return next;
}

std::int64_t edge_at(std::int64_t now_ns, std::int64_t max_age_ns) {
  if (max_age_ns == kForEver || now_ns < kNoEdge + max_age_ns) return kNoEdge;
  return now_ns - max_age_ns;
}

Result<std::int64_t> parse_age(std::string_view text) {
  constexpr const char* kForm = "An age is a whole number and a unit: s, m, h, d or w, such as \"30d\".";
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::result_out_of_range) return fail("The longest age is 15250 weeks.");
  if (error != std::errc() || unit + 1 != end || text.front() == '-') return fail(kForm);
  for (const auto& [letter, length] : kUnits) {
    if (letter != *unit) continue;
    if (number > kMaxAge / length) return fail("The longest age is 15250 weeks.");
    if (number * length < kMinAge) return fail("The shortest age is 1s; null keeps points for ever.");
    return number * length;
  }
  return fail(kForm);
}

std::string age_text(std::int64_t max_age_ns) {
  for (const auto& [letter, length] : kUnits) {
    if (max_age_ns % length == 0) return std::to_string(max_age_ns / length) + letter;
  }
  return std::to_string(max_age_ns) + "ns";
}

}  // namespace timestore
