#include "engine/replica/append_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace timestore::replica::append_queue_test {
namespace {

constexpr raft::Term kTerm = 3;

raft::Send append(raft::Index prev, std::size_t count, raft::Term term = kTerm) {
  raft::AppendRequest request;
  request.term = request.prev_term = term;
  request.prev_index = prev;
  request.entries.resize(count, {term, raft::EntryKind::kCommand, raft::Payload{}});
  return {"follower", std::move(request)};
}

raft::AppendRequest& append_in(raft::Send& send) { return std::get<raft::AppendRequest>(send.message); }

// A log whose entries say their index, read from `first` on, `count` of them.
class Stored {
 public:
  Stored(raft::Index first, std::size_t count) : first_(first) {
    for (std::size_t i = 0; i < count; ++i) {
      entries_.push_back({kTerm, raft::EntryKind::kCommand, raft::Payload(std::to_string(first + i))});
    }
  }
  const raft::Entry* operator()(raft::Index index) const {
    return index < first_ || index - first_ >= entries_.size() ? nullptr : &entries_[index - first_];
  }

 private:
  raft::Index first_;
  std::vector<raft::Entry> entries_;
};

TEST(AppendQueue, one_read_serves_the_appends_that_it_covers_whole) {
  AppendQueue queue;
  queue.push(append(4, 2));
  queue.push(append(6, 2));
  queue.push(append(8, 2));
  const AppendQueue::Range range = queue.wanted();
  EXPECT_EQ(range.first, 5U);
  EXPECT_EQ(range.count, 6U);
  EXPECT_EQ(queue.fill(Stored(range.first, 5)).size(), 2U);
  EXPECT_EQ(queue.wanted().first, 9U);
}

TEST(AppendQueue, a_heartbeat_that_passes_speaks_of_the_place_where_the_queue_begins) {
  AppendQueue queue;
  queue.push(append(4, 2));
  queue.push(append(6, 2));
  raft::Send heartbeat = append(8, 0);
  queue.let_pass(append_in(heartbeat));
  EXPECT_EQ(append_in(heartbeat).prev_index, 4U);
  EXPECT_EQ(queue.wanted().count, 4U);
}

TEST(AppendQueue, whoever_begins_anew_waits_for_nothing_older) {
  AppendQueue queue;
  queue.push(append(4, 2));
  raft::Send probe = append(2, 0);
  queue.let_pass(append_in(probe));
  EXPECT_EQ(append_in(probe).prev_index, 2U);
  EXPECT_TRUE(queue.is_empty());
}

TEST(AppendQueue, what_does_not_continue_the_queue_replaces_it) {
  AppendQueue queue;
  queue.push(append(4, 2));
  queue.push(append(6, 2));
  queue.push(append(5, 1));
  EXPECT_EQ(queue.wanted().first, 6U);
  EXPECT_EQ(queue.wanted().count, 1U);
  queue.push(append(6, 1, kTerm + 1));
  EXPECT_EQ(queue.wanted().first, 7U);
  EXPECT_EQ(queue.term(), kTerm + 1);
}

// The second implementation is a follower that knows its last entry only: of all that reaches it in the order in which
// it left, it has to refuse nothing, wherever the core begins anew, and however short the reads are.
RC_GTEST_PROP(AppendQueue, no_append_comes_before_what_it_continues, ()) {
  AppendQueue queue;
  raft::Index has = 0;
  raft::Index next = 1;
  AppendQueue::Range reading;  // of no entries: none is under way
  const auto arrives = [&](raft::Send send) {
    const raft::AppendRequest& request = append_in(send);
    RC_ASSERT(request.prev_index <= has);
    for (std::size_t i = 0; i < request.entries.size(); ++i) {
      RC_ASSERT(request.entries[i].payload.view() == std::to_string(request.prev_index + 1 + i));
    }
    has = std::max<raft::Index>(has, request.prev_index + request.entries.size());
  };
  for (int step = *rc::gen::inRange(1, 80); step > 0; --step) {
    switch (*rc::gen::inRange(0, 4)) {
      case 0: {  // more entries
        const auto count = *rc::gen::inRange<std::size_t>(1, 4);
        queue.push(append(next - 1, count));
        next += count;
        break;
      }
      case 1: {
        raft::Send heartbeat = append(next - 1, 0);
        queue.let_pass(append_in(heartbeat));
        arrives(std::move(heartbeat));
        break;
      }
      case 2: {  // the core begins anew, with a probe
        next = *rc::gen::inRange<raft::Index>(1, has + 2);
        raft::Send probe = append(next - 1, 0);
        queue.let_pass(append_in(probe));
        arrives(std::move(probe));
        break;
      }
      case 3: {  // a read ends
        const auto count = std::min(reading.count, *rc::gen::inRange<std::size_t>(1, 8));
        for (raft::Send& send : queue.fill(Stored(reading.first, count))) arrives(std::move(send));
        reading = {};
        break;
      }
    }
    if (reading.count == 0 && !queue.is_empty()) reading = queue.wanted();
  }
}

}  // namespace
}  // namespace timestore::replica::append_queue_test
