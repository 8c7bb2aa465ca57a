#include "engine/replica/replica.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/series/command.h"
#include "engine/series/entry_id.h"

namespace timestore::replica {

Replica::Replica(const Options& options, Ports ports, std::unique_ptr<store::LogFile> log,
                 std::unique_ptr<store::SeriesFile> series, raft::State core)
    : options_(options),
      ports_(ports),
      log_(std::move(log)),
      series_(std::move(series)),
      core_(std::move(core)),
      cache_(options.cache_bytes),
      apply_through_(core_.applied),
      applied_(core_.applied),
      state_hash_(series_->state_hash()),
      series_durable_(series_->durable_index()),
      salts_(options.seed ^ 0x73616c7473) {}

Replica::~Replica() = default;

// ---------------------------------------------------------------------------------------------------- inputs

void Replica::tick() {
  inputs_.emplace_back(raft::Tick{});
  if (failure_) return;
  if (ticks_until_retry_ > 0 && --ticks_until_retry_ == 0) {
    start_writing();
    start_applying();
  }
  if (ticks_until_checkpoint_ > 0) --ticks_until_checkpoint_;
  tick_lending();
  tick_fetching();
  compact_when_due();
}

void Replica::receive(raft::NodeId from, raft::Message message, raft::Correlation correlation) {
  const bool is_parcel =
      std::holds_alternative<raft::SnapshotRequest>(message) || std::holds_alternative<raft::SnapshotResponse>(message);
  raft::Receive receipt{std::move(from), std::move(message), correlation};
  if (is_parcel) {
    parcels_.push_back(std::move(receipt));
  } else {
    inputs_.emplace_back(std::move(receipt));
  }
}

void Replica::peer_unreachable(raft::NodeId peer) { inputs_.emplace_back(raft::PeerUnreachable{std::move(peer)}); }

void Replica::campaign() { inputs_.emplace_back(raft::Campaign{}); }

void Replica::step_down() { inputs_.emplace_back(raft::StepDown{}); }

void Replica::transfer(raft::NodeId to) { inputs_.emplace_back(raft::Transfer{std::move(to)}); }

WriteTicket Replica::submit(std::vector<TimeEntry> entries, WriteCallback callback) {
  Submission submission{
      .ticket = ++last_ticket_, .entries = std::move(entries), .callback = std::move(callback), .size_bytes = 0};
  const WriteTicket ticket = submission.ticket;
  std::size_t size_bytes = 0;
  for (const TimeEntry& entry : submission.entries) size_bytes += timestore::size_bytes(entry);
  if (has_full_disk() && is_leader()) {
    TIMESTORE_MARK("replica: a write was refused because the disk is full");
    finish(std::move(submission), WriteEnd::Kind::kDiskFull);
    return ticket;
  }
  if (waiting_bytes_ + size_bytes > options_.max_waiting_bytes) {
    finish(std::move(submission), WriteEnd::Kind::kBusy);
    return ticket;
  }
  submission.size_bytes = size_bytes;
  waiting_bytes_ += size_bytes;
  submissions_.push_back(std::move(submission));
  return ticket;
}

// Writes are proposed in the order of their tickets, and committed in that order too. So each of the three places where
// one may wait is sorted by them.
void Replica::give_up(WriteTicket ticket) {
  const auto unproposed = std::ranges::lower_bound(submissions_, ticket, {}, &Submission::ticket);
  if (unproposed != submissions_.end() && unproposed->ticket == ticket) {  // in no log yet: it never will be
    Submission submission = std::move(*unproposed);
    submissions_.erase(unproposed);
    return finish(std::move(submission), WriteEnd::Kind::kNotLeader);
  }
  if (const auto proposed = proposals_.find(ticket); proposed != proposals_.end()) {
    return give_up(proposed->second.submission);
  }
  const auto ticket_of = [](const Committed& committed) { return committed.submission.ticket; };
  const auto committed = std::ranges::lower_bound(committed_, ticket, {}, ticket_of);
  if (committed != committed_.end() && ticket_of(*committed) == ticket) give_up(committed->submission);
}

void Replica::give_up_all() {
  for (auto& submission : std::exchange(submissions_, {})) finish(std::move(submission), WriteEnd::Kind::kNotLeader);
  for (auto& [ticket, waiting] : proposals_) give_up(waiting.submission);
  for (Committed& committed : committed_) give_up(committed.submission);
  for (auto& [id, callback] : changes_) {
    if (callback) std::exchange(callback, {})({.kind = ChangeEnd::Kind::kUnknown});
  }
  for (auto& [id, callback] : reads_) refuse(callback);
  for (WaitingRead& read : granted_) refuse(read.callback);
}

void Replica::give_up(Submission& submission) {
  if (!submission.callback) return;
  TIMESTORE_MARK("replica: a write was given up while it may be in the log");
  std::exchange(submission.callback, {})(
      {.kind = WriteEnd::Kind::kUnknown, .result = {}, .entries = submission.entries, .applied = applied_});
}

// ---------------------------------------------------------------------------------------------------- duties

void Replica::settle() {
  while (!failure_ && (!inputs_.empty() || new_beginning_ || may_propose())) {
    raft::Effects effects = step();
    persist(std::move(effects.write));
    send(std::move(effects.sends));
    apply(effects.apply_through);
    answer(effects.reads, effects.fates);
    if (!effects.snapshot_from.empty()) fetch_snapshot(effects.snapshot_from);
  }
  for (const raft::Receive& parcel : std::exchange(parcels_, {})) {
    if (failure_) break;
    if (const auto* request = std::get_if<raft::SnapshotRequest>(&parcel.message)) lend(*request, parcel.correlation);
    if (const auto* part = std::get_if<raft::SnapshotResponse>(&parcel.message)) take_part(parcel.from, *part);
  }
  if (failure_) fail(*failure_);  // whoever came since must hear of it too
}

raft::Effects Replica::step() {
  propose_submissions();
  if (new_beginning_) inputs_.insert(inputs_.begin(), *std::exchange(new_beginning_, std::nullopt));
  const std::vector<raft::Input> inputs = std::exchange(inputs_, {});
  raft::Effects effects = raft::step(core_, inputs);
  if (ports_.witness != nullptr) ports_.witness->stepped(core_, inputs, effects);
  return effects;
}

// Proposals go in front of whatever else arrived, so the place that each will get in the log is known beforehand, and
// with it the ids that derive from it. When this node turns out not to be the leader, the core refuses them all.
void Replica::propose_submissions() {
  if (!submissions_.empty() && !may_propose()) TIMESTORE_MARK("replica: writes waited for the end of a handover");
  if (!may_propose()) return;
  if (salt_term_ != core_.term()) {
    salt_term_ = core_.term();
    salt_ = salts_.next();
  }
  std::vector<raft::Input> inputs;
  inputs.reserve(submissions_.size() + inputs_.size());
  raft::Position position{.term = core_.term(), .index = core_.trail.last_index()};
  for (Submission& submission : std::exchange(submissions_, {})) {
    ++position.index;
    std::uint32_t ordinal = 0;
    for (TimeEntry& entry : submission.entries) {
      if (entry.id.is_nil() && is_leader()) entry.id = make_entry_id({position.index, ordinal}, salt_);
      ++ordinal;
    }
    inputs.emplace_back(raft::Propose{submission.ticket, raft::Payload(encode_command(submission.entries))});
    proposals_.emplace(submission.ticket, Waiting{std::move(submission), position});
  }
  std::move(inputs_.begin(), inputs_.end(), std::back_inserter(inputs));
  inputs_ = std::move(inputs);
}

void Replica::persist(std::optional<raft::Write> write) {
  if (!write) return;
  if (write->truncate_from) cache_.truncate_from(*write->truncate_from);
  if (write->begin_after) {
    cache_.forget_through(write->begin_after->last.index);
    compacting_write_ = write->id;
  }
  if (!write->entries.empty()) cache_.replace_from(write->first_index, write->entries);
  unwritten_.push_back(std::move(*write));
  start_writing();
}

void Replica::start_writing() {
  if (failure_ || is_writing_ || unwritten_.empty() || ticks_until_retry_ > 0) return;
  is_writing_ = true;
  auto writes = std::make_shared<const std::vector<raft::Write>>(std::exchange(unwritten_, {}));
  if (writes->size() > 1) TIMESTORE_MARK("replica: writes shared a transaction");
  on_lane(
      Lane::kLog, [this, writes] { return unless_full(log_->write(*writes)); },
      [this, writes](const Result<bool>& is_done) {
        is_writing_ = false;
        if (*is_done) return wrote(writes->back().id);
        TIMESTORE_MARK("replica: the log file found no space");
        unwritten_.insert(unwritten_.begin(), writes->begin(), writes->end());
        wait_for_space(is_log_full_);
      });
}

void Replica::wrote(raft::WriteId last) {
  if (ports_.witness != nullptr) ports_.witness->wrote(last);
  if (std::exchange(is_log_full_, false)) TIMESTORE_MARK("replica: there was space again");
  if (compacting_write_ > 0 && last >= compacting_write_) {
    is_compacting_ = false;
    compacting_write_ = 0;
  }
  inputs_.emplace_back(raft::WriteDone{last});
  start_writing();
}

// What was to be written stays due. Meanwhile this node promises nothing, and the core knows that its disk stands
// still.
void Replica::wait_for_space(bool& is_full) {
  is_full = true;
  ticks_until_retry_ = options_.raft.heartbeat_ticks;
}

void Replica::apply(raft::Index through) {
  apply_through_ = std::max(apply_through_, through);
  start_applying();
  cache_.shrink(core_.durable);
}

// Hands the next group of committed entries to the series lane, from the cache or else by way of the log file.
void Replica::start_applying() {
  if (failure_ || is_applying_ || applied_ >= apply_through_ || ticks_until_retry_ > 0) return;
  is_applying_ = true;
  const raft::Index first = applied_ + 1;
  const auto count = static_cast<std::size_t>(
      std::min<raft::Index>(apply_through_ - applied_, static_cast<raft::Index>(options_.max_apply_entries)));
  if (cache_.find(first) != nullptr) {
    std::vector<raft::Entry> entries;
    std::uint64_t bytes = 0;
    for (raft::Index index = first; index < first + count && bytes < options_.max_apply_bytes; ++index) {
      const raft::Entry* entry = cache_.find(index);
      TIMESTORE_CHECK(entry != nullptr, "the cache has no gaps");
      bytes += entry->payload.size_bytes();
      entries.push_back(*entry);
    }
    return apply_entries(first, std::move(entries));
  }
  on_lane(
      Lane::kLog, [this, first, count] { return log_->read(first, count, options_.max_apply_bytes); },
      [this, first](Result<std::vector<raft::Entry>> entries) {
        TIMESTORE_CHECK(!entries->empty(), "a durable entry is in the log file");
        TIMESTORE_MARK("replica: entries were applied from the log file");
        apply_entries(first, std::move(*entries));
      });
}

void Replica::apply_entries(raft::Index first, std::vector<raft::Entry> entries) {
  struct Group {
    std::vector<store::ApplyResult> results;
    std::uint64_t state_hash = 0;
    raft::Index durable = 0;
  };
  on_lane(
      Lane::kSeries,
      [this, first, entries = std::move(entries)]() -> Result<std::optional<Group>> {
        auto results = series_->apply(first, entries);
        if (!results && results.error().is_full) return std::nullopt;
        if (!results) return tl::unexpected(results.error());
        return Group{std::move(*results), series_->state_hash(), series_->durable_index()};
      },
      [this, first](Result<std::optional<Group>> found) {
        is_applying_ = false;
        std::optional<Group>& group = *found;
        if (!group) {
          TIMESTORE_MARK("replica: the series file found no space");
          return wait_for_space(is_series_full_);
        }
        is_series_full_ = false;
        state_hash_ = group->state_hash;
        series_durable_ = group->durable;
        applied(first, std::move(group->results));
      });
}

void Replica::applied(raft::Index first, std::vector<store::ApplyResult> results) {
  applied_ = first + results.size() - 1;
  inputs_.emplace_back(raft::Applied{applied_});
  for (; !committed_.empty() && committed_.front().index <= applied_; committed_.pop_front()) {
    Committed& oldest = committed_.front();
    finish(std::move(oldest.submission), WriteEnd::Kind::kApplied, std::move(results[oldest.index - first]));
  }
  answer_applied_reads();
  compact_when_due();
  if (fetching_) install_when_possible();
  start_applying();
}

void Replica::answer(const std::vector<raft::ReadEnd>& reads, const std::vector<raft::Fate>& fates) {
  for (const raft::Fate& fate : fates) {
    if (end_change(fate)) continue;
    auto found = proposals_.extract(fate.id);
    TIMESTORE_CHECK(!found.empty(), "a fate belongs to a proposal that waits for it");
    Waiting& waiting = found.mapped();
    switch (fate.kind) {
      case raft::Fate::Kind::kCommitted:
        TIMESTORE_CHECK(fate.position == waiting.position, "a proposal is committed where its ids say");
        if (fate.position.index <= applied_) {
          finish(std::move(waiting.submission), WriteEnd::Kind::kUnknown);
          break;
        }
        TIMESTORE_CHECK(committed_.empty() || committed_.back().index < fate.position.index, "fates come in order");
        committed_.push_back({std::move(waiting.submission), fate.position.index});
        break;
      case raft::Fate::Kind::kRefused:
      case raft::Fate::Kind::kSuperseded:
        finish(std::move(waiting.submission), WriteEnd::Kind::kNotLeader);
        break;
      case raft::Fate::Kind::kUnknown:
        finish(std::move(waiting.submission), WriteEnd::Kind::kUnknown);
        break;
    }
  }
  answer_reads(reads);
}

void Replica::finish(Submission submission, WriteEnd::Kind kind, store::ApplyResult result) {
  waiting_bytes_ -= submission.size_bytes;
  if (!submission.callback) return TIMESTORE_MARK("replica: the end of a write came when its caller had gone");
  submission.callback(
      {.kind = kind, .result = std::move(result), .entries = std::move(submission.entries), .applied = applied_});
}

// Nobody is left waiting: what was proposed may yet be committed by others, what was not is certainly not stored.
void Replica::fail(Error error) {
  if (!failure_) TIMESTORE_MARK("replica: a failed disk ended a replica");
  if (!failure_) failure_ = std::move(error);
  inputs_.clear();
  parcels_.clear();
  new_beginning_.reset();
  for (auto& submission : std::exchange(submissions_, {})) finish(std::move(submission), WriteEnd::Kind::kNotLeader);
  for (auto& [id, waiting] : std::exchange(proposals_, {})) {
    finish(std::move(waiting.submission), WriteEnd::Kind::kUnknown);
  }
  for (Committed& committed : std::exchange(committed_, {})) {
    finish(std::move(committed.submission), WriteEnd::Kind::kUnknown);
  }
  for (auto& [id, callback] : std::exchange(changes_, {})) {
    if (callback) callback({.kind = ChangeEnd::Kind::kUnknown});
  }
  for (auto& [id, callback] : std::exchange(reads_, {})) refuse(callback);
  for (auto& read : std::exchange(granted_, {})) refuse(read.callback);
}

bool Replica::is_awaited() const {
  return !submissions_.empty() || !proposals_.empty() || !committed_.empty() || !changes_.empty() || !reads_.empty() ||
         !granted_.empty();
}

}  // namespace timestore::replica
