#include "sim/checkers/linearizability.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/hash.h"

namespace timestore::sim {

namespace {

using Mask = std::uint64_t;  // of calls
using Verdict = SearchResult::Verdict;

constexpr Mask bit(std::size_t call) { return Mask{1} << call; }

class Search {
 public:
  Search(const History& history, std::size_t max_configurations);
  SearchResult run();

 private:
  struct Place {  // a content in its slot, by their numbers within the search
    std::size_t slot = 0;
    std::size_t content = 0;
  };
  static constexpr std::size_t kEmpty = SIZE_MAX;

  Place place_of(const Content& content);
  std::optional<std::vector<Place>> effect(std::size_t call) const;
  bool is_answer(std::size_t call) const;
  bool is_held_up(const std::vector<Place>& additions, Mask remaining) const;
  bool explain(Mask done);

  const History& history_;
  const std::size_t max_configurations_;
  Mask required_ = 0;
  Mask reads_ = 0;
  std::vector<std::uint32_t> slot_names_;
  std::vector<Content> contents_;
  std::vector<std::uint64_t> hashes_;       // of contents_
  std::vector<Mask> seen_by_;               // the reads that saw it
  std::vector<std::vector<Place>> places_;  // of each call
  std::vector<std::uint64_t> read_hashes_;  // of what a read saw
  std::vector<std::size_t> in_slot_;        // the content there, or kEmpty
  std::uint64_t state_ = 0;                 // the sum of the hashes of everything put since the beginning
  std::set<std::pair<Mask, std::uint64_t>> visited_;
  Mask longest_ = 0;
};

Search::Search(const History& history, std::size_t max_configurations)
    : history_(history), max_configurations_(max_configurations) {
  TIMESTORE_CHECK(history.calls.size() <= History::kMaxCalls, "a history fits into the bits of a word");
  places_.resize(history.calls.size());
  read_hashes_.resize(history.calls.size());
  for (std::size_t call = 0; call < history.calls.size(); ++call) {
    const Call& made = history.calls[call];
    if (made.kind != Call::Kind::kMaybe) required_ |= bit(call);
    if (made.kind == Call::Kind::kRead) reads_ |= bit(call);
    for (const Content& content : made.contents) {
      const Place place = place_of(content);
      places_[call].push_back(place);
      if (made.kind != Call::Kind::kRead) continue;
      seen_by_[place.content] |= bit(call);
      read_hashes_[call] += hashes_[place.content];
    }
  }
  for (const Content& content : history.before) {
    const Place place = place_of(content);
    in_slot_[place.slot] = place.content;
  }
}

Search::Place Search::place_of(const Content& content) {
  const auto slot = std::find(slot_names_.begin(), slot_names_.end(), content.slot);
  const Place place{
      .slot = static_cast<std::size_t>(slot - slot_names_.begin()),
      .content = static_cast<std::size_t>(std::find(contents_.begin(), contents_.end(), content) - contents_.begin())};
  if (slot == slot_names_.end()) {
    slot_names_.push_back(content.slot);
    in_slot_.push_back(kEmpty);
  }
  if (place.content == contents_.size()) {
    contents_.push_back(content);
    hashes_.push_back(Hasher().add(content.slot).add(content.number).value());
    seen_by_.push_back(0);
  }
  return place;
}

SearchResult Search::run() {
  if (explain(0)) return {};
  SearchResult result;
  result.verdict = visited_.size() >= max_configurations_ ? Verdict::kTooCostly : Verdict::kUnexplained;
  for (std::size_t call = 0; call < history_.calls.size(); ++call) {
    if ((required_ & ~longest_ & bit(call)) != 0) result.stuck.push_back(history_.calls[call].operation);
  }
  return result;
}

// What a put would add to the present state; nothing when its answer is not the one that was given.
std::optional<std::vector<Search::Place>> Search::effect(std::size_t call) const {
  const Call& made = history_.calls[call];
  std::vector<Place> additions;
  std::vector<std::uint32_t> conflicts;
  std::uint32_t ordinal = 0;
  for (const Place& place : places_[call]) {
    std::size_t holder = in_slot_[place.slot];
    for (const Place& added : additions) {
      if (added.slot == place.slot) holder = added.content;
    }
    if (holder == kEmpty) {
      additions.push_back(place);
    } else if (holder != place.content) {
      conflicts.push_back(ordinal);
    }
    ++ordinal;
  }
  if (made.kind == Call::Kind::kConflict) {
    if (conflicts.empty() || conflicts != made.conflicts) return std::nullopt;
    return std::vector<Place>();
  }
  if (!conflicts.empty()) return std::nullopt;
  return additions;
}

// Whether a read that comes later could not tell of an addition.
bool Search::is_held_up(const std::vector<Place>& additions, Mask remaining) const {
  return std::any_of(additions.begin(), additions.end(),
                     [&](const Place& added) { return (remaining & reads_ & ~seen_by_[added.content]) != 0; });
}

// A call that changes nothing and whose answer is right at present.
bool Search::is_answer(std::size_t call) const {
  switch (history_.calls[call].kind) {
    case Call::Kind::kRead:
      return read_hashes_[call] == state_;
    case Call::Kind::kConflict:
      return effect(call).has_value();
    case Call::Kind::kStored: {
      const auto additions = effect(call);
      return additions && additions->empty();
    }
    case Call::Kind::kMaybe:
      return false;
  }
  return false;
}

bool Search::explain(Mask done) {
  std::uint64_t first_end = Call::kNever;
  const auto may_come_next = [&](std::size_t call) {
    return (done & bit(call)) == 0 && history_.calls[call].begin < first_end;
  };
  // Answers that are right now are taken now: they change nothing, so nothing is lost by it.
  for (bool took = true; took;) {
    took = false;
    first_end = Call::kNever;
    for (std::size_t call = 0; call < history_.calls.size(); ++call) {
      if ((required_ & ~done & bit(call)) != 0) first_end = std::min(first_end, history_.calls[call].end);
    }
    for (std::size_t call = 0; call < history_.calls.size() && !took; ++call) {
      if (!may_come_next(call) || !is_answer(call)) continue;
      done |= bit(call);
      took = true;
    }
  }
  if (std::popcount(done & required_) > std::popcount(longest_ & required_)) longest_ = done;
  if ((required_ & ~done) == 0) return true;
  if (visited_.size() >= max_configurations_ || !visited_.emplace(done, state_).second) return false;

  for (std::size_t call = 0; call < history_.calls.size(); ++call) {
    if (!may_come_next(call) || (reads_ & bit(call)) != 0) continue;
    const auto additions = effect(call);
    if (!additions || additions->empty() || is_held_up(*additions, ~done)) continue;
    for (const Place& added : *additions) {
      in_slot_[added.slot] = added.content;
      state_ += hashes_[added.content];
    }
    if (explain(done | bit(call))) return true;
    for (const Place& added : *additions) {
      in_slot_[added.slot] = kEmpty;
      state_ -= hashes_[added.content];
    }
  }
  return false;
}

}  // namespace

SearchResult find_order(const History& history, std::size_t max_configurations) {
  return Search(history, max_configurations).run();
}

}  // namespace timestore::sim
