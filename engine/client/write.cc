#include "engine/client/write.h"

#include <memory>
#include <utility>

#include "engine/series/command.h"
#include "engine/series/entry_id.h"
#include "engine/store/series/command_version.h"
#include "engine/store/series/series_machine.h"

namespace timestore::client {

namespace {

void give_ids(std::vector<TimeEntry>& entries, const machine::Place& place) {
  std::uint32_t ordinal = 0;
  for (TimeEntry& entry : entries) {
    if (entry.id.is_nil())
      entry.id = make_entry_id({place.position.index, ordinal}, place.salt, entry.device_id, entry.timestamp_ns);
    ++ordinal;
  }
}

std::size_t size_of(const std::vector<TimeEntry>& entries) {
  std::size_t size_bytes = 0;
  for (const TimeEntry& entry : entries) size_bytes += timestore::size_bytes(entry);
  return size_bytes;
}

replica::WriteCallback without_entries(WriteCallback callback) {
  return [callback = std::move(callback)](const replica::WriteEnd& end) {
    callback({.kind = end.kind, .result = store::result_of(end.outcome), .entries = {}, .applied = end.applied});
  };
}

}  // namespace

// The draft and the end of the write share the entries. When the end comes, nothing will be made of the draft any more.
replica::WriteTicket submit(replica::Replica& replica, std::vector<TimeEntry> entries, WriteCallback callback) {
  const auto shared = std::make_shared<std::vector<TimeEntry>>(std::move(entries));
  return replica.submit({.size_bytes = size_of(*shared),
                         .least_level = shared->size() == 1 ? raft::kOriginalLevel : raft::kEnvelopesLevel,
                         .command =
                             [shared](const machine::Place& place) {
                               give_ids(*shared, place);
                               return encode_command(*shared, store::command_version(place.level),
                                                     CommandPlace{.index = place.position.index, .salt = place.salt});
                             }},
                        [shared, callback = std::move(callback)](const replica::WriteEnd& end) {
                          callback({.kind = end.kind,
                                    .result = store::result_of(end.outcome),
                                    .entries = std::move(*shared),
                                    .applied = end.applied});
                        });
}

LinesCommand command_of(const LineWrite& lines) {
  return std::make_shared<const std::string>(encode_lines(lines, kLinesVersion));
}

replica::WriteTicket submit(replica::Replica& replica, const LinesCommand& lines, WriteCallback callback) {
  return replica.submit({.size_bytes = lines->size(),
                         .least_level = raft::kLinesLevel,
                         .command = [lines](const machine::Place&) { return *lines; }},
                        without_entries(std::move(callback)));
}

replica::WriteTicket submit(replica::Replica& replica, const RetentionOrder& order, WriteCallback callback) {
  return replica.submit(
      {.size_bytes = sizeof order,
       .least_level = raft::kRetentionLevel,
       .command =
           [order](const machine::Place& place) { return encode_order(order, store::command_version(place.level)); }},
      without_entries(std::move(callback)));
}

replica::WriteTicket submit(replica::Replica& replica, DeleteOrder order, WriteCallback callback) {
  return replica.submit({.size_bytes = size_bytes(order),
                         .least_level = raft::kDeletesLevel,
                         .command =
                             [order = std::move(order)](const machine::Place& place) {
                               return encode_delete(order, store::command_version(place.level));
                             }},
                        without_entries(std::move(callback)));
}

}  // namespace timestore::client
