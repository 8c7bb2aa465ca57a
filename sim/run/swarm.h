// What kind of world a seed makes: its size, its speeds, its load, and which faults are on and how hard.
//
// Every seed leaves some faults out and takes others far ("Swarm Testing", Groce et al., ISSTA 2012): a world in which
// everything happens a little never shows what one fault alone can do.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/run/run.h"
#include "sim/words/event_queue.h"
#include "sim/world/cluster.h"
#include "sim/world/network.h"

namespace timestore::sim {

struct LoadOptions {
  std::size_t clients = 4;
  Time pause = 100 * kMillisecond;  // between the operations of one client, on average
  std::size_t burst = 1;            // writes that a client sends at once, at most
  std::size_t batch = 4;            // time entries in one write, at most
  std::size_t devices = 8;
  std::size_t padding_bytes = 0;       // of an entry's attributes, at most
  std::uint32_t padded_percent = 100;  // of the entries: the others have none
  std::uint32_t read_percent = 30;
  std::uint32_t own_id_percent = 50;  // of entries whose id the client makes
  std::uint32_t repeat_percent = 10;  // of writes that reuse an id that was used before
  Time patience = 2 * kSecond;        // then the client gives up
};

struct DiskSpeed {
  Time work = 50;   // until a job's changes are made, at most
  Time sync = 500;  // until its end is known, at most
};

inline constexpr std::uint32_t kMaxStrength = 3;  // of a fault; the least is 1

struct Swarm {
  ClusterOptions cluster;
  Time tick = 10 * kMillisecond;
  Time gather = 0;  // inputs of this long form one turn
  NetworkOptions network;
  Time notices_loss = 0;  // a node learns so much later that a request did not arrive; 0: only where nobody listens
  DiskSpeed disk;
  LoadOptions load;
  Time fault_pause = kSecond;                                   // between faults, on average
  Time fault_length = kSecond;                                  // of a fault that lasts, at most
  std::map<std::string, std::uint32_t, std::less<>> strengths;  // of the faults that are on
  std::uint32_t strength(std::string_view fault) const;         // 0: off
};

[[nodiscard]] Swarm draw_swarm(const RunOptions& options, Choices& choices);

}  // namespace timestore::sim
