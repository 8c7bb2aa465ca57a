// Gives what the core wants sent its payloads, from the cache or, for followers that lag, from the log file.
//
// Appends to one follower leave in their order, and at most one read of the log file is under way for it.
#pragma once

#include <map>
#include <vector>

#include "engine/raft/state.h"
#include "engine/replica/append_queue.h"
#include "engine/replica/entry_cache.h"
#include "engine/replica/jobs.h"
#include "engine/store/log/log_file.h"

namespace timestore::replica {

class Sender {
 public:
  Sender(const raft::State& core, store::LogFile& log, const EntryCache& cache, Jobs& jobs, Transport& transport)
      : core_(core), log_(log), cache_(cache), jobs_(jobs), transport_(transport) {}

  void send(std::vector<raft::Send> sends);

 private:
  void send_append(raft::Send append);
  void fetch(const raft::NodeId& follower);
  void fetched(const raft::NodeId& follower, const AppendQueue::Range& range, const std::vector<raft::Entry>& stored);

  const raft::State& core_;
  store::LogFile& log_;  // on the log lane
  const EntryCache& cache_;
  Jobs& jobs_;
  Transport& transport_;
  std::map<raft::NodeId, AppendQueue> queues_;  // of the followers for whom the log file is being read
};

}  // namespace timestore::replica
