#include "sim/world/network.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace timestore::sim {
namespace {

constexpr std::size_t kMessages = 300;

NetworkOptions bad_weather() {
  NetworkOptions options;
  options.loss = options.duplication = options.reordering = options.straggling = 150'000;
  return options;
}

// How each of so many messages on one link arrives: one after the other, with so much time between them that none waits
// for another.
std::vector<std::string> arrivals(Choices& choices) {
  Network network(bad_weather(), 2, choices);
  std::vector<std::string> seen;
  for (std::size_t message = 0; message < kMessages; ++message) {
    const auto arrival = network.send(message * kSecond * 20, 0, 1, 100, Parcel::kMessage);
    std::string text = arrival ? std::to_string(arrival->delay) : "lost";
    if (arrival && arrival->second_delay) text += " and " + std::to_string(*arrival->second_delay);
    seen.push_back(text);
  }
  return seen;
}

TEST(Network, what_is_taken_out_of_the_fate_of_one_message_changes_nothing_for_the_others) {
  Choices original(11);
  original.record();
  const auto seen = arrivals(original);
  const std::vector<Choice> list = original.recorded();
  ASSERT_GT(list.size(), kMessages);
  std::size_t changed = 0;
  for (std::size_t left_out = 0; left_out < list.size(); ++left_out) {
    std::vector<Choice> shorter = list;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(left_out));
    Choices repeated(shorter);
    auto expected = arrivals(repeated);
    const std::size_t message = list[left_out].occasion - 1;
    if (expected[message] != seen[message]) ++changed;
    expected[message] = seen[message];
    ASSERT_EQ(expected, seen) << "without choice " << left_out << ", of message " << message;
  }
  EXPECT_GT(changed, kMessages);
}

TEST(Network, a_part_of_a_snapshot_on_a_slow_link_holds_up_no_message) {
  Choices choices(1);
  Network network({.jitter = 0}, 2, choices);
  network.throttle(1000);
  const Time alone = network.send(0, 1, 0, 100, Parcel::kMessage)->delay;
  EXPECT_GT(network.send(0, 0, 1, 1'000'000, Parcel::kSnapshot)->delay, 1000 * kSecond);
  EXPECT_EQ(network.send(0, 0, 1, 100, Parcel::kMessage)->delay, alone);
}

TEST(Network, on_healed_links_nothing_waits_for_what_was_sent_while_they_were_slow) {
  for (const Parcel parcel : {Parcel::kMessage, Parcel::kSnapshot}) {
    Choices choices(1);
    Network network({.jitter = 0}, 2, choices);
    const Time healthy = network.send(0, 1, 0, 100, parcel)->delay;
    network.throttle(1000);
    EXPECT_GT(network.send(0, 0, 1, 1'000'000, parcel)->delay, 1000 * kSecond);
    network.heal();
    EXPECT_EQ(network.send(0, 0, 1, 100, parcel)->delay, healthy);
  }
}

}  // namespace
}  // namespace timestore::sim
