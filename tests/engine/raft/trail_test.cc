#include "engine/raft/trail.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace timestore::raft {
namespace {

// The dumb second implementation: every entry in a list, none ever forgotten, and the number that should be.
struct PlainTrail {
  struct Entry {
    Term term = 0;
    EntryKind kind = EntryKind::kNoop;
    std::size_t bytes = 0;
  };
  std::vector<Entry> entries;  // entries[i] has index i + 1
  Index base = 0;

  Term term_at(Index index) const { return index == 0 ? 0 : entries[index - 1].term; }
};

void append_to_both(Trail& trail, PlainTrail& plain) {
  const Term term = trail.last_term() + *rc::gen::weightedElement<Term>({{5, 0}, {2, 1}, {1, 7}});
  const auto kind = *rc::gen::element(EntryKind::kNoop, EntryKind::kCommand, EntryKind::kMembers);
  const auto bytes = kind == EntryKind::kNoop ? 0 : *rc::gen::inRange<std::size_t>(1, 100000);
  trail.append(term, kind, bytes);
  plain.entries.push_back({term, kind, bytes});
}

void truncate_both(Trail& trail, PlainTrail& plain) {
  const auto from = *rc::gen::inRange<Index>(plain.base + 1, plain.entries.size() + 2);
  trail.truncate_from(from);
  plain.entries.resize(from - 1);
}

void begin_both_anew(Trail& trail, PlainTrail& plain) {
  plain.base = *rc::gen::inRange<Index>(plain.base, plain.entries.size() + 1);
  trail.begin_after(plain.base);
}

RC_GTEST_PROP(Trail, agrees_with_a_plain_list_of_entries, ()) {
  Trail trail;
  PlainTrail plain;
  const int operations = *rc::gen::inRange(0, 80);
  for (int i = 0; i < operations; ++i) {
    const auto change = *rc::gen::weightedElement<void (*)(Trail&, PlainTrail&)>(
        {{8, &append_to_both}, {2, &truncate_both}, {1, &begin_both_anew}});
    change(trail, plain);
  }
  const Index last = plain.entries.size();
  RC_ASSERT(trail.first_index() == plain.base + 1);
  RC_ASSERT(trail.last() == (Position{plain.term_at(last), last}));
  RC_ASSERT(trail.base() == (Position{plain.term_at(plain.base), plain.base}));
  RC_ASSERT(!trail.term_at(last + 1));
  for (Index index = 0; index < plain.base; ++index) RC_ASSERT(!trail.term_at(index));
  std::uint64_t bytes_at_least = 0;
  std::uint64_t bytes_at_most = 0;
  for (Index index = plain.base + 1; index <= last; ++index) {
    const auto& [term, kind, bytes] = plain.entries[index - 1];
    RC_ASSERT(trail.term_at(index) == term);
    RC_ASSERT(trail.kind_at(index) == kind);
    RC_ASSERT(trail.size_bound_bytes(index) >= bytes);
    RC_ASSERT(trail.size_bound_bytes(index) <= 2 * bytes);
    bytes_at_least += bytes;
    bytes_at_most += 2 * bytes;
  }
  RC_ASSERT(trail.size_bound_bytes() >= bytes_at_least);
  RC_ASSERT(trail.size_bound_bytes() <= bytes_at_most);

  const Term term = *rc::gen::inRange<Term>(0, trail.last_term() + 2);
  const auto limit = *rc::gen::inRange<Index>(0, last + 2);
  Index expected = plain.base;
  for (Index index = plain.base + 1; index <= std::min(limit, last); ++index) {
    if (plain.term_at(index) <= term) expected = index;
  }
  RC_ASSERT(trail.newest_at_most(limit, term) == (Position{plain.term_at(expected), expected}));
}

// Whatever way a log came about, equal logs are equal: a compacted one is the one that began there.
RC_GTEST_PROP(Trail, keeps_no_trace_of_what_it_has_forgotten, ()) {
  Trail trail;
  PlainTrail plain;
  const int entries = *rc::gen::inRange(0, 40);
  for (int i = 0; i < entries; ++i) append_to_both(trail, plain);
  begin_both_anew(trail, plain);
  Trail younger(Position{plain.term_at(plain.base), plain.base});
  for (std::size_t i = plain.base; i < plain.entries.size(); ++i) {
    younger.append(plain.entries[i].term, plain.entries[i].kind, plain.entries[i].bytes);
  }
  RC_ASSERT(trail == younger);
}

TEST(Trail, keeps_the_term_of_its_base_and_nothing_before_it) {
  Trail trail(Position{.term = 3, .index = 10});
  trail.append(4, EntryKind::kCommand, 5);
  EXPECT_EQ(trail.first_index(), 11U);
  EXPECT_EQ(trail.last_index(), 11U);
  EXPECT_EQ(trail.term_at(10), Term{3});
  EXPECT_EQ(trail.term_at(9), std::nullopt);
  EXPECT_EQ(trail.newest_at_most(11, 3), (Position{3, 10}));
  trail.truncate_from(11);
  EXPECT_EQ(trail.last(), (Position{3, 10}));
}

TEST(Trail, hashes_equal_logs_alike_and_others_apart) {
  const auto hash = [](const Trail& trail) {
    Hasher hasher;
    trail.add_to(hasher);
    return hasher.value();
  };
  Trail one;
  Trail other;
  one.append(1, EntryKind::kCommand, 9);
  other.append(1, EntryKind::kCommand, 9);
  EXPECT_EQ(hash(one), hash(other));
  other.append(1, EntryKind::kCommand, 9);
  EXPECT_NE(hash(one), hash(other));
  other.truncate_from(2);
  EXPECT_EQ(one, other);
  EXPECT_EQ(hash(one), hash(other));
}

}  // namespace
}  // namespace timestore::raft
