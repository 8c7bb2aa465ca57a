// Makes durable in the log file what the core wants written. Writes that become due while one is in flight share the
// next transaction and its one fsync (group commit).
#pragma once

#include <optional>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/replica/entry_cache.h"
#include "engine/replica/inbox.h"
#include "engine/replica/jobs.h"
#include "engine/replica/space.h"
#include "engine/store/log/log_file.h"

namespace timestore::replica {

class LogWriter {
 public:
  LogWriter(store::LogFile& log, EntryCache& cache, Jobs& jobs, Inbox& inbox, Space& space, Witness* witness)
      : log_(log), cache_(cache), jobs_(jobs), inbox_(inbox), space_(space), witness_(witness) {}

  void persist(std::optional<raft::Write> write);
  void start();                                           // what is due, unless something is on its way
  bool is_behind() const { return !unwritten_.empty(); }  // something is due

  // The core shall hear that the log begins anew, for one of two reasons. It does so until that is durable; meanwhile
  // it may not begin anew once more.
  void begin_anew(raft::Input compacted_or_installed);
  bool begins_anew() const { return begins_anew_; }

 private:
  void wrote(raft::WriteId last);

  store::LogFile& log_;  // on the log lane
  EntryCache& cache_;
  Jobs& jobs_;
  Inbox& inbox_;
  Space& space_;
  Witness* witness_;

  std::vector<raft::Write> unwritten_;  // due, not handed to the log lane yet
  bool is_writing_ = false;
  bool begins_anew_ = false;
  raft::WriteId new_beginning_ = 0;  // the write that says so; 0: the core has not been asked yet
};

}  // namespace timestore::replica
