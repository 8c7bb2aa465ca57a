// Of a link between two nodes: one request at a time is on its way, an answer is taken for its own request, what leaves
// says what the core said last, and no entries are left out of which the core does not know.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "engine/client/link.h"
#include "sim/checkers/findings.h"

namespace timestore::sim {

class Links {
 public:
  Links(Findings& findings, std::size_t nodes);

  void started(std::size_t node);                                              // with new links
  void sends(std::size_t from, std::size_t to, const raft::Message& request);  // the core does
  void leaves(std::size_t from, std::size_t to, const raft::Message& request, client::ExchangeId exchange);
  void given_up(std::size_t from, std::size_t to, client::Purpose purpose);
  void answered(std::size_t from, std::size_t to, client::Purpose purpose, client::ExchangeId exchange);

 private:
  // An append without its entries, and where they begin and end.
  struct Said {
    raft::AppendRequest append;
    raft::Index begin = 0;
    raft::Index end = 0;
    bool has_entries() const { return end > begin; }
  };
  struct Pair {
    std::deque<Said> said;  // by the core, and neither gone nor told to be lost
    std::array<client::ExchangeId, client::kPurposes.size()> on_their_way = {};
  };
  bool leaves_nothing_out(const std::deque<Said>& said, raft::Index begin) const;
  Pair& pair(std::size_t from, std::size_t to) { return pairs_[from * nodes_ + to]; }

  Rules rules_;
  std::size_t nodes_;
  std::vector<Pair> pairs_;
};

}  // namespace timestore::sim
