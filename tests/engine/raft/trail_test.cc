#include "engine/raft/trail.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace timestore::raft {
namespace {

// The dumb second implementation: every term in a list.
struct PlainTrail {
  std::vector<Term> terms;
  std::vector<std::size_t> sizes;
};

RC_GTEST_PROP(Trail, agrees_with_a_plain_list_of_terms, ()) {
  Trail trail;
  PlainTrail plain;
  const int operations = *rc::gen::inRange(0, 80);
  for (int i = 0; i < operations; ++i) {
    if (*rc::gen::weightedElement<bool>({{4, true}, {1, false}})) {
      const Term term = trail.last_term() + *rc::gen::weightedElement<Term>({{5, 0}, {2, 1}, {1, 7}});
      const auto bytes = *rc::gen::inRange<std::size_t>(0, 100000);
      trail.append(term, bytes == 0 ? EntryKind::kNoop : EntryKind::kCommand, bytes);
      plain.terms.push_back(term);
      plain.sizes.push_back(bytes);
    } else {
      const auto from = *rc::gen::inRange<Index>(1, plain.terms.size() + 2);
      trail.truncate_from(from);
      plain.terms.resize(from - 1);
      plain.sizes.resize(from - 1);
    }
  }
  RC_ASSERT(trail.last_index() == plain.terms.size());
  RC_ASSERT(trail.term_at(0) == Term{0});
  RC_ASSERT(!trail.term_at(plain.terms.size() + 1));
  for (Index index = 1; index <= plain.terms.size(); ++index) {
    const std::size_t bytes = plain.sizes[index - 1];
    RC_ASSERT(trail.term_at(index) == plain.terms[index - 1]);
    RC_ASSERT(trail.size_bound_bytes(index) >= bytes);
    RC_ASSERT(trail.size_bound_bytes(index) <= 2 * bytes);
    RC_ASSERT((trail.kind_at(index) == EntryKind::kNoop) == (bytes == 0));
  }
  const Term term = *rc::gen::inRange<Term>(0, trail.last_term() + 2);
  const auto limit = *rc::gen::inRange<Index>(0, plain.terms.size() + 2);
  Index expected = 0;
  for (Index index = 1; index <= std::min<Index>(limit, plain.terms.size()); ++index) {
    if (plain.terms[index - 1] <= term) expected = index;
  }
  RC_ASSERT(trail.newest_at_most(limit, term) == (Position{expected == 0 ? 0 : plain.terms[expected - 1], expected}));
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
