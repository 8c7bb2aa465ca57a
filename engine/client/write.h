// A write of time entries or lines, as those see it who submit one to a replica: what it drafts, and how it ended in
// the domain's words.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/replica/replica.h"
#include "engine/series/apply_result.h"
#include "engine/series/delete_order.h"
#include "engine/series/line_write.h"
#include "engine/series/retention.h"
#include "engine/series/time_entry.h"

namespace timestore::client {

struct WriteEnd {
  using Kind = replica::WriteEnd::Kind;
  Kind kind = Kind::kUnknown;
  ApplyResult result;              // when it was applied
  std::vector<TimeEntry> entries;  // with their ids, also when the outcome is unknown
  raft::Index applied = 0;
};
using WriteCallback = std::function<void(WriteEnd)>;

// Nil ids are given when the place in the log is known. Members of the original's kind read single entries only, so a
// batch ends as too early while there may be one.
replica::WriteTicket submit(replica::Replica& replica, std::vector<TimeEntry> entries, WriteCallback callback);

// Lines as the bytes of their command (encode_lines). They do not depend on its place, so they are made by whoever has
// read the lines, and not on the replica's thread.
using LinesCommand = std::shared_ptr<const std::string>;
[[nodiscard]] LinesCommand command_of(const LineWrite& lines);

// Ends as too early while a member may not know lines. There are no entries then.
replica::WriteTicket submit(replica::Replica& replica, const LinesCommand& lines, WriteCallback callback);

// Ends as too early while a member may not know such orders. There are no entries then.
replica::WriteTicket submit(replica::Replica& replica, const RetentionOrder& order, WriteCallback callback);

// Ends as too early while a member may not know deletes. There are no entries then.
replica::WriteTicket submit(replica::Replica& replica, DeleteOrder order, WriteCallback callback);

}  // namespace timestore::client
