// Somebody deletes: entries by their ids, and ranges of devices, of series of lines, and of all there is; in two
// databases, and now and then only what stood up to some place in the log.
#pragma once

#include <cstdint>
#include <functional>

#include "sim/clients/front.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

struct DeleteOptions {
  Time pause = 0;             // between two deletes, on average; 0: nobody deletes
  std::uint64_t devices = 8;  // of other clients
  Time span = 0;              // points are about so old at most; 0: of no time in particular
};

class Deleter {
 public:
  // Through the front, if there is one, any node takes them.
  Deleter(World& world, Front* front, const DeleteOptions& options, Choices& choices);

  void begin();
  void end() { is_active_ = false; }

 private:
  void plan_next();
  void act(Stream choices);
  DeleteOrder make_order(Stream& choices, std::uint64_t operation) const;
  void submit(std::size_t node, std::uint64_t operation, const DeleteOrder& order,
              const std::function<void(bool)>& end);

  World& world_;
  Front* front_;
  DeleteOptions options_;
  Stream choices_;
  std::uint64_t occasion_ = 0;
  bool is_active_ = false;
};

}  // namespace timestore::sim
