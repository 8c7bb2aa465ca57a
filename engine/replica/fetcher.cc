#include "engine/replica/fetcher.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::replica {

Fetcher::Fetcher(const Options& options, const raft::State& core, store::LogFile& log, SharedMachine& machine,
                 Jobs& jobs, LogWriter& log_writer, Transport& transport, InstallationEnded installation_ended)
    : options_(options),
      core_(core),
      log_(log),
      machine_(machine),
      jobs_(jobs),
      log_writer_(log_writer),
      transport_(transport),
      installation_ended_(std::move(installation_ended)) {}

void Fetcher::fetch(const raft::NodeId& from) {
  if (!fetching_) {
    const bool is_free = machine_.begin(Use::kReceiving);
    TIMESTORE_CHECK(is_free, "one snapshot is received at a time");
    fetching_.emplace(Fetching{.from = from, .incoming = nullptr});
    return ask();
  }
  fetching_->untold_ticks = 0;
  if (fetching_->from == from || fetching_->is_finished) return;
  TIMESTORE_MARK("replica: a snapshot was asked for from another leader");
  fetching_->from = from;
  if (!fetching_->is_working) ask();
}

void Fetcher::ask() {
  fetching_->silent_ticks = 0;
  transport_.send({.to = fetching_->from,
                   .message = raft::SnapshotRequest{.term = core_.term(),
                                                    .follower = core_.id,
                                                    .wanted = fetching_->meta,
                                                    .offset = fetching_->offset,
                                                    .belonging = raft::belonging_of(core_)},
                   .correlation = 0});
}

// It must tell something new, and agree with what this node knows.
bool Fetcher::is_useful(const raft::SnapshotMeta& meta) const {
  const raft::Position& last = meta.applied;
  if (last.index <= machine_.applied() || last.term > core_.term()) return false;
  return last.index > core_.commit || core_.trail.term_at(last.index) == last.term;
}

void Fetcher::take(const raft::NodeId& from, const raft::SnapshotResponse& part) {
  if (!fetching_ || fetching_->from != from || fetching_->is_working || fetching_->is_finished) {
    return TIMESTORE_MARK("replica: a part of a snapshot came when nobody waited for it");
  }
  if (raft::is_stranger(core_, part)) return TIMESTORE_MARK("replica: a snapshot of another cluster was refused");
  if (part.meta == raft::SnapshotMeta{}) return;  // there is none yet
  if (!is_useful(part.meta)) {
    TIMESTORE_MARK("replica: a snapshot told nothing new");
    return end();
  }
  if (fetching_->incoming == nullptr || part.meta != fetching_->meta) return begin(part.meta);
  if (part.bytes.size_bytes() > 0) add(part);
}

void Fetcher::begin(const raft::SnapshotMeta& meta) {
  if (fetching_->incoming != nullptr) TIMESTORE_MARK("replica: another snapshot was begun before the last was whole");
  using Begun = std::shared_ptr<machine::IncomingSnapshot>;
  fetching_->meta = meta;
  fetching_->is_working = true;
  jobs_.run(
      Lane::kSeries,
      [this, meta, last = std::exchange(fetching_->incoming, nullptr)]() mutable -> Result<Begun> {
        last.reset();
        auto begun = machine_.on_lane().receive(meta);
        return begun ? Begun(std::move(*begun)) : Begun();
      },
      [this](Result<Begun> begun) {
        fetching_->incoming = std::move(*begun);
        if (fetching_->incoming == nullptr) {
          TIMESTORE_MARK("replica: a snapshot could not be received");
          return end();
        }
        if (fetching_->incoming->next_offset() > 0) TIMESTORE_MARK("replica: a snapshot was gone on with");
        go_on();
      });
}

void Fetcher::add(const raft::SnapshotResponse& part) {
  enum class Arrival : std::uint8_t { kTaken, kNotTaken, kFailed };
  fetching_->is_working = true;
  jobs_.run(
      Lane::kSeries,
      [incoming = fetching_->incoming, part]() -> Result<Arrival> {
        const auto is_taken = incoming->add_part(part.offset, part.bytes.view(), part.checksum);
        if (!is_taken) return Arrival::kFailed;
        return *is_taken ? Arrival::kTaken : Arrival::kNotTaken;
      },
      [this](const Result<Arrival>& arrival) {
        switch (*arrival) {
          case Arrival::kTaken:
            return go_on();
          case Arrival::kNotTaken:
            TIMESTORE_MARK("replica: a part of a snapshot was not the expected one");
            fetching_->is_working = false;  // what was asked for may still come; otherwise it is asked for again
            return;
          case Arrival::kFailed:
            TIMESTORE_MARK("replica: a snapshot could not be received");
            return end();
        }
      });
}

// The next part, or the end.
void Fetcher::go_on() {
  Fetching& fetching = *fetching_;
  fetching.offset = fetching.incoming->next_offset();
  if (!fetching.incoming->is_complete()) {
    fetching.is_working = false;
    return ask();
  }
  jobs_.run(
      Lane::kSeries, [incoming = fetching.incoming]() -> Result<bool> { return incoming->finish().has_value(); },
      [this](const Result<bool>& is_whole) {
        fetching_->is_working = false;
        if (!*is_whole) {
          TIMESTORE_MARK("replica: a snapshot was not what had been announced");
          return end();
        }
        if (const raft::Level level = fetching_->incoming->level(); level > core_.options.level) {
          return jobs_.fail(raft::too_new(level, core_.options.level));
        }
        fetching_->is_finished = true;
        install_when_possible();
      });
}

// Nobody may use the machine meanwhile, nor the log begin anew. The log file gets to the snapshot's term before it
// hears of the snapshot, so nothing may wait to be written there, nor be on its way: it could find no space.
void Fetcher::install_when_possible() {
  if (!fetching_ || !fetching_->is_finished || fetching_->is_working || jobs_.failure()) return;
  if (!is_useful(fetching_->meta)) {
    TIMESTORE_MARK("replica: a snapshot told nothing new");
    return end();
  }
  const bool is_log_behind = log_writer_.is_behind() || core_.durable_write < core_.last_write;
  if (log_writer_.begins_anew() || is_log_behind || !machine_.begin(Use::kInstalling)) {
    return TIMESTORE_MARK("replica: the installation of a snapshot had to wait");
  }
  fetching_->is_working = true;
  const raft::Position last = fetching_->meta.applied;
  jobs_.run(
      Lane::kLog, [this, last] { return unless_full(log_.note_installation(last)); },
      [this](const Result<bool>& is_noted) {
        if (*is_noted) return install();
        machine_.end(Use::kInstalling);  // a later tick tries again
        fetching_->is_working = false;
      });
}

void Fetcher::install() {
  jobs_.run(
      Lane::kSeries,
      [this, incoming = fetching_->incoming]() -> Result<Installation> {
        auto is_installed = incoming->install();
        if (!is_installed) return tl::unexpected(std::move(is_installed.error()));
        if (!*is_installed) return Installation{};
        const machine::StateMachine& machine = machine_.on_lane();
        return Installation{machine.standing(), machine.configuration(), machine.level(), machine.cluster()};
      },
      [this](Result<Installation> installation) {
        machine_.end(Use::kInstalling);
        fetching_->is_working = false;
        const bool is_done = installation->standing.has_value();
        if (is_done) installed(std::move(*installation));
        installation_ended_(is_done);
      });
}

// Where the snapshot names no members, those that the log begins with hold.
void Fetcher::installed(Installation installation) {
  TIMESTORE_MARK("replica: a snapshot was installed");
  const raft::Position last = fetching_->meta.applied;
  TIMESTORE_CHECK(installation.standing->applied == last,
                  "a machine is in the state of the snapshot that was installed");
  end();
  machine_.stands(*installation.standing);
  machine_.is_durable(last.index);
  const raft::Configuration& before = core_.configurations.known().begin()->second;
  log_writer_.begin_anew(
      raft::SnapshotInstalled{.last = last,
                              .configuration = std::move(installation.configuration).value_or(before),
                              .level = installation.level,
                              .cluster = installation.cluster});
}

// An answer may be lost, and so may be whoever should give it; a leader that lives says again whom to ask. When none
// does, the log is enough: who went on asking a dead node would never lend a snapshot itself.
void Fetcher::tick() {
  if (!fetching_ || fetching_->is_working) return;
  if (fetching_->is_finished) return install_when_possible();
  if (++fetching_->untold_ticks > core_.options.election_ticks_max) {
    TIMESTORE_MARK("replica: nobody said any more that a snapshot is needed");
    return end();
  }
  if (++fetching_->silent_ticks < options_.raft.heartbeat_ticks) return;
  TIMESTORE_MARK("replica: a part of a snapshot was asked for again");
  ask();
}

void Fetcher::end() {
  machine_.end(Use::kReceiving);
  fetching_.reset();
}

}  // namespace timestore::replica
