#include "engine/replica/entry_cache.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace timestore::replica::entry_cache_test {
namespace {

raft::Entry entry(raft::Term term, std::string text) {
  return {term, raft::EntryKind::kCommand, raft::Payload(std::move(text))};
}

TEST(EntryCache, keeps_what_is_not_durable_however_full_it_is) {
  EntryCache cache(1);
  const std::vector<raft::Entry> entries = {entry(1, "a"), entry(1, "b"), entry(1, "c")};
  cache.replace_from(1, entries);
  cache.shrink(2);
  EXPECT_EQ(cache.find(1), nullptr);
  EXPECT_EQ(cache.find(2), nullptr);
  ASSERT_NE(cache.find(3), nullptr);
  EXPECT_EQ(cache.find(3)->payload.view(), "c");
}

// The dumb second implementation is a map that never forgets: whatever the cache still holds must agree with it.
RC_GTEST_PROP(EntryCache, holds_nothing_but_the_newest_version_of_each_entry, ()) {
  EntryCache cache(2000);
  std::map<raft::Index, raft::Entry> model;
  raft::Term term = 1;
  for (int step = *rc::gen::inRange(1, 40); step > 0; --step) {
    const raft::Index end = model.empty() ? 0 : model.rbegin()->first;
    const auto first = *rc::gen::inRange<raft::Index>(std::max<raft::Index>(end, 3) - 2, end + 2);
    ++term;
    std::vector<raft::Entry> entries;
    for (int count = *rc::gen::inRange(1, 6); count > 0; --count) {
      entries.push_back(entry(term, std::string(*rc::gen::inRange<std::size_t>(1, 300), 'x')));
    }
    model.erase(model.lower_bound(first), model.end());
    for (std::size_t i = 0; i < entries.size(); ++i) model[first + i] = entries[i];
    cache.replace_from(first, entries);
    const auto durable = *rc::gen::inRange<raft::Index>(0, model.rbegin()->first + 1);
    cache.shrink(durable);
    for (const auto& [index, expected] : model) {
      const raft::Entry* found = cache.find(index);
      if (found != nullptr) RC_ASSERT(*found == expected);
      if (index > durable && index >= first) RC_ASSERT(found != nullptr);
    }
    RC_ASSERT(cache.find(model.rbegin()->first + 1) == nullptr);
  }
}

}  // namespace
}  // namespace timestore::replica::entry_cache_test
