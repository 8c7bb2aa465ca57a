// Random days of a link, against what a dumb model says must hold.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/client/link.h"
#include "tests/engine/client/appends.h"

namespace timestore::client::link_property_test {
namespace {

constexpr std::size_t kMaxWaiting = 4;
constexpr std::uint64_t kMaxBytes = 40;  // more than one append of this core

// A core that sends appends, begins again where it likes, and is told of losses, of some only after it has said more.
struct Day {
  Link link{{.max_waiting = kMaxWaiting, .max_waiting_bytes = kMaxBytes, .max_joined_bytes = 20, .answer_time = 100}};
  Time now = 1;
  raft::Term term = 1;
  raft::Index next = 1;                        // of the core: the index of its next entry
  raft::Round round = 0;                       // the newest that it said
  std::map<raft::Index, std::string> content;  // what it has said stands there, in this term
  bool begins_again = true;                    // with its next entries
  bool knows_round = true;                     // the link has taken the newest append
  raft::Index taken_end = 0;                   // where the entries end that the link took last
  bool has_news = false;                       // the core has not heard of a loss yet
  std::optional<Link::Outgoing> on_its_way;
  raft::Index expected = 1;  // of the link: it goes on there,
  bool may_jump = true;      // unless the core has begun again

  void send(const std::vector<std::string>& commands) {
    auto request = append(next - 1, commands, term);
    const bool continues_lost = has_news && !commands.empty();
    const bool would_leave_gap = continues_lost && link.waiting_bytes() > 0 && next > taken_end;
    request.round = ++round;
    for (const std::string& command : commands) content[next++] = command;
    if (continues_lost || (!commands.empty() && std::exchange(begins_again, false))) may_jump = true;
    knows_round = link.send(std::move(request));
    RC_ASSERT((!would_leave_gap || !knows_round));
    if (!knows_round) has_news = true;
    if (knows_round && !commands.empty()) taken_end = next;
    RC_ASSERT(link.waiting() <= kMaxWaiting);
    RC_ASSERT(link.waiting_bytes() <= kMaxBytes);
  }

  void take() {
    auto outgoing = link.next(now);
    if (!outgoing) return;
    RC_ASSERT(!on_its_way);
    const auto& request = std::get<raft::AppendRequest>(outgoing->request);
    RC_ASSERT(request.term == term);
    raft::Index index = request.prev_index;
    for (const raft::Entry& entry : request.entries) RC_ASSERT(entry.payload.view() == content.at(++index));
    if (!request.entries.empty()) {
      RC_ASSERT((may_jump || request.prev_index + 1 == expected));
      may_jump = false;
      expected = index + 1;
    }
    if (link.waiting() == 0 && knows_round) RC_ASSERT(request.round == round);
    on_its_way = std::move(outgoing);
  }

  void answer() {
    if (on_its_way) RC_ASSERT(link.answered(on_its_way->exchange));
    on_its_way.reset();
  }

  void fail(bool silently) {
    if (!on_its_way) return;
    if (silently) now += 10 * kSecond;
    const bool has_ended = silently ? link.tick(now) : link.failed(on_its_way->exchange, now);
    RC_ASSERT(has_ended);
    RC_ASSERT(!link.answered(on_its_way->exchange));
    on_its_way.reset();
    hear_news();
  }

  void hear_news() {
    has_news = false;
    begins_again = true;
  }

  void enter_next_term() {
    ++term;
    content.clear();
    next = 1 + next / 2;
    round = 0;
    hear_news();
    answer();
    send({});
  }
};

RC_GTEST_PROP(Link, keeps_order_leaves_no_gap_and_stays_within_bounds, ()) {
  Day day;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 16));
  for (const int step : steps) {
    day.now += static_cast<Time>(*rc::gen::inRange(0, 30'000));
    if (step == 0) {
      day.next = static_cast<raft::Index>(*rc::gen::inRange(1, static_cast<int>(day.next) + 1));
      day.hear_news();
    } else if (step == 1) {
      day.enter_next_term();
    } else if (step == 2) {
      day.send({});
    } else if (step == 3) {
      day.fail(*rc::gen::arbitrary<bool>());
    } else if (step < 7) {
      day.answer();
    } else if (step < 11) {
      day.take();
    } else {
      std::vector<std::string> commands;
      const int count = *rc::gen::inRange(1, 4);
      const int size = *rc::gen::inRange(1, 8);
      for (int i = 0; i < count; ++i) {
        commands.emplace_back(static_cast<std::size_t>(size), static_cast<char>('a' + day.next % 26 + day.term % 3));
      }
      day.send(commands);
    }
  }
}

}  // namespace
}  // namespace timestore::client::link_property_test
