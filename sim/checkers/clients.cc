#include "sim/checkers/clients.h"

#include <algorithm>
#include <charconv>

#include "engine/base/check.h"

namespace timestore::sim {

namespace {

// N of {"op":N}, where other members may follow; 0: these are not a client's attributes.
OperationId operation_of(std::string_view attributes) {
  constexpr std::string_view kBefore = "{\"op\":";
  if (attributes.substr(0, kBefore.size()) != kBefore) return 0;
  OperationId number = 0;
  const char* end = attributes.data() + attributes.size();
  const auto [rest, error] = std::from_chars(attributes.data() + kBefore.size(), end, number);
  return error == std::errc() && rest != end && (*rest == '}' || *rest == ',') ? number : 0;
}

// Whether `entries` are what was submitted, with ids given to those that had none.
bool is_form_of(const std::vector<TimeEntry>& entries, const std::vector<TimeEntry>& submitted) {
  return std::equal(entries.begin(), entries.end(), submitted.begin(), submitted.end(),
                    [](const TimeEntry& entry, const TimeEntry& asked) {
                      if (asked.id.is_nil() ? entry.id.is_nil() : entry.id != asked.id) return false;
                      TimeEntry with_id = asked;
                      with_id.id = entry.id;
                      return is_identical(entry, with_id);
                    });
}

bool is_same(const std::vector<TimeEntry>& left, const std::vector<TimeEntry>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), is_identical);
}

bool has_ids(const std::vector<TimeEntry>& entries, const std::vector<Guid>& ids) {
  return std::equal(entries.begin(), entries.end(), ids.begin(), ids.end(),
                    [](const TimeEntry& entry, const Guid& id) { return entry.id == id; });
}

}  // namespace

Clients::Clients(Findings& findings, const Ledger& ledger, const Model& model)
    : rules_(findings, "clients"), ledger_(ledger), model_(model) {}

Clients::Operation* Clients::end(OperationId number, Kind kind) {
  TIMESTORE_CHECK(number >= 1 && number <= operations_.size(), "only an operation that began can end");
  Operation& operation = operations_[number - 1];
  if (!rules_.require(operation.kind == kind && !operation.has_ended, "an operation ends once",
                      [&] { return facts("op", number); })) {
    return nullptr;
  }
  operation.has_ended = true;
  return &operation;
}

// ---------------------------------------------------------------------------------------------------- writes

OperationId Clients::write_begins(const std::vector<TimeEntry>& entries, bool is_submitted) {
  TIMESTORE_CHECK(!entries.empty(), "a write has entries");
  const OperationId number = next_operation();
  const OperationId first = operation_of(entries.front().attributes);
  TIMESTORE_CHECK(first >= 1 && first <= number, "the attributes of a write name its first try");
  Operation operation;
  operation.submitted = entries;
  operation.has_attempts = !is_submitted;
  if (first == number) {
    operation.write = writes_.size();
    writes_.emplace_back();
  } else {
    TIMESTORE_CHECK(operations_[first - 1].kind == Kind::kWrite, "only a write is tried again");
    operation.write = operations_[first - 1].write;
  }
  writes_[operation.write].tries.push_back(number);
  if (is_submitted) ++writes_[operation.write].submitted;
  operations_.push_back(std::move(operation));
  return number;
}

void Clients::attempt_begins(OperationId number, const std::vector<TimeEntry>& entries) {
  Operation& operation = operations_[number - 1];
  const auto describe = [&] {
    return facts("op", number, "attempts that may have stored it", operation.open_attempts);
  };
  const auto keeps_id = [](const TimeEntry& entry, const TimeEntry& before) {
    return !before.id.is_nil() && entry.id == before.id;
  };
  const bool keeps_ids =
      std::equal(entries.begin(), entries.end(), operation.attempted.begin(), operation.attempted.end(), keeps_id);
  if (!rules_.require(!operation.is_called_undone, "nothing is tried after its client was told that nothing was stored",
                      describe) ||
      !rules_.require(operation.open_attempts == 0 || keeps_ids,
                      "a write keeps its ids once an attempt may have stored it", describe) ||
      !rules_.require(is_same(entries, operation.submitted) || is_form_of(entries, operation.submitted),
                      "an attempt is what the client asked for", describe)) {
    return;
  }
  ++operation.open_attempts;
  ++writes_[operation.write].submitted;
  operation.attempted = entries;
}

void Clients::attempt_ends(OperationId number, const client::WriteEnd& end_seen) {
  Operation& operation = operations_[number - 1];
  switch (end_seen.kind) {
    case client::WriteEnd::Kind::kApplied:
    case client::WriteEnd::Kind::kUnknown:
      if (!end_seen.entries.empty()) operation.attempted = end_seen.entries;
      return;
    case client::WriteEnd::Kind::kNotLeader:
    case client::WriteEnd::Kind::kBusy:
    case client::WriteEnd::Kind::kDiskFull:
    case client::WriteEnd::Kind::kTooEarly:
      --operation.open_attempts;
      refused(writes_[operation.write]);
      return;
  }
}

void Clients::refused(Write& write) {
  ++write.refused;
  is_committed_at_most_once(write);
}

void Clients::committed(raft::Index index, raft::EntryKind kind, const std::vector<TimeEntry>& entries) {
  if (kind != raft::EntryKind::kCommand) return;
  if (model_.result(index).outcome == ApplyResult::Outcome::kRetention) return;  // nodes and operators order it
  if (model_.last_lines()) return;                                               // LineWrites looks at them
  if (model_.last_delete()) return;                                              // and Deletes at these
  const OperationId number = entries.empty() ? 0 : operation_of(entries.front().attributes);
  const auto describe = [&] { return facts("index", index, "op", number); };
  const bool is_known = number >= 1 && number <= operations_.size() && operations_[number - 1].kind == Kind::kWrite;
  if (!rules_.require(is_known, "a committed command was asked for by a client", describe)) return;

  Write& write = writes_[operations_[number - 1].write];
  // A try that names these very ids goes before one that leaves them to the node.
  const auto submitted_as = [&](const auto& is_form) {
    return std::find_if(write.tries.begin(), write.tries.end(), [&](OperationId attempt) {
      const Operation& operation = operations_[attempt - 1];
      return is_form(entries, operation.submitted) || is_form(entries, operation.attempted);
    });
  };
  auto form = submitted_as(is_same);
  const bool ids_are_given = form == write.tries.end();
  if (ids_are_given) form = submitted_as(is_form_of);
  if (!rules_.require(form != write.tries.end(), "a committed command is what the client asked for", describe)) return;

  Commit commit{.index = index, .ids = {}};
  commit.ids.reserve(entries.size());
  const std::vector<TimeEntry>& submitted = operations_[*form - 1].submitted;
  for (std::size_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
    const Guid& id = entries[ordinal].id;
    commit.ids.push_back(id);
    if (!ids_are_given || !submitted[ordinal].id.is_nil()) continue;
    const raft::Index holder = model_.index_of(id);
    if (!rules_.require(holder == index || holder == 0, "an id that a node gives is nobody else's",
                        [&] { return describe() + ", id " + id.text() + " stored at " + std::to_string(holder); })) {
      return;
    }
  }
  write.commits.push_back(std::move(commit));
  is_committed_at_most_once(write);
}

// Each try that was not refused may stand in the log once.
bool Clients::is_committed_at_most_once(const Write& write) {
  const std::size_t possible = write.submitted - write.refused;
  return rules_.require(
      write.commits.size() <= possible,
      write.refused > 0 ? "a refused write is not committed" : "a write is committed once for each try", [&] {
        return facts("op", write.tries.front(), "submitted", write.submitted, "refused", write.refused, "committed",
                     write.commits.size(), "last at index", write.commits.back().index);
      });
}

void Clients::write_ends(OperationId number, const client::WriteEnd& end_seen) {
  Operation* operation = end(number, Kind::kWrite);
  if (operation == nullptr) return;
  switch (end_seen.kind) {
    case client::WriteEnd::Kind::kApplied:
      return acknowledged(number, end_seen);
    case client::WriteEnd::Kind::kNotLeader:
    case client::WriteEnd::Kind::kBusy:
    case client::WriteEnd::Kind::kDiskFull:
    case client::WriteEnd::Kind::kTooEarly:
      operation->is_called_undone = true;
      if (!operation->has_attempts) return refused(writes_[operation->write]);
      rules_.require(operation->open_attempts == 0,
                     "a write is called not stored only when each attempt certainly did not store it",
                     [&] { return facts("op", number, "attempts that may have", operation->open_attempts); });
      return;
    case client::WriteEnd::Kind::kUnknown:
      return;
  }
}

// A try that is one of several of its write may be any of the commits that look alike. It takes the newest, which
// leaves the others as many as can be; and what is visible since then is at least the oldest.
void Clients::acknowledged(OperationId number, const client::WriteEnd& end_seen) {
  Operation& operation = operations_[number - 1];
  Write& write = writes_[operation.write];
  const auto describe = [&] {
    std::string text = facts("op", number, "applied", end_seen.applied, "committed", ledger_.size());
    for (const Commit& commit : write.commits) text += ", at index " + std::to_string(commit.index);
    return text;
  };
  if (!rules_.require(end_seen.applied <= ledger_.size(), "only what is committed is applied", describe)) return;
  if (!rules_.require(is_form_of(end_seen.entries, operation.submitted),
                      "a client is told its own entries, with their ids", describe)) {
    return;
  }
  Commit* own = nullptr;
  raft::Index visible = 0;
  bool has_ids_alike = false;
  for (Commit& commit : write.commits) {
    if (commit.index > end_seen.applied || !has_ids(end_seen.entries, commit.ids)) continue;
    has_ids_alike = true;
    if (model_.result(commit.index) != end_seen.result) continue;
    if (visible == 0) visible = commit.index;
    if (!commit.is_claimed) own = &commit;
  }
  if (!rules_.require(!write.commits.empty(), "an acknowledged write is committed", describe) ||
      !rules_.require(has_ids_alike, "an acknowledged write is committed with these ids, and applied", describe) ||
      !rules_.require(visible != 0, "a client is told what became of its write", describe) ||
      !rules_.require(own != nullptr, "an acknowledged write is committed once for each try", describe)) {
    return;
  }
  own->is_claimed = true;
  acknowledged_ = std::max(acknowledged_, visible);
  operation.is_stored = end_seen.result.outcome == ApplyResult::Outcome::kStored;
  operation.submitted = end_seen.entries;
}

// ---------------------------------------------------------------------------------------------------- reads

OperationId Clients::read_begins(const std::string& device_id) {
  Operation operation;
  operation.kind = Kind::kRead;
  operation.floor = acknowledged_;
  operation.device_id = device_id;
  operations_.push_back(std::move(operation));
  return operations_.size();
}

void Clients::read_fails(OperationId number) { end(number, Kind::kRead); }

void Clients::read_ends(OperationId number, const ReadSeen& seen) {
  const Operation* operation = end(number, Kind::kRead);
  if (operation == nullptr) return;
  const auto describe = [&] {
    return facts("op", number, "device", operation->device_id, "granted", seen.granted, "read at", place(seen.position),
                 "acknowledged before", operation->floor, "committed", ledger_.size());
  };
  if (!rules_.require(seen.position.index <= ledger_.size() && ledger_.at(seen.position.index) == seen.position,
                      "a reader sees a committed state", describe) ||
      !rules_.require(seen.granted >= operation->floor,
                      "a granted read sees everything that was acknowledged before it began", describe) ||
      !rules_.require(seen.position.index >= seen.granted, "a reader sees what it was granted", describe)) {
    return;
  }
  const auto difference = model_.difference(operation->device_id, seen.position.index, seen.entries);
  rules_.require(!difference, "a reader sees what the log says", [&] { return describe() + ": " + *difference; });
  if (seen.answer) {
    const auto other = model_.difference(seen.position.index, *seen.answer);
    rules_.require(!other, "a query is answered by its definition", [&] { return describe() + ": " + *other; });
  }
  acknowledged_ = std::max(acknowledged_, seen.position.index);
}

// ---------------------------------------------------------------------------------------------------- at the end

void Clients::converged(std::size_t node, raft::Position applied, const std::vector<TimeEntry>& stored) {
  const auto describe = [&] {
    return facts("node", node + 1, "applied", place(applied), "committed", place(ledger_.at(ledger_.size())));
  };
  if (!rules_.require(applied == ledger_.at(ledger_.size()), "a healed cluster has applied everything committed",
                      describe)) {
    return;
  }
  keep_acknowledged_entries(node, stored);
  const auto difference = model_.difference(applied.index, stored);
  rules_.require(!difference, "a node stores what the log says, once and nothing else",
                 [&] { return describe() + ": " + *difference; });
}

// Without the model: what clients remember, looked up in what one node stores. The other nodes store the same.
void Clients::keep_acknowledged_entries(std::size_t node, const std::vector<TimeEntry>& stored) {
  if (has_compared_acknowledged_) return;
  has_compared_acknowledged_ = true;
  std::vector<const TimeEntry*> by_id;
  by_id.reserve(stored.size());
  for (const TimeEntry& entry : stored) by_id.push_back(&entry);
  const auto is_before = [](const TimeEntry* left, const TimeEntry* right) { return left->id < right->id; };
  std::sort(by_id.begin(), by_id.end(), is_before);
  const auto twice = std::adjacent_find(
      by_id.begin(), by_id.end(), [](const TimeEntry* left, const TimeEntry* right) { return left->id == right->id; });
  if (!rules_.require(twice == by_id.end(), "an id is stored once",
                      [&] { return facts("node", node + 1, "id", (*twice)->id.text()); })) {
    return;
  }
  for (OperationId number = 1; number <= operations_.size(); ++number) {
    if (!operations_[number - 1].is_stored) continue;
    for (const TimeEntry& entry : operations_[number - 1].submitted) {
      if (model_.may_be_gone(entry)) continue;
      const auto found = std::lower_bound(by_id.begin(), by_id.end(), &entry, is_before);
      const bool is_there = found != by_id.end() && (*found)->id == entry.id && same_content(**found, entry);
      if (!rules_.require(is_there, "nothing acknowledged is lost",
                          [&] { return facts("node", node + 1, "op", number, "id", entry.id.text()); })) {
        return;
      }
    }
  }
}

}  // namespace timestore::sim
