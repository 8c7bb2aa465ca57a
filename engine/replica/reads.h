// Those who wait to read: until the core has confirmed that this node leads, and until enough is applied.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/replica/shared_machine.h"

namespace timestore::replica {

// How a request to read ended. Once granted, any read of this node's state sees everything up to `index`, and for
// read() that is every write that was acknowledged before the request. Refused: this node is not the leader, or failed.
using ReadCallback = std::function<void(bool granted, raft::Index index)>;
using ReadTicket = std::uint64_t;

class Reads {
 public:
  explicit Reads(const SharedMachine& machine) : machine_(machine) {}

  ReadTicket ask(ReadCallback callback);                       // the core, with the ticket as the read's id
  ReadTicket await(raft::Index index, ReadCallback callback);  // granted as soon as `index` is applied here
  void give_up(ReadTicket ticket);                             // one that still waits is refused
  void give_up_all();

  void end(const std::vector<raft::ReadEnd>& ends);
  void applied();  // more than before
  void fail();     // nobody is left waiting
  bool is_awaited() const { return !asked_.empty() || !granted_.empty(); }

 private:
  struct Granted {
    ReadTicket ticket = 0;
    raft::Index index = 0;
    ReadCallback callback;
  };
  static void refuse(ReadCallback& callback);

  const SharedMachine& machine_;
  ReadTicket last_ticket_ = 0;
  std::map<ReadTicket, ReadCallback> asked_;
  std::vector<Granted> granted_;  // not applied far enough
};

}  // namespace timestore::replica
