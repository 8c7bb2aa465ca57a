#include "sim/checkers/line_writes.h"

#include <algorithm>

#include "engine/base/mark.h"

namespace timestore::sim {

void LineWrites::committed(raft::Index index, const LineWrite& committed) {
  const std::uint64_t operation = Model::operation_of(committed);
  const auto describe = [&] { return facts("op", operation, "index", index); };
  const auto found = writes_.find(operation);
  if (!rules_.require(found != writes_.end() && *found->second.write == committed,
                      "what is stored of lines is what somebody has written", describe)) {
    return;
  }
  Write& write = found->second;
  write.commits.emplace(index, model_.result(index));
  if (!rules_.require(write.commits.size() <= 1 + write.doubles, "a write of lines is not stored again", describe)) return;
  rules_.require(!write.is_called_undone || write.commits.size() <= write.doubles,
                 "a write of lines that is called undone was not done", describe);
}

void LineWrites::ended(std::uint64_t operation, const client::WriteEnd& end) {
  using Kind = client::WriteEnd::Kind;
  Write& write = writes_.at(operation);
  const auto describe = [&] { return facts("op", operation, "applied", end.applied); };
  switch (end.kind) {
    case Kind::kApplied: {
      TIMESTORE_MARK("lines: a write of lines was answered");
      const bool is_so = std::any_of(write.commits.begin(), write.commits.end(), [&](const auto& commit) {
        return commit.first <= end.applied && commit.second == end.result;
      });
      rules_.require(is_so, "what is said of a write of lines is what the log says", describe);
      if (!end.result.conflicts.empty()) TIMESTORE_MARK("lines: somebody was told of lines that were refused");
      return;
    }
    case Kind::kUnknown:
      TIMESTORE_MARK("lines: the outcome of a write of lines is unknown");
      return;
    case Kind::kNotLeader:
    case Kind::kBusy:
    case Kind::kDiskFull:
    case Kind::kTooEarly:
      write.is_called_undone = true;
      rules_.require(write.commits.size() <= write.doubles, "a write of lines that is called undone was not done",
                     describe);
      return;
  }
}

}  // namespace timestore::sim
