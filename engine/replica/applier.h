// Hands committed entries to the state machine, group by group, from the cache or else by way of the log file.
#pragma once

#include <functional>
#include <vector>

#include "engine/replica/entry_cache.h"
#include "engine/replica/jobs.h"
#include "engine/replica/options.h"
#include "engine/replica/shared_machine.h"
#include "engine/replica/space.h"
#include "engine/store/log/log_file.h"

namespace timestore::replica {

class Applier {
 public:
  // `applied` is called after each group: the first of its entries, and an outcome for each.
  using Applied = std::function<void(raft::Index first, std::vector<machine::Outcome> outcomes)>;
  Applier(const Options& options, store::LogFile& log, const EntryCache& cache, SharedMachine& machine, Jobs& jobs,
          Space& space, Applied applied)
      : options_(options),
        log_(log),
        cache_(cache),
        machine_(machine),
        jobs_(jobs),
        space_(space),
        applied_(std::move(applied)) {}

  void apply(raft::Index through);  // all entries up to there may be applied
  void start();                     // goes on, if there is anything to do and nothing in the way

 private:
  std::vector<raft::Entry> cached(raft::Index first, std::size_t count) const;
  void apply_entries(raft::Index first, std::vector<raft::Entry> entries);

  const Options& options_;
  store::LogFile& log_;  // on the log lane
  const EntryCache& cache_;
  SharedMachine& machine_;
  Jobs& jobs_;
  Space& space_;
  Applied applied_;
  raft::Index through_ = 0;
};

}  // namespace timestore::replica
