// Appends that travel as one.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "engine/wire/fields.h"
#include "tests/engine/wire/messages.h"

namespace timestore::raft {
namespace {

using testing::Maker;

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

AppendRequest append(Index prev, std::size_t entries) {
  AppendRequest request{.term = 2, .leader = "n1", .prev_index = prev, .prev_term = 1, .entries = {}};
  if (prev > 3) request.prev_term = 2;
  request.entries.assign(entries, {2, EntryKind::kCommand, Payload("four")});
  return request;
}

// A field that is added to appends is one that joining keeps, or this test says otherwise.
TEST(Join, all_that_the_second_says_holds_for_both_but_where_they_begin) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Maker maker(seed, {.is_full = true});
    AppendRequest first = maker.make<AppendRequest>();
    AppendRequest second = maker.make<AppendRequest>();
    first.term = kMaxTerm;
    first.prev_index = 5;
    second.term = first.term;
    second.leader = first.leader;
    second.from_snapshot = first.from_snapshot;
    second.prev_index = first.prev_index + first.entries.size();
    second.prev_term = first.entries.back().term;
    for (Entry& entry : second.entries) entry.term = first.term;

    AppendRequest joined = first;
    ASSERT_TRUE(join(joined, AppendRequest(second), kNoLimit));
    for_each_field<AppendRequest>([&](const auto& field) {
      const bool is_of_the_first = field.name == "prevLogIndex" || field.name == "prevLogTerm";
      if (field.name == "entries") return;
      EXPECT_TRUE(joined.*field.member == (is_of_the_first ? first : second).*field.member) << field.name;
    });
    std::vector<Entry> entries = first.entries;
    entries.insert(entries.end(), second.entries.begin(), second.entries.end());
    EXPECT_EQ(joined.entries, entries);
  }
}

TEST(Join, a_heartbeat_joins_what_it_follows_and_is_joined_by_what_follows_it) {
  AppendRequest last = append(4, 2);
  ASSERT_TRUE(join(last, append(6, 0), kNoLimit));
  EXPECT_EQ(last, append(4, 2));
  AppendRequest heartbeat = append(4, 0);
  ASSERT_TRUE(join(heartbeat, append(4, 2), 0)) << "one that carries nothing makes room for any";
  EXPECT_EQ(heartbeat, append(4, 2));
}

TEST(Join, what_does_not_continue_the_first_is_not_joined) {
  const AppendRequest first = append(4, 2);
  const auto refuses = [&](auto change) {
    AppendRequest second = append(6, 1);
    change(second);
    AppendRequest kept = first;
    const bool joined = join(kept, AppendRequest(second), kNoLimit);
    EXPECT_EQ(kept == first, !joined);
    return !joined;
  };
  EXPECT_FALSE(refuses([](AppendRequest&) {}));
  EXPECT_TRUE(refuses([](AppendRequest& second) { ++second.prev_index; })) << "a gap";
  EXPECT_TRUE(refuses([](AppendRequest& second) { --second.prev_index; })) << "it repeats an entry";
  EXPECT_TRUE(refuses([](AppendRequest& second) { second.prev_term = 1; })) << "after another entry";
  EXPECT_TRUE(refuses([](AppendRequest& second) { ++second.term; })) << "of another term";
  EXPECT_TRUE(refuses([](AppendRequest& second) { second.leader = "n2"; })) << "of another leader";
  EXPECT_TRUE(refuses([](AppendRequest& second) { second.from_snapshot = true; })) << "from where a log begins";
}

TEST(Join, what_is_too_much_together_stays_apart) {
  AppendRequest first = append(4, 2);
  EXPECT_FALSE(join(first, append(6, 1), 11)) << "of payload";
  EXPECT_EQ(first, append(4, 2));
  EXPECT_TRUE(join(first, append(6, 1), 12));

  AppendRequest many = append(4, kMaxEntriesPerMessage);
  EXPECT_FALSE(join(many, append(4 + kMaxEntriesPerMessage, 1), kNoLimit)) << "entries";
  EXPECT_TRUE(join(many, append(4 + kMaxEntriesPerMessage, 0), kNoLimit));
}

}  // namespace
}  // namespace timestore::raft
