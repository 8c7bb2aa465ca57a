#include "engine/replica/log_writer.h"

#include <memory>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::replica {

void LogWriter::persist(std::optional<raft::Write> write) {
  if (!write) return;
  if (write->truncate_from) cache_.truncate_from(*write->truncate_from);
  if (write->begin_after) {
    cache_.forget_through(write->begin_after->last.index);
    new_beginning_ = write->id;
  }
  if (!write->entries.empty()) cache_.replace_from(write->first_index, write->entries);
  unwritten_.push_back(std::move(*write));
  start();
}

// When there is no space, what was to be written stays due. Meanwhile this node promises nothing, and the core knows
// that its disk stands still.
void LogWriter::start() {
  if (jobs_.failure() || is_writing_ || unwritten_.empty() || !space_.may_try()) return;
  is_writing_ = true;
  auto writes = std::make_shared<const std::vector<raft::Write>>(std::exchange(unwritten_, {}));
  if (writes->size() > 1) TIMESTORE_MARK("replica: writes shared a transaction");
  jobs_.run(
      Lane::kLog, [this, writes] { return unless_full(log_.write(*writes)); },
      [this, writes](const Result<bool>& is_done) {
        is_writing_ = false;
        if (*is_done) return wrote(writes->back().id);
        TIMESTORE_MARK("replica: the log file found no space");
        unwritten_.insert(unwritten_.begin(), writes->begin(), writes->end());
        space_.missed(Lane::kLog);
      });
}

void LogWriter::wrote(raft::WriteId last) {
  if (witness_ != nullptr) witness_->wrote(last);
  if (space_.found(Lane::kLog)) TIMESTORE_MARK("replica: there was space again");
  if (new_beginning_ > 0 && last >= new_beginning_) {
    begins_anew_ = false;
    new_beginning_ = 0;
  }
  inbox_.add(raft::WriteDone{last});
  start();
}

void LogWriter::begin_anew(raft::Input compacted_or_installed) {
  TIMESTORE_CHECK(!begins_anew_, "a log begins anew once at a time");
  begins_anew_ = true;
  inbox_.begin_with(std::move(compacted_or_installed));
}

}  // namespace timestore::replica
