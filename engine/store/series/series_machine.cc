#include "engine/store/series/series_machine.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/store/series/command_version.h"
#include "engine/store/series/incoming_snapshot.h"
#include "engine/store/series/snapshot.h"

namespace timestore::store {

namespace {

// The detail of an outcome, little-endian: the edge, where retention is its matter; the type, where types are; how
// many points were deleted; and the conflicts.
constexpr std::size_t kEdgeBytes = 8;
constexpr std::size_t kTypeBytes = 1;
constexpr std::size_t kDeletedBytes = 8;
constexpr std::size_t kOrdinalBytes = 4;

void append(std::string& detail, std::uint64_t number, std::size_t bytes) {
  for (std::size_t byte = 0; byte < bytes; ++byte) {
    detail += static_cast<char>(static_cast<std::uint8_t>(number >> (8 * byte)));
  }
}

std::uint64_t take(std::string_view& detail, std::size_t bytes) {
  std::uint64_t number = 0;
  for (std::size_t byte = bytes; byte-- > 0;) number = number << 8 | static_cast<std::uint8_t>(detail[byte]);
  detail.remove_prefix(bytes);
  return number;
}

// Where the conflicts begin.
std::size_t detail_begin(ApplyResult::Outcome outcome) {
  return (tells_edge(outcome) ? kEdgeBytes : 0) + (tells_type(outcome) ? kTypeBytes : 0) +
         (tells_deleted(outcome) ? kDeletedBytes : 0);
}

class LentSnapshot final : public machine::Snapshot {
 public:
  explicit LentSnapshot(std::unique_ptr<store::Snapshot> snapshot) : snapshot_(std::move(snapshot)) {}

  const raft::SnapshotMeta& meta() const override { return snapshot_->meta(); }
  bool has_part_at(std::uint64_t offset) const override {
    return offset < meta().size_bytes && offset % kMinChunkBytes == 0;
  }
  Result<machine::SnapshotPart> read_part(std::uint64_t offset, std::uint64_t max_bytes) override {
    auto chunk = snapshot_->read_chunk(offset, max_bytes);
    if (!chunk) return tl::unexpected(std::move(chunk.error()));
    return machine::SnapshotPart{.bytes = {chunk->bytes.begin(), chunk->bytes.end()}, .checksum = chunk->checksum};
  }

 private:
  std::unique_ptr<store::Snapshot> snapshot_;
};

class SnapshotInTheMaking final : public machine::SnapshotWriter {
 public:
  explicit SnapshotInTheMaking(std::unique_ptr<store::SnapshotWriter> writer) : writer_(std::move(writer)) {}

  raft::Index applied() const override { return writer_->applied().index; }
  Result<Step> step(std::uint64_t max_bytes) override {
    auto snapshot = writer_->step(max_bytes);
    if (snapshot && *snapshot == nullptr) return Step{.is_over = false};
    if (snapshot) return Step{.is_over = true, .snapshot = std::make_unique<LentSnapshot>(std::move(*snapshot))};
    writer_->end();
    if (writer_->has_bad_source()) return tl::unexpected(std::move(snapshot.error()));
    return Step{.is_over = true};
  }

 private:
  std::unique_ptr<store::SnapshotWriter> writer_;
};

class ArrivingSnapshot final : public machine::IncomingSnapshot {
 public:
  ArrivingSnapshot(SeriesFile& file, std::unique_ptr<store::IncomingSnapshot> snapshot)
      : file_(file), snapshot_(std::move(snapshot)) {}

  std::uint64_t next_offset() const override { return snapshot_->next_offset(); }
  bool is_complete() const override { return snapshot_->is_complete(); }
  Result<bool> add_part(std::uint64_t offset, std::string_view bytes, std::uint32_t checksum) override {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    auto arrival = snapshot_->add_chunk(offset, {data, bytes.size()}, checksum);
    if (!arrival) return tl::unexpected(std::move(arrival.error()));
    return *arrival == store::IncomingSnapshot::Arrival::kTaken;
  }
  Result<void> finish() override { return snapshot_->finish(); }
  raft::Level level() const override { return snapshot_->level(); }
  Result<bool> install() override { return file_.install(*snapshot_); }

 private:
  SeriesFile& file_;
  std::unique_ptr<store::IncomingSnapshot> snapshot_;
};

}  // namespace

machine::Outcome outcome_of(const ApplyResult& result) {
  machine::Outcome outcome{.code = static_cast<std::uint32_t>(result.outcome),
                           .is_unreadable = result.outcome == ApplyResult::Outcome::kMalformed};
  if (result.conflicts.empty() && detail_begin(result.outcome) == 0) return outcome;
  std::string detail;
  detail.reserve(detail_begin(result.outcome) + result.conflicts.size() * kOrdinalBytes);
  if (tells_edge(result.outcome)) append(detail, static_cast<std::uint64_t>(result.edge_ns), kEdgeBytes);
  if (tells_type(result.outcome)) append(detail, result.stored_type, kTypeBytes);
  if (tells_deleted(result.outcome)) append(detail, result.deleted, kDeletedBytes);
  for (const std::uint32_t ordinal : result.conflicts) append(detail, ordinal, kOrdinalBytes);
  outcome.detail = raft::Payload(std::move(detail));
  return outcome;
}

ApplyResult result_of(const machine::Outcome& outcome) {
  std::string_view detail = outcome.detail.view();
  ApplyResult result{.outcome = static_cast<ApplyResult::Outcome>(outcome.code), .conflicts = {}};
  const std::size_t begin = detail_begin(result.outcome);
  TIMESTORE_CHECK(outcome.code <= static_cast<std::uint32_t>(ApplyResult::Outcome::kTooScattered) &&
                      detail.size() >= begin && (detail.size() - begin) % kOrdinalBytes == 0,
                  "an outcome is read by those who know the machine");
  if (tells_edge(result.outcome)) result.edge_ns = static_cast<std::int64_t>(take(detail, kEdgeBytes));
  if (tells_type(result.outcome)) result.stored_type = static_cast<std::uint8_t>(take(detail, kTypeBytes));
  if (tells_deleted(result.outcome)) result.deleted = take(detail, kDeletedBytes);
  while (!detail.empty()) result.conflicts.push_back(static_cast<std::uint32_t>(take(detail, kOrdinalBytes)));
  return result;
}

SeriesMachine::SeriesMachine(std::string path, std::string vfs, std::unique_ptr<SeriesFile> file)
    : path_(std::move(path)), vfs_(std::move(vfs)), file_(std::move(file)) {}

Result<std::unique_ptr<SeriesMachine>> SeriesMachine::open(const std::string& path, const std::string& vfs,
                                                           const SeriesMachineOptions& options) {
  auto file = SeriesFile::open(
      path, vfs, {.newest = command_version(options.known), .shape = options.shape, .board = options.board});
  if (!file) return tl::unexpected(std::move(file.error()));
  return std::unique_ptr<SeriesMachine>(new SeriesMachine(path, vfs, std::move(*file)));
}

machine::Standing SeriesMachine::standing() const {
  return {.applied = file_->applied(), .state_hash = file_->state_hash(), .durable = file_->durable_index()};
}

Result<std::vector<machine::Outcome>> SeriesMachine::apply(raft::Index first, std::span<const raft::Entry> entries) {
  auto results = file_->apply(first, entries);
  std::vector<machine::Outcome> outcomes;
  if (!results && results.error().is_full) return outcomes;
  if (!results) return tl::unexpected(std::move(results.error()));
  outcomes.reserve(results->size());
  for (const ApplyResult& result : *results) outcomes.push_back(outcome_of(result));
  return outcomes;
}

// What is sealed is durable already, and when to seal is a matter of the log alone.
Result<void> SeriesMachine::make_durable() { return {}; }

std::unique_ptr<machine::SnapshotWriter> SeriesMachine::begin_snapshot() {
  auto writer = file_->begin_snapshot();
  if (!writer || *writer == nullptr) return nullptr;
  return std::make_unique<SnapshotInTheMaking>(std::move(*writer));
}

Result<std::unique_ptr<machine::IncomingSnapshot>> SeriesMachine::receive(const raft::SnapshotMeta& announced) {
  auto snapshot = IncomingSnapshot::open(path_, vfs_, announced);
  if (!snapshot) return tl::unexpected(std::move(snapshot.error()));
  return std::make_unique<ArrivingSnapshot>(*file_, std::move(*snapshot));
}

}  // namespace timestore::store
