// Every undecided thing in the simulated world asks here.
//
// A choice is a pure function of (seed, name, subject, occasion, counter): "the first of message 17 on link 3". However
// much is drawn on one occasion, the choices of all others stay. So taking one choice out of a run, or one fault out of
// the world, leaves all the others as they were. Zero is always the calm answer (no fault, the shortest delay), and a
// run can be repeated from its list of choices that are not zero: to shrink a run is to remove lines from that list.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/base/result.h"

namespace timestore::sim {

// One line of a run's list: "name subject occasion counter value".
struct Choice {
  std::string name;
  std::uint64_t subject = 0;
  std::uint64_t occasion = 0;
  std::uint64_t counter = 0;
  std::uint64_t value = 0;
  bool operator==(const Choice&) const = default;
};

[[nodiscard]] std::string to_text(const std::vector<Choice>& choices);
[[nodiscard]] Result<std::vector<Choice>> parse_choices(std::string_view text);

class Choices;

// One named sequence of choices. A value; copies go on independently from where they were copied.
class Stream {
 public:
  // The sequence of one occasion, from 1, on which more or less may be drawn: a message of a link, a stroke of a fault.
  [[nodiscard]] Stream on(std::uint64_t occasion) const;

  // The sequence of the same subject and occasion under another name, which must live as long: a literal.
  [[nodiscard]] Stream named(std::string_view name) const;

  // Uniform in [0, bound), 0 being the calm one. Requires bound > 0.
  std::uint64_t below(std::uint64_t bound);

  // Uniform in [low, high], `low` being the calm one.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }

  // True in `numerator` of `denominator` cases; "no" is the calm answer. Requires numerator < denominator.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return below(denominator) >= denominator - numerator;
  }

 private:
  friend class Choices;
  Stream(Choices& choices, std::string_view name, std::uint64_t subject, std::uint64_t key)
      : choices_(&choices), name_(name), subject_(subject), key_(key) {}

  Choices* choices_;
  std::string_view name_;
  std::uint64_t subject_;
  std::uint64_t occasion_ = 0;  // none: what is drawn from the stream itself, each time as much
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

class Choices {
 public:
  explicit Choices(std::uint64_t seed) : seed_(seed) {}

  // Repeats a run from its list: every choice that is not on it is zero.
  explicit Choices(const std::vector<Choice>& list);

  Choices(const Choices&) = delete;
  Choices& operator=(const Choices&) = delete;

  // `name` must live as long as the choices: a literal. `subject` tells apart equal things: a node, a link.
  [[nodiscard]] Stream stream(std::string_view name, std::uint64_t subject = 0);

  void record() { is_recording_ = true; }
  const std::vector<Choice>& recorded() const { return recorded_; }

 private:
  friend class Stream;
  using Key = std::tuple<std::string, std::uint64_t, std::uint64_t, std::uint64_t>;

  std::uint64_t seed_ = 0;
  bool is_replaying_ = false;
  bool is_recording_ = false;
  std::map<Key, std::uint64_t> list_;
  std::vector<Choice> recorded_;
};

}  // namespace timestore::sim
