// The operator who decides who belongs to the cluster: somebody while there are faults, everybody when it is healed.
//
// A change is fair when the cluster can have its quorums afterwards, whatever else the nemesis may do. So whoever goes,
// or may yet go because of what was asked for, counts with the nodes that are lost (world.h), until the cluster has
// committed that it votes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/raft/change.h"
#include "sim/clients/front.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

// What an operator might ask for. What it becomes depends on who is in and who is out at that moment.
struct Wish {
  std::size_t node = 0;
  std::size_t other = 0;
  std::uint64_t way = 0;      // how it comes in
  bool is_of_leader = false;  // it concerns the leader, instead of the node
  bool is_forced = false;
  bool is_misdirected = false;  // it is asked of the other node, which may not lead; with a front it always is
};
[[nodiscard]] Wish draw_wish(Stream& choices, std::size_t nodes);

class Operator {
 public:
  explicit Operator(World& world) : world_(world), requests_(world.size()) {}

  void ask_through(Front& front) { front_ = &front; }  // nodes find the leader for their operators

  void ask(const Wish& wish);
  void observe();                                          // who votes by now, as the cluster has committed
  void remove(std::size_t at, std::size_t node);           // asks the first of them, which is up
  void move(std::size_t node, const std::string& url);     // the node tells the leader that it is there now
  void hand_over(std::size_t at, const raft::NodeId& to);  // likewise; empty: to anybody

  // Asks from now on that every node that is not gone becomes a voter.
  void gather();
  bool has_gathered() const;

 private:
  // That a node may go.
  struct Request {
    raft::Term term = 0;                                                 // of the leader that was asked last
    std::uint64_t pending = 0;                                           // without an end
    std::shared_ptr<const bool> token = std::make_shared<const bool>();  // held by each that is on its way to a leader
  };

  raft::Change to_let_in(const Wish& wish, std::size_t node) const;
  raft::Change to_let_go(const Wish& wish, std::size_t node) const;
  bool may_go(std::size_t node) const;
  bool is_on_the_way(std::size_t node) const { return requests_[node].token.use_count() > 1; }
  std::optional<std::size_t> who_goes(const raft::Change& change) const;
  void submit(std::size_t at, const raft::Change& change);
  void change(std::size_t at, const raft::Change& change, const std::function<void(bool is_done)>& end);
  const raft::Configuration* committed() const;  // none: the leader does not know, or it is joint

  World& world_;
  Front* front_ = nullptr;
  std::vector<Request> requests_;
};

}  // namespace timestore::sim
