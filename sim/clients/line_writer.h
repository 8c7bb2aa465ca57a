// Somebody writes lines, as agents do that collect measurements: batches of them, with fields of all types, to devices
// and to other series, in two databases, and now and then with a type that a field does not have.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/clients/front.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

struct LineOptions {
  Time pause = 0;              // between two writes, on average; 0: nobody writes lines
  std::uint64_t lines = 1;     // of one write, at most
  std::uint64_t devices = 8;   // of other clients, which lines write to as well
  Time span = 0;               // points are about so old at most; 0: of no time in particular
  Time patience = 2 * kSecond;
};

class LineWriter {
 public:
  // Through the front, if there is one, any node takes them.
  LineWriter(World& world, Front* front, const LineOptions& options, Choices& choices);

  void begin();
  void end() { is_active_ = false; }
  bool is_done() const { return waiting_ == 0; }

 private:
  void plan_next();
  void act(Stream choices);
  LineWrite make_write(Stream& choices, std::uint64_t operation) const;
  std::int64_t make_time(Stream& choices) const;
  void ended(std::uint64_t operation, const client::WriteEnd& end);

  World& world_;
  Front* front_;
  LineOptions options_;
  Stream choices_;
  std::uint64_t occasion_ = 0;
  std::uint64_t waiting_ = 0;
  bool is_active_ = false;
};

}  // namespace timestore::sim
