// The appends to one follower that wait until their entries are read from the log file.
//
// They leave in their order and without a gap: an append that comes before what it continues is refused, the core then
// probes, and the probes would chase the appends that still wait for ever. So what passes the queue is made to speak of
// the place where the queue begins, and what does not continue it replaces it: then the core has begun anew.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <variant>
#include <vector>

#include "engine/raft/effects.h"

namespace timestore::replica {

// Require that an append is sent.
inline raft::AppendRequest& append_in(raft::Send& send) { return std::get<raft::AppendRequest>(send.message); }
inline const raft::AppendRequest& append_in(const raft::Send& send) {
  return std::get<raft::AppendRequest>(send.message);
}

class AppendQueue {
 public:
  // Entries of the log of a leader of `term`, which only grows (paper, figure 3).
  struct Range {
    raft::Term term = 0;
    raft::Index first = 0;
    std::size_t count = 0;
  };

  bool is_empty() const { return appends_.empty(); }
  raft::Term term() const;  // of the appends. Requires that there are any.

  // An append with entries.
  void push(raft::Send append);

  // An append without entries does not wait: it leaves as it is now.
  void let_pass(raft::AppendRequest& heartbeat);

  // What to read. Requires that something waits.
  Range wanted() const;

  // The appends that leave now, with their payloads: the first ones, as far as all their entries are found.
  using Find = std::function<const raft::Entry*(raft::Index)>;  // null: it is not at hand
  std::vector<raft::Send> fill(const Find& find);

  // Gives one append its payloads; false, and it may have some of them, if not all are found.
  static bool fill(raft::AppendRequest& request, const Find& find);

 private:
  bool continues(const raft::AppendRequest& request) const;

  std::deque<raft::Send> appends_;
};

}  // namespace timestore::replica
