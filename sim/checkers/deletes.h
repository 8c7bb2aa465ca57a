// What becomes of deletes. They have no ids: one that is carried out again behind a later write takes that too, so none
// may be done oftener than it was submitted, and what is called undone never was. (What they leave is judged by the
// model.)
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "engine/client/write.h"
#include "engine/series/delete_order.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/model.h"

namespace timestore::sim {

// An order of the simulator names an operation: by a series or an id that nobody has.
void sign(DeleteOrder& order, std::uint64_t operation);
[[nodiscard]] std::uint64_t operation_of(const DeleteOrder& order);  // 0: none

class Deletes {
 public:
  Deletes(Findings& findings, const Model& model) : rules_(findings, "deletes"), model_(model) {}

  // Operations count from 1, apart from those of other clients.
  void begins(std::uint64_t operation, const DeleteOrder& order) { deletes_[operation].order = order; }
  void submitted(std::uint64_t operation) { ++deletes_[operation].possible; }

  // The model has applied it.
  void committed(raft::Index index, const DeleteOrder& order);

  // The log index up to which whoever reads from now on must see; 0: nothing is known.
  raft::Index ended(std::uint64_t operation, const client::WriteEnd& end);

 private:
  struct Delete {
    DeleteOrder order;
    std::uint64_t possible = 0;  // commits
    std::map<raft::Index, ApplyResult> commits;
  };

  bool is_possible(const Delete& each, std::uint64_t operation);

  Rules rules_;
  const Model& model_;
  std::map<std::uint64_t, Delete> deletes_;
};

}  // namespace timestore::sim
