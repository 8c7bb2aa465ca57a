// Somebody who wants one write and one read of some nodes, which pass both on to their leader, and who tries again until
// both have succeeded.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "sim/world/world.h"

namespace timestore::sim {

class Probe {
 public:
  // Asks nobody else than these nodes. Must live as long as the world goes on.
  Probe(World& world, std::vector<bool> whom) : world_(world), whom_(std::move(whom)) {}

  void begin();
  void end() { is_over_ = true; }
  bool is_done() const { return has_written_ && has_read_; }

  // Of the highest term, that any of those who are asked follows and can speak with.
  std::optional<std::size_t> leader() const;
  std::optional<std::size_t> via(std::size_t leader) const;  // one of those who are asked that can speak with it

 private:
  void ask();
  void write(std::size_t node);
  void read(std::size_t leader);
  void read_at(OperationId operation, std::size_t node, raft::Index index);

  World& world_;
  std::vector<bool> whom_;
  bool is_over_ = false;
  std::optional<std::size_t> writes_at_;  // whom it waits for
  std::optional<std::size_t> reads_at_;
  bool has_written_ = false;
  bool has_read_ = false;
};

}  // namespace timestore::sim
