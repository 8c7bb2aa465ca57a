// What may be on its way to a follower: so many appends, so many bytes of entries, and always at least one append
// (thesis, 10.2.2).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <numeric>
#include <string>
#include <vector>

#include "engine/raft/invariants.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests

// Sizes of entries: each is its own size bound (trail.h), so that sums are exact.
constexpr std::size_t kSmall = 127;
constexpr std::size_t kLarge = 4095;

// "n1" leads three, its log holds a no-op, and both followers have acknowledged it: their windows are open and empty.
// An append carries at most two small entries.
State leader(std::uint64_t max_inflight_bytes, std::uint32_t max_inflight_appends = 100) {
  State state = follower({}, 0);
  state.options.max_append_bytes = 2 * kSmall;
  state.options.max_inflight_bytes = max_inflight_bytes;
  state.options.max_inflight_appends = max_inflight_appends;
  const Effects campaign = step_one(state, Campaign{});
  (void)step_one(state, WriteDone{campaign.write->id});
  (void)receive_vote(state, "n2");
  (void)step_one(state, WriteDone{state.last_write});
  for (const char* peer : {"n2", "n3"}) {
    (void)receive(state, peer, AppendResponse{.term = 1, .success = true, .match = 1, .hint = {}});
  }
  EXPECT_EQ(state.commit, 1U);
  return state;
}

// The number of entries of each append to `peer`.
std::vector<std::size_t> appends_to(const NodeId& peer, const Effects& effects) {
  std::vector<std::size_t> result;
  for (const Send& send : effects.sends) {
    const auto* append = std::get_if<AppendRequest>(&send.message);
    if (send.to == peer && append != nullptr && !append->entries.empty()) result.push_back(append->entries.size());
  }
  return result;
}

Effects propose(State& state, const std::vector<std::size_t>& sizes) {
  std::vector<Input> batch;
  for (const std::size_t size : sizes)
    batch.emplace_back(Propose{state.trail.last_index() + 1 + batch.size(), Payload(std::string(size, 'x'))});
  Effects effects = step(state, batch);
  EXPECT_EQ(violated(state), std::nullopt);
  return effects;
}

Effects acknowledge(State& state, const NodeId& peer, Index match) {
  Effects effects =
      receive(state, peer, AppendResponse{.term = state.term(), .success = true, .match = match, .hint = {}});
  EXPECT_EQ(violated(state), std::nullopt);
  return effects;
}

const Progress& progress_of(const State& state, const NodeId& peer) {
  return std::get<Leader>(state.role).peers.at(peer);
}

using Appends = std::vector<std::size_t>;

TEST(Window, is_bounded_in_bytes_and_opens_with_acknowledgements) {
  State state = leader(4 * kSmall);
  const Effects effects = propose(state, std::vector<std::size_t>(10, kSmall));
  EXPECT_EQ(appends_to("n2", effects), (Appends{2, 2}));
  EXPECT_EQ(progress_of(state, "n2").next, 6U);
  EXPECT_EQ(appends_to("n2", acknowledge(state, "n2", 2)), Appends{}) << "half of the first append";
  EXPECT_EQ(appends_to("n2", acknowledge(state, "n2", 3)), (Appends{2}));
  EXPECT_EQ(appends_to("n2", acknowledge(state, "n2", 7)), (Appends{2, 2}));
}

TEST(Window, is_bounded_in_appends_however_small_they_are) {
  State state = leader(4 << 20, 3);
  EXPECT_EQ(appends_to("n2", propose(state, std::vector<std::size_t>(10, kSmall))), (Appends{2, 2, 2}));
  EXPECT_EQ(appends_to("n2", acknowledge(state, "n2", 3)), (Appends{2}));
}

TEST(Window, lets_an_entry_larger_than_itself_pass_alone) {
  State state = leader(4 * kSmall);
  EXPECT_EQ(appends_to("n2", propose(state, {kSmall, kLarge, kLarge, kSmall})), (Appends{1}));
  EXPECT_EQ(appends_to("n2", acknowledge(state, "n2", 2)), (Appends{1}));
  EXPECT_EQ(appends_to("n2", propose(state, {kSmall})), Appends{}) << "the large entry fills the window";
  EXPECT_EQ(appends_to("n2", acknowledge(state, "n2", 3)), (Appends{1}));
  EXPECT_EQ(appends_to("n2", acknowledge(state, "n2", 4)), (Appends{2}));
}

TEST(Window, of_one_follower_says_nothing_of_another) {
  State state = leader(4 * kSmall);
  (void)propose(state, std::vector<std::size_t>(10, kSmall));
  (void)acknowledge(state, "n2", 5);
  (void)acknowledge(state, "n2", 9);
  EXPECT_EQ(progress_of(state, "n2").next, 12U);
  EXPECT_EQ(progress_of(state, "n3").next, 6U);
}

TEST(Window, of_a_silent_follower_never_grows_what_a_leader_holds_of_it) {
  State state = leader(4 * kSmall);
  (void)propose(state, std::vector<std::size_t>(4, kSmall));
  const Progress full = progress_of(state, "n3");
  for (int turn = 0; turn < 1000; ++turn) {
    const Effects effects = propose(state, std::vector<std::size_t>(4, kSmall));
    ASSERT_EQ(appends_to("n3", effects), Appends{});
    (void)step_one(state, WriteDone{state.last_write});
    (void)acknowledge(state, "n2", progress_of(state, "n2").next - 1);
    (void)acknowledge(state, "n2", progress_of(state, "n2").next - 1);
  }
  EXPECT_EQ(progress_of(state, "n3").inflight, full.inflight);
  EXPECT_EQ(progress_of(state, "n3").next, full.next);
  EXPECT_EQ(state.commit, state.trail.last_index()) << "the others went on";
}

TEST(Window, is_empty_when_a_follower_is_probed_anew) {
  State state = leader(4 * kSmall);
  (void)propose(state, std::vector<std::size_t>(10, kSmall));
  (void)step_one(state, PeerUnreachable{"n2"});
  EXPECT_TRUE(progress_of(state, "n2").inflight.empty());
  EXPECT_EQ(appends_to("n2", acknowledge(state, "n2", 1)), (Appends{2, 2}));
}

// The oracle keeps every append with its true size, and knows nothing of trails.
RC_GTEST_PROP(Window, is_never_overrun_and_never_left_open, ()) {
  struct Sent {
    Index last = 0;
    std::uint64_t bytes = 0;
  };
  const std::uint64_t limit = *rc::gen::element<std::uint64_t>(0U, kSmall, 5 * kSmall, 2 * kLarge);
  const std::uint32_t most = *rc::gen::inRange<std::uint32_t>(1, 6);
  State state = leader(limit, most);
  std::vector<std::size_t> sizes = {0};  // of the entry at each index, from 1 on
  std::deque<Sent> window;
  Index sent = 1;
  const auto bytes_of = [&](Index first, Index last) {
    return std::accumulate(sizes.begin() + static_cast<std::ptrdiff_t>(first) - 1,
                           sizes.begin() + static_cast<std::ptrdiff_t>(last), std::uint64_t{0});
  };
  const auto window_bytes = [&] {
    std::uint64_t bytes = 0;
    for (const Sent& append : window) bytes += append.bytes;
    return bytes;
  };
  const auto note = [&](const Effects& effects) {
    for (const std::size_t entries : appends_to("n2", effects)) {
      window.push_back({sent + entries, bytes_of(sent + 1, sent + entries)});
      sent += entries;
    }
    RC_ASSERT(window.size() <= most);
    RC_ASSERT((window.size() <= 1 || window_bytes() <= limit));
    if (sent == sizes.size() || window.size() == most) return;
    RC_ASSERT(!window.empty());
    const bool two_fit = sent + 2 <= sizes.size() && bytes_of(sent + 1, sent + 2) <= state.options.max_append_bytes;
    RC_ASSERT(window_bytes() + bytes_of(sent + 1, sent + (two_fit ? 2 : 1)) > limit);
  };
  const int turns = *rc::gen::inRange(0, 40);
  for (int turn = 0; turn < turns; ++turn) {
    if (*rc::gen::inRange(0, 3) == 0) {
      const auto batch = *rc::gen::container<std::vector<std::size_t>>(rc::gen::element(kSmall, kSmall, kLarge));
      sizes.insert(sizes.end(), batch.begin(), batch.end());
      note(propose(state, batch));
    } else {
      const Index match = *rc::gen::inRange<Index>(1, sent + 1);
      while (!window.empty() && window.front().last <= match) window.pop_front();
      note(acknowledge(state, "n2", match));
    }
  }
}

}  // namespace
}  // namespace timestore::raft
