#include "engine/replica/changes.h"

#include <utility>

namespace timestore::replica {

bool Changes::end(const raft::Fate& fate) {
  auto found = waiting_.extract(fate.id);
  if (found.empty()) return false;
  ChangeEnd end{.kind = ChangeEnd::Kind::kUnknown, .refusal = fate.refusal, .index = 0};
  switch (fate.kind) {
    case raft::Fate::Kind::kCommitted:
      end.kind = ChangeEnd::Kind::kDone;
      end.index = fate.position.index;
      break;
    case raft::Fate::Kind::kRefused:
      end.kind = fate.refusal == raft::Refusal::kNotLeader ? ChangeEnd::Kind::kNotLeader : ChangeEnd::Kind::kRefused;
      break;
    case raft::Fate::Kind::kSuperseded:
      end.kind = ChangeEnd::Kind::kNotLeader;
      break;
    case raft::Fate::Kind::kUnknown:
      break;
  }
  if (found.mapped()) found.mapped()(end);
  return true;
}

void Changes::give_up_all() {
  for (auto& [id, callback] : waiting_) {
    if (callback) std::exchange(callback, {})({.kind = ChangeEnd::Kind::kUnknown});
  }
}

void Changes::fail() {
  give_up_all();
  waiting_.clear();
}

}  // namespace timestore::replica
