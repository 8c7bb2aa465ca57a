// The state machine once more, by simple containers: what the committed commands mean, in the order of their indices.
//
//   * an id belongs to the first content that came with it; a command that repeats id and content is stored already
//   * a command with an id that has other content is refused as a whole, and changes nothing
//   * an entry without an id gets one that tells its place
//   * a point of a line takes the place of an earlier one of its series and time, and never that of an entry
//   * a field of a measurement has the type of its first value; a line with another one is refused, alone or with all
//     other lines of its command, as that says
//   * a delete takes what is there of what it names and stood in the log up to where it says; its ids are free again
//   * what is before the edge of retention is gone, with its id; a command with an entry before the edge is refused
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/raft/types.h"
#include "engine/series/apply_result.h"
#include "engine/series/delete_order.h"
#include "engine/series/line_write.h"
#include "engine/series/retention.h"
#include "engine/series/time_entry.h"
#include "sim/checkers/inquiry.h"

namespace timestore::sim {

class Model {
 public:
  // The next entry of the log. Returns the time entries of its command, with their ids.
  std::vector<TimeEntry> apply(const raft::Entry& entry);

  raft::Index applied() const { return results_.size(); }
  std::size_t stored() const { return stored_.size() + lines_.size(); }               // points, and replaced ones
  const ApplyResult& result(raft::Index index) const { return results_[index - 1]; }  // 1 <= index <= applied()

  const Retention& retention() const { return retention_; }

  // What the last command was, if it was a write of lines.
  const std::optional<LineWrite>& last_lines() const { return last_lines_; }

  // What it deleted, if it was a delete.
  const std::optional<DeleteOrder>& last_delete() const { return last_delete_; }

  // Of an integer field `op n` in a write of lines: which operation that is; 0: none.
  static std::uint64_t operation_of(const LineWrite& write);

  // Whether it was there and has expired since, or its id was ever deleted.
  bool may_be_gone(const TimeEntry& entry) const { return has_expired(entry) || deleted_.contains(entry.id); }

  // One of those that were ever stored; nothing: there are none.
  std::optional<Guid> stored_id(std::uint64_t draw) const;

  // The log index at which the id was stored last; 0: it never was.
  raft::Index index_of(const Guid& id) const;

  // What is wrong with this answer from a state that has applied `index` entries; nothing when it is exact.
  std::optional<std::string> difference(const std::string& device_id, raft::Index index,
                                        const std::vector<TimeEntry>& answer) const;

  // The same for everything stored, in the order of storing.
  std::optional<std::string> difference(raft::Index index, const std::vector<TimeEntry>& stored) const;

  // The same for an answer to an inquiry.
  std::optional<std::string> difference(raft::Index index, const AnswerSeen& answer) const;

 private:
  struct Stored {
    raft::Index index = 0;
    raft::Index deleted_at = 0;  // 0: it was not
    TimeEntry entry;
  };
  struct StoredLine {
    raft::Index index = 0;
    raft::Index deleted_at = 0;
    std::string database;
    PointSeen point;
  };
  using Field = std::tuple<std::string, std::string, std::string>;  // database, measurement, field

  bool has_expired(const TimeEntry& entry) const { return entry.timestamp_ns < retention_.edge_ns; }
  ApplyResult erase(raft::Index index, const DeleteOrder& order);
  std::uint64_t erase_ids(raft::Index index, const DeleteOrder& order);
  std::uint64_t erase_lines(raft::Index index, const DeleteOrder& order);
  ApplyResult follow(raft::Index index, const RetentionOrder& order);
  ApplyResult store(raft::Index index, const std::vector<TimeEntry>& entries);
  ApplyResult store(raft::Index index, const LineWrite& write);
  std::optional<std::pair<std::uint32_t, std::uint8_t>> fault_of(const LineWrite& write, std::uint32_t begin,
                                                                 std::uint32_t end) const;
  std::vector<PointSeen> rows_at(raft::Index index, const std::string& database) const;
  std::int64_t edge_at(raft::Index index) const;

  Retention retention_;
  std::map<raft::Index, std::int64_t> edges_ = {{0, kNoEdge}};  // from that log index on
  std::vector<ApplyResult> results_;
  std::vector<Stored> stored_;                                              // in order
  std::vector<StoredLine> lines_;                                           // in order, with those that were replaced
  std::map<Field, points::Type> types_;
  std::optional<LineWrite> last_lines_;
  std::optional<DeleteOrder> last_delete_;
  std::set<Guid> deleted_;  // ids of entries, whether or not they came again
  std::map<Guid, std::size_t> by_id_;                                       // into stored_
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_device_;  // into stored_, by time, then in order
};

// Whether two entries are the same to the last bit.
[[nodiscard]] bool is_identical(const TimeEntry& left, const TimeEntry& right);

}  // namespace timestore::sim
