// The time that messages take, and which of them are lost or doubled.
//
// A link is one direction between two nodes. It keeps the order of its messages, as a connection does, except where
// reordering strikes. The network knows no nodes: it is told the links that are cut, and answers when a message
// arrives.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/words/choices.h"
#include "sim/words/event_queue.h"

namespace timestore::sim {

struct NetworkOptions {
  Time delay = 200;   // of every message, at least
  Time jitter = 300;  // more than that, at most
  std::uint64_t bytes_per_second = 100'000'000;
  // In a million messages.
  std::uint32_t loss = 0;
  std::uint32_t duplication = 0;
  std::uint32_t reordering = 0;
  Time reordering_delay = 20 * kMillisecond;  // at most
  std::uint32_t cut_short = 0;                // requests over links (cluster.h) of which only a part arrives
  std::uint32_t straggling = 0;               // messages that come very late, when everybody has forgotten them
  Time straggling_delay = 5 * kSecond;        // at most
};

struct Arrival {
  Time delay = 0;
  std::optional<Time> second_delay = std::nullopt;  // it arrives twice
};

// Parts of snapshots travel on a connection of their own: they delay nothing else. Orders to take over are so rare that
// they are delayed by themselves, or nobody would ever see one come too late.
// What nodes hand on for clients has choices of its own, so that it changes nothing for the others.
enum class Parcel : std::uint8_t { kMessage, kOrder, kSnapshot, kForClient };

class Network {
 public:
  Network(const NetworkOptions& options, std::size_t nodes, Choices& choices);

  // When a message of this size arrives; nullopt: it is lost.
  std::optional<Arrival> send(Time now, std::size_t from, std::size_t to, std::size_t size_bytes, Parcel parcel);

  void clog(std::size_t from, std::size_t to, Time delay) { links_[from * nodes_ + to].clogged = delay; }
  void delay_orders(std::size_t from, std::size_t to, Time delay) { links_[from * nodes_ + to].orders_delayed = delay; }
  void throttle(std::uint64_t bytes_per_second) { options_.bytes_per_second = bytes_per_second; }
  void heal();  // no losses, doubles, clogs or queues from now on
  bool is_healed() const { return is_healed_; }
  void calm(Time delay);  // healed, and no message takes longer than this, unless its link is clogged

 private:
  struct Connection {
    Time last_arrival = 0;  // of a message that keeps the order
    Time busy_until = 0;    // with putting messages on the wire
  };
  struct Link {
    Stream choices;  // an occasion for each message
    Stream for_clients;
    std::uint64_t messages = 0;
    std::uint64_t messages_for_clients = 0;
    std::array<Connection, 3> connections = {};
    Time clogged = 0;         // more delay
    Time orders_delayed = 0;  // by so much
  };

  NetworkOptions options_;
  NetworkOptions healthy_;
  bool is_healed_ = false;
  std::size_t nodes_;
  std::vector<Link> links_;
};

}  // namespace timestore::sim
