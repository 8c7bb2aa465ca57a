// Points expire: somebody sets another age now and then, and each node that leads moves the edge on by its own clock,
// as `net` does. Those clocks are wrong, each by an amount of its own. When the world is healed, the edge must still
// follow.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/client/edge_keeper.h"
#include "sim/clients/front.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

struct JanitorOptions {
  Time pause = 0;  // between two ages, at most; 0: points are kept for ever
  Time span = 0;   // an ordinary age
};

class Janitor {
 public:
  // Through the front, if there is one, any node takes an order.
  Janitor(World& world, Front* front, const JanitorOptions& options, Choices& choices);

  void begin();
  void rest() { is_resting_ = true; }  // no other age is set from now on
  void end();                          // what has aged by now must expire; then nothing moves any more
  bool is_done() const { return options_.pause == 0 || is_done_; }

 private:
  struct Node {
    client::EdgeKeeper keeper;
    std::int64_t skew_ns = 0;
    std::uint64_t life = 0;  // that the keeper serves
  };

  void plan_look(std::size_t node);
  void look(std::size_t node);
  void plan_order();
  void order(Stream choices);
  void submit(std::size_t node, std::int64_t max_age_ns, const std::function<void(bool)>& end);
  std::int64_t clock(std::size_t node) const;
  bool has_followed(std::size_t node) const;

  World& world_;
  Front* front_;
  JanitorOptions options_;
  Stream choices_;
  std::vector<Node> nodes_;
  std::uint64_t occasion_ = 0;
  bool is_resting_ = false;
  bool is_done_ = false;
  std::int64_t must_reach_ns_ = 0;  // by the clock on the wall; 0: it is not over
};

}  // namespace timestore::sim
