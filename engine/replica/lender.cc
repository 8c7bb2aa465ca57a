#include "engine/replica/lender.h"

#include <algorithm>
#include <utility>

#include "engine/base/mark.h"

namespace timestore::replica {

namespace {

constexpr std::uint64_t kCopyBytes = std::uint64_t{1} << 20;  // in one job, between which entries are applied
constexpr std::uint32_t kPatience = 20;                       // election time-outs without a question

}  // namespace

std::optional<raft::Index> Lender::lent() const {
  if (!lending_) return std::nullopt;
  return lending_->applied;
}

void Lender::answer(const raft::NodeId& from, const raft::SnapshotRequest& request, raft::Correlation correlation) {
  if (raft::is_stranger(core_, request)) {
    TIMESTORE_MARK("replica: a node of another cluster was lent no snapshot");
    const raft::NotOurs refusal{.belonging = raft::belonging_of(core_)};
    return transport_.send({.to = from, .message = refusal, .correlation = correlation});
  }
  if (lending_) lending_->idle_ticks = 0;
  if (lending_ && lending_->applied < core_.trail.base().index) end();
  if (!lending_) make();
  raft::SnapshotResponse part{
      .term = core_.term(), .meta = {}, .offset = request.offset, .bytes = raft::Payload(std::string())};
  if (!lending_ || !lending_->is_made()) {
    TIMESTORE_MARK("replica: a snapshot was asked for that is not made yet");
    return send(request.follower, correlation, std::move(part));
  }
  part.meta = lending_->meta;
  const bool wants_this = request.wanted == part.meta && lending_->snapshot->has_part_at(request.offset);
  const bool has_room = !lending_->is_reading && lending_->budget_bytes > 0;
  if (wants_this && has_room) return read_part(request, correlation);
  if (wants_this) TIMESTORE_MARK("replica: a part of a snapshot had to wait");
  send(request.follower, correlation, std::move(part));
}

// Where it cannot be begun, the next question finds a better moment.
void Lender::make() {
  if (!machine_.begin(Use::kCopying)) return;
  lending_ = Lending{.writer = nullptr, .snapshot = nullptr, .applied = machine_.applied()};
  using Begun = std::shared_ptr<machine::SnapshotWriter>;
  jobs_.run(
      Lane::kSeries, [this]() -> Result<Begun> { return machine_.on_lane().begin_snapshot(); },
      [this](Result<Begun> writer) {
        lending_->writer = std::move(*writer);
        if (lending_->writer == nullptr) {
          TIMESTORE_MARK("replica: a snapshot could not be begun");
          machine_.end(Use::kCopying);
          return lending_.reset();
        }
        lending_->applied = lending_->writer->applied();
        go_on_making();
      });
}

void Lender::go_on_making() {
  jobs_.run(
      Lane::kSeries, [writer = lending_->writer] { return writer->step(kCopyBytes); },
      [this](Result<machine::SnapshotWriter::Step> step) {
        if (!step->is_over) return go_on_making();
        machine_.end(Use::kCopying);
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

void Lender::read_part(const raft::SnapshotRequest& request, raft::Correlation correlation) {
  lending_->is_reading = true;
  lending_->budget_bytes -= std::min(lending_->budget_bytes, options_.snapshot_chunk_bytes);
  const std::uint64_t chunk_bytes = options_.snapshot_chunk_bytes;
  using Part = std::optional<machine::SnapshotPart>;
  jobs_.run(
      Lane::kSeries,
      [snapshot = lending_->snapshot, offset = request.offset, chunk_bytes]() -> Result<Part> {
        auto part = snapshot->read_part(offset, chunk_bytes);
        return part ? Part(std::move(*part)) : Part();
      },
      [this, request, correlation](Result<Part> part) {
        lending_->is_reading = false;
        if (!*part) {
          TIMESTORE_MARK("replica: a snapshot could not be read");
          return end();
        }
        send(request.follower, correlation,
             {.term = core_.term(),
              .meta = lending_->meta,
              .offset = request.offset,
              .checksum = (*part)->checksum,
              .bytes = raft::Payload(std::move((*part)->bytes))});
      });
}

void Lender::send(raft::NodeId follower, raft::Correlation correlation, raft::SnapshotResponse part) {
  part.belonging = raft::belonging_of(core_);
  transport_.send({.to = std::move(follower), .message = std::move(part), .correlation = correlation});
}

void Lender::tick() {
  if (!lending_) return;
  lending_->budget_bytes = options_.snapshot_bytes_per_tick;
  if (++lending_->idle_ticks < kPatience * options_.raft.election_ticks_max) return;
  TIMESTORE_MARK("replica: a snapshot was of no use to anybody any more");
  end();
}

// Only between jobs: what is being made or read has its end first.
void Lender::end() {
  if (lending_->is_made() && !lending_->is_reading) lending_.reset();
}

}  // namespace timestore::replica
