#include "sim/world/network.h"

#include <algorithm>

#include "engine/base/mark.h"

namespace timestore::sim {

namespace {
constexpr std::uint64_t kMillion = 1'000'000;
}

Network::Network(const NetworkOptions& options, std::size_t nodes, Choices& choices)
    : options_(options), healthy_(options), nodes_(nodes) {
  healthy_.loss = healthy_.duplication = healthy_.reordering = healthy_.straggling = 0;
  for (std::size_t link = 0; link < nodes * nodes; ++link)
    links_.push_back(
        {.choices = choices.stream("network", link), .for_clients = choices.stream("network.client", link)});
}

std::optional<Arrival> Network::send(Time now, std::size_t from, std::size_t to, std::size_t size_bytes,
                                     Parcel parcel) {
  Link& link = links_[from * nodes_ + to];
  const bool is_for_client = parcel == Parcel::kForClient;
  Connection& connection = link.connections[is_for_client ? 2 : parcel == Parcel::kSnapshot ? 1 : 0];
  Stream choices = is_for_client ? link.for_clients.on(++link.messages_for_clients) : link.choices.on(++link.messages);
  const Time jitter = choices.below(options_.jitter + 1);
  const std::uint64_t fate = choices.below(kMillion);  // the calm end of the scale is zero
  connection.busy_until = std::max(connection.busy_until, now) + size_bytes * kMillion / options_.bytes_per_second;
  Time arrival = connection.busy_until + options_.delay + jitter + link.clogged;

  std::uint64_t threshold = kMillion - options_.loss;
  if (fate >= threshold) {
    TIMESTORE_MARK("network: a message was lost");
    return std::nullopt;
  }
  if (fate >= (threshold -= options_.straggling)) {
    TIMESTORE_MARK("network: a message came very late");
    return Arrival{arrival - now + choices.below(options_.straggling_delay)};
  }
  if (fate >= (threshold -= options_.reordering)) {
    TIMESTORE_MARK("network: a message was overtaken");
    return Arrival{arrival - now + choices.below(options_.reordering_delay)};
  }
  if (parcel == Parcel::kOrder && link.orders_delayed > 0) {
    TIMESTORE_MARK("network: an order to take over came late");
    return Arrival{arrival - now + link.orders_delayed};
  }
  arrival = std::max(arrival, connection.last_arrival);
  connection.last_arrival = arrival;
  if (fate >= (threshold -= options_.duplication)) {
    TIMESTORE_MARK("network: a message came twice");
    return Arrival{arrival - now, arrival - now + choices.below(options_.reordering_delay)};
  }
  return Arrival{arrival - now};
}

void Network::heal() {
  options_ = healthy_;
  is_healed_ = true;
  for (Link& link : links_) {
    link.clogged = link.orders_delayed = 0;
    link.connections = {};
  }
}

void Network::calm(Time delay) {
  heal();
  options_.delay = std::min(options_.delay, delay / 2);
  options_.jitter = std::min(options_.jitter, delay / 2);
}

}  // namespace timestore::sim
