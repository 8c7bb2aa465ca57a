// What a replica is told when it comes to life.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/raft/configuration.h"
#include "engine/raft/state.h"

namespace timestore::replica {

struct Options {
  raft::NodeId node;
  raft::Configuration configuration;  // for a first start; afterwards the stored one counts
  std::string log_path;               // of the log file, for messages
  raft::Options raft;
  std::uint64_t seed = 0;  // for election time-outs and ids
  std::uint64_t cache_bytes = std::uint64_t{8} << 20;
  std::uint64_t max_apply_bytes = std::uint64_t{1} << 20;  // of commands, that are applied at once
  std::size_t max_apply_entries = 4096;
  std::size_t max_waiting_bytes = std::size_t{64} << 20;  // of commands submitted and not answered; more are refused

  // Of the entries that were applied so many are kept in the log, in number and in bytes, for followers that are slow;
  // whoever lags further needs a snapshot.
  std::uint64_t kept_entries = 100'000;
  std::uint64_t kept_bytes = std::uint64_t{64} << 20;
  std::uint64_t snapshot_chunk_bytes = std::uint64_t{256} << 10;
  std::uint64_t snapshot_bytes_per_tick = std::uint64_t{1} << 20;  // read for others, all together
};

}  // namespace timestore::replica
