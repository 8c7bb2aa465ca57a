// Others take a snapshot from this node (paper, section 7), part by part, while it goes on with its work.
//
// Nothing is sent unasked, so whoever has nothing to write the snapshot to slows nobody down. One part is read at a
// time, and so many bytes in a tick; whoever finds no room is told to ask again. While a snapshot is lent, the log
// keeps what comes after it.
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/replica/replica.h"

namespace timestore::replica {

namespace {

constexpr std::uint64_t kCopyBytes = std::uint64_t{1} << 20;  // in one job, between which entries are applied
constexpr std::uint32_t kPatience = 20;                       // election time-outs without a question

}  // namespace

void Replica::lend(const raft::SnapshotRequest& request, raft::Correlation correlation) {
  if (lending_) lending_->idle_ticks = 0;
  if (lending_ && lending_->applied < core_.trail.base().index) end_lending();
  if (!lending_) make_snapshot();
  raft::SnapshotResponse part{
      .term = core_.term(), .meta = {}, .offset = request.offset, .bytes = raft::Payload(std::string())};
  if (!lending_ || !lending_->meta) {
    TIMESTORE_MARK("replica: a snapshot was asked for that is not made yet");
    return answer_with(request.follower, correlation, std::move(part));
  }
  part.meta = *lending_->meta;
  const bool wants_this = request.wanted == part.meta && request.offset < part.meta.size_bytes &&
                          request.offset % store::kMinChunkBytes == 0;
  const bool has_room = !lending_->is_reading && lending_->budget_bytes > 0;
  if (wants_this && has_room) return read_part(request, correlation);
  if (wants_this) TIMESTORE_MARK("replica: a part of a snapshot had to wait");
  answer_with(request.follower, correlation, std::move(part));
}

void Replica::make_snapshot() {
  if (is_checkpointing_ || fetching_) return;  // the next question finds a better moment
  lending_.emplace();
  lending_->applied = applied_;
  on_lane(
      Lane::kSeries,
      [this]() -> Result<std::shared_ptr<store::SnapshotWriter>> {
        auto writer = series_->begin_snapshot();
        if (!writer)
          return std::shared_ptr<store::SnapshotWriter>();  // whether the file is of use the next apply tells
        return std::shared_ptr<store::SnapshotWriter>(std::move(*writer));
      },
      [this](Result<std::shared_ptr<store::SnapshotWriter>> writer) {
        lending_->writer = std::move(*writer);
        if (lending_->writer == nullptr) {
          TIMESTORE_MARK("replica: a snapshot could not be begun");
          return lending_.reset();
        }
        lending_->applied = lending_->writer->applied().index;
        go_on_making();
      });
}

void Replica::go_on_making() {
  using Made = std::shared_ptr<store::Snapshot>;
  struct Step {
    bool is_over = false;
    Made snapshot;
  };
  on_lane(
      Lane::kSeries,
      [writer = lending_->writer]() -> Result<Step> {
        auto snapshot = writer->step(kCopyBytes);
        if (!snapshot) writer->end();
        if (!snapshot && writer->has_bad_source()) return tl::unexpected(snapshot.error());  // nor can it be applied to
        if (!snapshot) return Step{.is_over = true, .snapshot = nullptr};
        return Step{.is_over = *snapshot != nullptr, .snapshot = Made(std::move(*snapshot))};
      },
      [this](Result<Step> step) {
        if (!step->is_over) return go_on_making();
        lending_->writer.reset();
        if (step->snapshot == nullptr) {
          TIMESTORE_MARK("replica: a snapshot could not be made");
          return lending_.reset();
        }
        lending_->meta = step->snapshot->meta();
        lending_->snapshot = std::move(step->snapshot);
        lending_->budget_bytes = options_.snapshot_bytes_per_tick;
        TIMESTORE_MARK("replica: a snapshot was made");
      });
}

void Replica::read_part(const raft::SnapshotRequest& request, raft::Correlation correlation) {
  lending_->is_reading = true;
  lending_->budget_bytes -= std::min(lending_->budget_bytes, options_.snapshot_chunk_bytes);
  const std::uint64_t chunk_bytes = options_.snapshot_chunk_bytes;
  using Part = std::optional<store::SnapshotChunk>;
  on_lane(
      Lane::kSeries,
      [snapshot = lending_->snapshot, offset = request.offset, chunk_bytes]() -> Result<Part> {
        auto chunk = snapshot->read_chunk(offset, chunk_bytes);
        return chunk ? Part(std::move(*chunk)) : Part();
      },
      [this, request, correlation](Result<Part> chunk) {
        lending_->is_reading = false;
        if (!*chunk) {
          TIMESTORE_MARK("replica: a snapshot could not be read");
          return end_lending();
        }
        const std::vector<std::uint8_t>& bytes = (*chunk)->bytes;
        answer_with(request.follower, correlation,
                    {.term = core_.term(),
                     .meta = *lending_->meta,
                     .offset = request.offset,
                     .checksum = (*chunk)->checksum,
                     .bytes = raft::Payload(std::string(bytes.begin(), bytes.end()))});
      });
}

void Replica::answer_with(raft::NodeId follower, raft::Correlation correlation, raft::SnapshotResponse part) {
  ports_.transport.send({.to = std::move(follower), .message = std::move(part), .correlation = correlation});
}

void Replica::tick_lending() {
  if (!lending_) return;
  lending_->budget_bytes = options_.snapshot_bytes_per_tick;
  if (++lending_->idle_ticks < kPatience * options_.raft.election_ticks_max) return;
  TIMESTORE_MARK("replica: a snapshot was of no use to anybody any more");
  end_lending();
}

// Only between jobs: what is being made or read has its end first.
void Replica::end_lending() {
  if (lending_->meta && !lending_->is_reading) lending_.reset();
}

}  // namespace timestore::replica
