// This node takes a snapshot from another one, because that one's log begins after what this node has.
//
// It asks for one part after the other, over again where no answer comes, so a break costs nothing that is on the disk
// already. Meanwhile it votes, answers heartbeats and serves what it has. When the snapshot is whole it takes the place
// of the series file: the order of these steps and what a crash between them leaves is told in replica/reconcile.h.
#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/replica/replica.h"

namespace timestore::replica {

// Told with each heartbeat of a leader that cannot go on otherwise.
void Replica::fetch_snapshot(const raft::NodeId& from) {
  if (!fetching_) {
    fetching_.emplace();
    fetching_->from = from;
    return ask_for_part();
  }
  fetching_->untold_ticks = 0;
  if (fetching_->from == from || fetching_->is_finished) return;
  TIMESTORE_MARK("replica: a snapshot was asked for from another leader");
  fetching_->from = from;
  if (!fetching_->is_working) ask_for_part();
}

void Replica::ask_for_part() {
  fetching_->silent_ticks = 0;
  ports_.transport.send(
      {.to = fetching_->from,
       .message =
           raft::SnapshotRequest{
               .term = core_.term(), .follower = core_.id, .wanted = fetching_->meta, .offset = fetching_->offset},
       .correlation = 0});
}

// It must tell something new, and agree with what this node knows.
bool Replica::is_useful(const raft::SnapshotMeta& meta) const {
  const raft::Position& last = meta.applied;
  if (last.index <= applied_ || last.term > core_.term()) return false;
  return last.index > core_.commit || core_.trail.term_at(last.index) == last.term;
}

void Replica::take_part(const raft::NodeId& from, const raft::SnapshotResponse& part) {
  if (!fetching_ || fetching_->from != from || fetching_->is_working || fetching_->is_finished) {
    return TIMESTORE_MARK("replica: a part of a snapshot came when nobody waited for it");
  }
  if (part.meta == raft::SnapshotMeta{}) return;  // there is none yet
  if (!is_useful(part.meta)) {
    TIMESTORE_MARK("replica: a snapshot told nothing new");
    return fetching_.reset();
  }
  if (fetching_->incoming == nullptr || part.meta != fetching_->meta) return begin_taking(part.meta);
  if (part.bytes.size_bytes() > 0) add_part(part);
}

void Replica::begin_taking(const raft::SnapshotMeta& meta) {
  if (fetching_->incoming != nullptr) TIMESTORE_MARK("replica: another snapshot was begun before the last was whole");
  using Begun = std::shared_ptr<store::IncomingSnapshot>;
  fetching_->meta = meta;
  fetching_->is_working = true;
  on_lane(
      Lane::kSeries,
      [this, meta, last = std::exchange(fetching_->incoming, nullptr)]() mutable -> Result<Begun> {
        last.reset();
        auto begun = store::IncomingSnapshot::open(options_.series_path, options_.vfs, meta);
        return begun ? Begun(std::move(*begun)) : Begun();
      },
      [this](Result<Begun> begun) {
        fetching_->incoming = std::move(*begun);
        if (fetching_->incoming == nullptr) {
          TIMESTORE_MARK("replica: a snapshot could not be received");
          return fetching_.reset();
        }
        if (fetching_->incoming->next_offset() > 0) TIMESTORE_MARK("replica: a snapshot was gone on with");
        go_on_taking();
      });
}

void Replica::add_part(const raft::SnapshotResponse& part) {
  using Arrival = std::optional<store::IncomingSnapshot::Arrival>;
  fetching_->is_working = true;
  on_lane(
      Lane::kSeries,
      [incoming = fetching_->incoming, part]() -> Result<Arrival> {
        const std::string_view bytes = part.bytes.view();
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
        auto arrival = incoming->add_chunk(part.offset, {data, bytes.size()}, part.checksum);
        return arrival ? Arrival(*arrival) : Arrival();
      },
      [this](Result<Arrival> arrival) {
        if (!*arrival) {
          TIMESTORE_MARK("replica: a snapshot could not be received");
          return fetching_.reset();
        }
        if (**arrival == store::IncomingSnapshot::Arrival::kTaken) return go_on_taking();
        TIMESTORE_MARK("replica: a part of a snapshot was not the expected one");
        fetching_->is_working = false;  // what was asked for may still come; otherwise it is asked for again
      });
}

// The next part, or the end.
void Replica::go_on_taking() {
  Fetching& fetching = *fetching_;
  fetching.offset = fetching.incoming->next_offset();
  if (!fetching.incoming->is_complete()) {
    fetching.is_working = false;
    return ask_for_part();
  }
  on_lane(
      Lane::kSeries, [incoming = fetching.incoming]() -> Result<bool> { return incoming->finish().has_value(); },
      [this](const Result<bool>& is_whole) {
        fetching_->is_working = false;
        if (!*is_whole) {
          TIMESTORE_MARK("replica: a snapshot was not what had been announced");
          return fetching_.reset();
        }
        fetching_->is_finished = true;
        install_when_possible();
      });
}

// Nothing may be applied meanwhile, nor the log begin anew; and nobody copies the file that is replaced. The log file
// gets to the snapshot's term before it hears of the snapshot, so nothing may wait to be written there.
void Replica::install_when_possible() {
  if (!fetching_->is_finished || fetching_->is_working || failure_) return;
  if (!is_useful(fetching_->meta)) {
    TIMESTORE_MARK("replica: a snapshot told nothing new");
    return fetching_.reset();
  }
  const bool is_making = lending_ && !lending_->meta;
  const bool is_log_behind = !unwritten_.empty();
  if (is_applying_ || is_compacting_ || new_beginning_ || is_checkpointing_ || is_making || is_log_behind) {
    return TIMESTORE_MARK("replica: the installation of a snapshot had to wait");
  }
  is_applying_ = true;
  is_compacting_ = true;
  fetching_->is_working = true;
  const raft::Position last = fetching_->meta.applied;
  on_lane(
      Lane::kLog, [this, last] { return unless_full(log_->note_installation(last)); },
      [this](const Result<bool>& is_noted) {
        if (*is_noted) return install();
        is_applying_ = false;  // a later tick tries again
        is_compacting_ = false;
        fetching_->is_working = false;
      });
}

void Replica::install() {
  struct Outcome {
    bool is_installed = false;
    std::optional<raft::Configuration> configuration;
    std::uint64_t state_hash = 0;
  };
  on_lane(
      Lane::kSeries,
      [this, incoming = fetching_->incoming]() -> Result<Outcome> {
        auto is_installed = series_->install(*incoming);
        if (!is_installed) return tl::unexpected(is_installed.error());
        return Outcome{*is_installed, series_->configuration(), series_->state_hash()};
      },
      [this](Result<Outcome> outcome) {
        is_applying_ = false;
        is_compacting_ = false;
        fetching_->is_working = false;
        if (outcome->is_installed) {
          installed(fetching_->meta.applied, std::move(outcome->configuration), outcome->state_hash);
        }
        start_applying();
      });
}

void Replica::installed(raft::Position last, std::optional<raft::Configuration> configuration,
                        std::uint64_t state_hash) {
  TIMESTORE_MARK("replica: a snapshot was installed");
  fetching_.reset();
  applied_ = last.index;
  apply_through_ = std::max(apply_through_, last.index);
  state_hash_ = state_hash;
  series_durable_ = last.index;
  is_compacting_ = true;
  const raft::Configuration& before = core_.configurations.known().begin()->second;
  new_beginning_ = raft::SnapshotInstalled{last, std::move(configuration).value_or(before)};
  for (; !committed_.empty() && committed_.front().index <= last.index; committed_.pop_front()) {
    finish(std::move(committed_.front().submission), WriteEnd::Kind::kUnknown);
  }
  answer_applied_reads();
}

// An answer may be lost, and so may be whoever should give it; a leader that lives says again whom to ask. When none
// does, the log is enough: who went on asking a dead node would never lend a snapshot itself.
void Replica::tick_fetching() {
  if (!fetching_ || fetching_->is_working) return;
  if (fetching_->is_finished) return install_when_possible();
  if (++fetching_->untold_ticks > core_.options.election_ticks_max) {
    TIMESTORE_MARK("replica: nobody said any more that a snapshot is needed");
    return fetching_.reset();
  }
  if (++fetching_->silent_ticks < options_.raft.heartbeat_ticks) return;
  TIMESTORE_MARK("replica: a part of a snapshot was asked for again");
  ask_for_part();
}

}  // namespace timestore::replica
