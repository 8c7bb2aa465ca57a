// The first broken sentence. What comes after it is mostly its consequence, so nothing more is listened to.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "engine/raft/types.h"

namespace timestore::sim {

// The broken sentence, and what was seen. `rule` is a fixed sentence: it names the checker's finding.
struct Violation {
  std::string checker;  // "promises", "ledger", "invariants", "clients", "linearizability", "liveness", "bounds", ...
  std::string rule;
  std::string detail;
};

class Findings {
 public:
  bool any() const { return first_.has_value(); }
  const std::optional<Violation>& first() const { return first_; }

  void report(Violation violation) {
    if (!first_) first_ = std::move(violation);
  }

 private:
  std::optional<Violation> first_;
};

// "node", "n1", "term", 3 becomes "node n1, term 3".
template <typename... Parts>
std::string facts(const Parts&... parts) {
  std::string text;
  std::size_t count = 0;
  const auto add = [&](const auto& part) {
    if (count > 0) text += count % 2 == 0 ? ", " : " ";
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(part)>>) {
      text += std::to_string(part);
    } else {
      text += part;
    }
    ++count;
  };
  (add(parts), ...);
  return text;
}

inline std::string place(raft::Position position) {
  return "(term " + std::to_string(position.term) + ", index " + std::to_string(position.index) + ")";
}

// The voice of one checker.
class Rules {
 public:
  Rules(Findings& findings, std::string_view checker) : findings_(findings), checker_(checker) {}

  // Whether the condition holds; when not, `rule` is broken and `describe()` says what was seen.
  template <typename Describe>
  bool require(bool condition, std::string_view rule, Describe&& describe) const {
    if (condition) [[likely]]
      return true;
    findings_.report({.checker = std::string(checker_), .rule = std::string(rule), .detail = describe()});
    return false;
  }

  bool any() const { return findings_.any(); }

 private:
  Findings& findings_;
  std::string_view checker_;
};

}  // namespace timestore::sim
