// What becomes of writes of lines. They have no ids, so one that came again behind a later write would take that back:
// what may have been stored is never submitted again, and what is called undone never was.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "engine/client/write.h"
#include "engine/series/line_write.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/model.h"

namespace timestore::sim {

class LineWrites {
 public:
  LineWrites(Findings& findings, const Model& model) : rules_(findings, "lines"), model_(model) {}

  // Operations count from 1, apart from those of other clients.
  void begins(std::uint64_t operation, std::shared_ptr<const LineWrite> write) { writes_[operation].write = write; }

  // The network has repeated the request, for which nobody can be blamed.
  void doubled(std::uint64_t operation) { ++writes_[operation].doubles; }

  // The model has applied it.
  void committed(raft::Index index, const LineWrite& write);

  void ended(std::uint64_t operation, const client::WriteEnd& end);

 private:
  struct Write {
    std::shared_ptr<const LineWrite> write = nullptr;
    std::uint64_t doubles = 0;
    std::map<raft::Index, ApplyResult> commits;
    bool is_called_undone = false;
  };

  Rules rules_;
  const Model& model_;
  std::map<std::uint64_t, Write> writes_;
};

}  // namespace timestore::sim
