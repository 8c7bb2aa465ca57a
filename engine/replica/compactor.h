// Lets the log be forgotten from its beginning (compaction.h says how far), and makes the state machine durable when
// only that is missing.
#pragma once

#include "engine/raft/state.h"
#include "engine/replica/jobs.h"
#include "engine/replica/lender.h"
#include "engine/replica/log_writer.h"
#include "engine/replica/options.h"
#include "engine/replica/shared_machine.h"

namespace timestore::replica {

class Compactor {
 public:
  Compactor(const Options& options, const raft::State& core, SharedMachine& machine, Jobs& jobs, LogWriter& log_writer,
            const Lender& lender)
      : options_(options), core_(core), machine_(machine), jobs_(jobs), log_writer_(log_writer), lender_(lender) {}

  void compact_when_due();
  void tick();

 private:
  void checkpoint();

  const Options& options_;
  const raft::State& core_;
  SharedMachine& machine_;
  Jobs& jobs_;
  LogWriter& log_writer_;
  const Lender& lender_;
  std::uint32_t ticks_until_checkpoint_ = 0;  // when the last one came no further
};

}  // namespace timestore::replica
