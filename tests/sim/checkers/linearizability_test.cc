// The search against a second one that tries every order.
#include "sim/checkers/linearizability.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

namespace timestore::sim {
namespace {

using CallKind = Call::Kind;
using Verdict = SearchResult::Verdict;

Call call(CallKind kind, std::uint64_t begin, std::uint64_t end, std::vector<Content> contents,
          std::vector<std::uint32_t> conflicts = {}) {
  return {.kind = kind,
          .operation = begin,
          .begin = begin,
          .end = end,
          .contents = std::move(contents),
          .conflicts = std::move(conflicts)};
}

Verdict verdict(const History& history) { return find_order(history, 100'000).verdict; }

// The object itself, as plainly as it can be said.
struct Slots {
  std::map<std::uint32_t, std::uint32_t> held;

  std::vector<std::uint32_t> put(const std::vector<Content>& contents) {
    std::map<std::uint32_t, std::uint32_t> next = held;
    std::vector<std::uint32_t> conflicts;
    for (std::uint32_t i = 0; i < contents.size(); ++i) {
      const auto [holder, is_new] = next.emplace(contents[i].slot, contents[i].number);
      if (!is_new && holder->second != contents[i].number) conflicts.push_back(i);
    }
    if (conflicts.empty()) held = next;
    return conflicts;
  }
  std::vector<Content> read() const {
    std::vector<Content> contents;
    for (const auto& [slot, number] : held) contents.push_back({slot, number});
    return contents;
  }
};

bool is_answer(Slots& slots, const Call& call) {
  switch (call.kind) {
    case CallKind::kRead: {
      std::vector<Content> seen = call.contents;
      std::sort(seen.begin(), seen.end(), [](const Content& a, const Content& b) {
        return std::pair(a.slot, a.number) < std::pair(b.slot, b.number);
      });
      return seen == slots.read();
    }
    case CallKind::kStored:
      return slots.put(call.contents).empty();
    case CallKind::kConflict: {
      const auto conflicts = slots.put(call.contents);
      return !conflicts.empty() && conflicts == call.conflicts;
    }
    case CallKind::kMaybe:
      slots.put(call.contents);
      return true;
  }
  return false;
}

// Every order of every choice of the unanswered calls.
bool is_explained_by_some_order(const History& history) {
  std::vector<std::size_t> maybe;
  std::vector<std::size_t> answered;
  for (std::size_t i = 0; i < history.calls.size(); ++i) {
    (history.calls[i].kind == CallKind::kMaybe ? maybe : answered).push_back(i);
  }
  for (std::size_t choice = 0; choice < (std::size_t{1} << maybe.size()); ++choice) {
    std::vector<std::size_t> order = answered;
    for (std::size_t i = 0; i < maybe.size(); ++i) {
      if ((choice >> i & 1) != 0) order.push_back(maybe[i]);
    }
    std::sort(order.begin(), order.end());
    do {
      Slots slots;
      slots.put(history.before);
      bool is_good = true;
      for (std::size_t i = 0; i < order.size() && is_good; ++i) {
        for (std::size_t j = i + 1; j < order.size(); ++j) {
          is_good = is_good && history.calls[order[j]].end > history.calls[order[i]].begin;
        }
        is_good = is_good && is_answer(slots, history.calls[order[i]]);
      }
      if (is_good) return true;
    } while (std::next_permutation(order.begin(), order.end()));
  }
  return false;
}

// ---------------------------------------------------------------------------------------------------- examples

TEST(Linearizability, nothing_is_explained) { EXPECT_EQ(verdict({}), Verdict::kExplained); }

TEST(Linearizability, a_read_after_a_write_sees_it) {
  const Content a{1, 1};
  EXPECT_EQ(verdict({{}, {call(CallKind::kStored, 1, 2, {a}), call(CallKind::kRead, 3, 4, {a})}}), Verdict::kExplained);
  EXPECT_EQ(verdict({{}, {call(CallKind::kStored, 1, 2, {a}), call(CallKind::kRead, 3, 4, {})}}),
            Verdict::kUnexplained);
}

TEST(Linearizability, a_read_beside_a_write_may_see_it) {
  const Content a{1, 1};
  EXPECT_EQ(verdict({{}, {call(CallKind::kStored, 1, 4, {a}), call(CallKind::kRead, 2, 3, {a})}}), Verdict::kExplained);
  EXPECT_EQ(verdict({{}, {call(CallKind::kStored, 1, 4, {a}), call(CallKind::kRead, 2, 3, {})}}), Verdict::kExplained);
}

TEST(Linearizability, reads_do_not_go_back) {
  const Content a{1, 1};
  const Call write = call(CallKind::kStored, 1, 10, {a});
  EXPECT_EQ(verdict({{}, {write, call(CallKind::kRead, 2, 3, {a}), call(CallKind::kRead, 4, 5, {})}}),
            Verdict::kUnexplained);
  EXPECT_EQ(verdict({{}, {write, call(CallKind::kRead, 2, 5, {a}), call(CallKind::kRead, 3, 4, {})}}),
            Verdict::kExplained);
}

TEST(Linearizability, two_reads_agree_on_the_order_of_two_writes) {
  const Content a{1, 1};
  const Content b{2, 1};
  EXPECT_EQ(verdict({{},
                     {call(CallKind::kStored, 1, 10, {a}), call(CallKind::kStored, 2, 11, {b}),
                      call(CallKind::kRead, 3, 12, {a}), call(CallKind::kRead, 4, 13, {b})}}),
            Verdict::kUnexplained);
}

TEST(Linearizability, half_of_a_batch_is_not_a_state) {
  const Content a{1, 1};
  const Content b{2, 1};
  EXPECT_EQ(verdict({{}, {call(CallKind::kStored, 1, 4, {a, b}), call(CallKind::kRead, 2, 3, {b})}}),
            Verdict::kUnexplained);
}

TEST(Linearizability, an_unanswered_write_may_take_effect_late_or_never) {
  const Content a{1, 1};
  const Call unanswered = call(CallKind::kMaybe, 1, Call::kNever, {a});
  EXPECT_EQ(verdict({{}, {unanswered, call(CallKind::kRead, 5, 6, {}), call(CallKind::kRead, 7, 8, {a})}}),
            Verdict::kExplained);
  EXPECT_EQ(verdict({{}, {unanswered, call(CallKind::kRead, 5, 6, {})}}), Verdict::kExplained);
  EXPECT_EQ(verdict({{}, {call(CallKind::kRead, 1, 2, {a}), call(CallKind::kMaybe, 3, Call::kNever, {a})}}),
            Verdict::kUnexplained);
}

TEST(Linearizability, a_conflict_needs_another_content_before_it) {
  const Content one{1, 1};
  const Content other{1, 2};
  const Call conflict = call(CallKind::kConflict, 3, 4, {other}, {0});
  EXPECT_EQ(verdict({{}, {call(CallKind::kStored, 1, 2, {one}), conflict}}), Verdict::kExplained);
  EXPECT_EQ(verdict({{}, {call(CallKind::kStored, 5, 6, {one}), conflict}}), Verdict::kUnexplained);
  EXPECT_EQ(verdict({{one}, {conflict}}), Verdict::kExplained);
  EXPECT_EQ(verdict({{other}, {conflict}}), Verdict::kUnexplained);
}

TEST(Linearizability, a_write_stored_twice_is_there_once) {
  const Content a{1, 1};
  EXPECT_EQ(verdict({{},
                     {call(CallKind::kStored, 1, 2, {a}), call(CallKind::kStored, 3, 4, {a}),
                      call(CallKind::kRead, 5, 6, {a})}}),
            Verdict::kExplained);
  EXPECT_EQ(verdict({{}, {call(CallKind::kStored, 1, 2, {a}), call(CallKind::kRead, 5, 6, {a, a})}}),
            Verdict::kUnexplained);
}

TEST(Linearizability, a_search_that_costs_too_much_says_so) {
  History history;
  for (std::uint32_t i = 0; i < 12; ++i) history.calls.push_back(call(CallKind::kStored, i + 1, 100 + i, {{i, 1}}));
  history.calls.push_back(call(CallKind::kConflict, 50, 60, {{99, 2}}, {0}));
  EXPECT_EQ(find_order(history, 10).verdict, Verdict::kTooCostly);
  const SearchResult result = find_order(history, 100'000);
  EXPECT_EQ(result.verdict, Verdict::kUnexplained);
  EXPECT_EQ(result.stuck, std::vector<std::uint64_t>{50});
}

// ---------------------------------------------------------------------------------------------------- properties

// Calls of a few clients to the true object, each at a moment between its begin and its end.
rc::Gen<History> true_history(std::size_t calls) {
  return rc::gen::exec([calls] {
    struct Drawn {
      Call call;
      std::uint64_t moment = 0;
    };
    History history;
    std::vector<Drawn> drawn;
    for (std::size_t i = 0; i < calls; ++i) {
      Drawn one;
      one.call.operation = i + 1;
      // Distinct: each moment is a multiple of `calls` and the call's number.
      const auto moment = [&](std::uint64_t from, std::uint64_t to) {
        return *rc::gen::inRange<std::uint64_t>(from, to) * calls + i;
      };
      one.call.begin = moment(0, 10);
      one.moment = moment(one.call.begin / calls + 1, 20);
      one.call.end = moment(one.moment / calls + 1, 30);
      one.call.kind = *rc::gen::element(CallKind::kRead, CallKind::kStored, CallKind::kStored, CallKind::kMaybe);
      if (one.call.kind != CallKind::kRead) {
        const auto count = *rc::gen::inRange(1, 3);
        for (int n = 0; n < count; ++n) {
          const auto slot = *rc::gen::inRange<std::uint32_t>(0, 4);
          one.call.contents.push_back({slot, *rc::gen::weightedElement<std::uint32_t>({{5, 1}, {1, 2}})});
        }
      }
      if (one.call.kind == CallKind::kMaybe) one.call.end = Call::kNever;
      drawn.push_back(std::move(one));
    }
    std::sort(drawn.begin(), drawn.end(), [](const Drawn& a, const Drawn& b) { return a.moment < b.moment; });
    Slots slots;
    for (Drawn& one : drawn) {
      if (one.call.kind == CallKind::kRead) one.call.contents = slots.read();
      if (one.call.kind == CallKind::kStored) {
        one.call.conflicts = slots.put(one.call.contents);
        if (!one.call.conflicts.empty()) one.call.kind = CallKind::kConflict;
      }
      if (one.call.kind == CallKind::kMaybe && *rc::gen::arbitrary<bool>()) slots.put(one.call.contents);
      history.calls.push_back(std::move(one.call));
    }
    return history;
  });
}

std::string shown(const History& history) {
  std::string text;
  for (const Call& call : history.calls) {
    text += "kind " + std::to_string(static_cast<int>(call.kind)) + " [" + std::to_string(call.begin) + ", " +
            std::to_string(call.end) + "]";
    for (const Content& content : call.contents) {
      text += " " + std::to_string(content.slot) + ":" + std::to_string(content.number);
    }
    text += "\n";
  }
  return text;
}

RC_GTEST_PROP(Linearizability, what_a_true_object_answers_is_explained, ()) {
  const auto calls = *rc::gen::inRange<std::size_t>(1, 40);
  const History history = *true_history(calls);
  RC_LOG(shown(history));
  RC_ASSERT(verdict(history) == Verdict::kExplained);
}

RC_GTEST_PROP(Linearizability, agrees_with_trying_every_order, ()) {
  History history = *true_history(*rc::gen::inRange<std::size_t>(1, 7));
  const auto lies = *rc::gen::inRange(0, 6);
  for (int lie = 0; lie < lies; ++lie) {
    Call& call = history.calls[*rc::gen::inRange<std::size_t>(0, history.calls.size())];
    if (call.kind == CallKind::kRead && !call.contents.empty() && *rc::gen::arbitrary<bool>()) {
      call.contents.erase(call.contents.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(call.contents)));
    } else if (call.kind == CallKind::kRead) {
      call.contents.push_back({*rc::gen::inRange<std::uint32_t>(0, 4), 1});
    } else if (call.kind == CallKind::kConflict) {
      call.kind = CallKind::kStored;
    } else if (call.kind == CallKind::kStored) {
      call.end = call.begin + 1;
    }
  }
  RC_LOG(shown(history));
  const bool is_explained = is_explained_by_some_order(history);
  RC_CLASSIFY(is_explained, "explained");
  RC_ASSERT((verdict(history) == Verdict::kExplained) == is_explained);
}

}  // namespace
}  // namespace timestore::sim
