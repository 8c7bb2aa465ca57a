#include "sim/script/clients.h"

#include <algorithm>

namespace timestore::sim::script {

namespace {

std::string name_of_proposal(std::size_t proposal) { return "p" + std::to_string(proposal + 1); }
std::string name_of_read(std::size_t read) { return "r" + std::to_string(read + 1); }

Proposal::Fate fate_of(const Proposal& proposal, const client::WriteEnd& end) {
  switch (end.kind) {
    case client::WriteEnd::Kind::kApplied:
      return end.result.outcome == ApplyResult::Outcome::kStored ? Proposal::Fate::kStored : Proposal::Fate::kConflict;
    case client::WriteEnd::Kind::kNotLeader:
      return proposal.was_logged ? Proposal::Fate::kSuperseded : Proposal::Fate::kRefused;
    case client::WriteEnd::Kind::kBusy:
    case client::WriteEnd::Kind::kDiskFull:
    case client::WriteEnd::Kind::kTooEarly:
      return Proposal::Fate::kBusy;
    case client::WriteEnd::Kind::kUnknown:
      break;
  }
  return Proposal::Fate::kUnknown;
}

ChangeRequest::Fate fate_of(const replica::ChangeEnd& end) {
  switch (end.kind) {
    case replica::ChangeEnd::Kind::kDone:
      return ChangeRequest::Fate::kCommitted;
    case replica::ChangeEnd::Kind::kRefused:
      return ChangeRequest::Fate::kRefused;
    case replica::ChangeEnd::Kind::kNotLeader:
      return end.refusal == raft::Refusal::kNone ? ChangeRequest::Fate::kSuperseded : ChangeRequest::Fate::kRefused;
    case replica::ChangeEnd::Kind::kUnknown:
      break;
  }
  return ChangeRequest::Fate::kUnknown;
}

}  // namespace

std::string describe(std::span<const TimeEntry> entries) {
  std::string text;
  for (const TimeEntry& entry : entries) {
    if (!text.empty()) text += " ";
    text += entry.device_id + "=" + std::to_string(static_cast<std::int64_t>(entry.value));
  }
  return text.empty() ? "nothing" : text;
}

// ---------------------------------------------------------------------------------------------------- writes

void Clients::propose(std::size_t node, std::vector<TimeEntry> entries) {
  const OperationId operation = cluster_.oracle().next_operation();
  for (TimeEntry& entry : entries) entry.attributes = "{\"op\":" + std::to_string(operation) + "}";
  submit(node, std::move(entries));
}

void Clients::retry(std::size_t node, std::size_t proposal) { submit(node, proposals_[proposal].entries); }

void Clients::submit(std::size_t node, std::vector<TimeEntry> entries) {
  const std::size_t number = proposals_.size();
  Proposal& proposal = proposals_.emplace_back();
  proposal.node = node;
  proposal.entries = entries;
  proposal.operation = cluster_.oracle().write_begins(++now_, entries);
  // A refusal at once (busy) comes before the ticket is known, so the ticket is stored by number, not by reference.
  const replica::WriteTicket ticket = client::submit(
      cluster_[node], std::move(entries), [this, number](const client::WriteEnd& end) { ended(number, end); });
  proposals_[number].ticket = ticket;
}

void Clients::give_up(std::size_t proposal) {
  const Proposal& given_up = proposals_[proposal];
  cluster_[given_up.node].give_up(given_up.ticket);
}

void Clients::ended(std::size_t number, const client::WriteEnd& end) {
  Proposal& proposal = proposals_[number];
  proposal.fate = fate_of(proposal, end);
  proposal.entries = end.entries;
  cluster_.oracle().write_ends(++now_, proposal.operation, end);
  std::string line = name_of_proposal(number) + (proposal.fate == Proposal::Fate::kConflict ? " is in " : " is ") +
                     std::string(kProposalFates[static_cast<std::size_t>(proposal.fate)]);
  if (proposal.fate == Proposal::Fate::kStored) line += ": " + describe(proposal.entries);
  news_.push_back(std::move(line));
}

void Clients::settled(std::size_t node) {
  if (!cluster_.is_up(node)) return;
  const raft::State& core = cluster_.core(node);
  if (core.is_leader() && !core.takes_proposals()) return;  // what comes during a handover waits outside the log
  for (Proposal& proposal : proposals_) {
    if (proposal.node == node && proposal.fate == Proposal::Fate::kPending) proposal.was_logged = true;
  }
}

// ---------------------------------------------------------------------------------------------------- reads

std::size_t Clients::begin_read(std::size_t node, std::string device_id) {
  ReadRequest& request = reads_.emplace_back();
  request.node = node;
  request.operation = cluster_.oracle().read_begins(++now_, device_id);
  request.device_id = std::move(device_id);
  return reads_.size() - 1;
}

void Clients::read(std::size_t node, std::string device_id) {
  const std::size_t read = begin_read(node, std::move(device_id));
  cluster_[node].read(
      [this, read](bool is_granted, raft::Index index) { is_granted ? granted(read, index) : refused(read); });
}

void Clients::read_by(std::size_t node, std::size_t leader, std::string device_id) {
  const std::size_t read = begin_read(node, std::move(device_id));
  cluster_[leader].read([this, read](bool is_granted, raft::Index index) {
    is_granted ? forwarded_.emplace_back(read, index), void() : refused(read);
  });
}

void Clients::await(std::size_t read, raft::Index index) {
  const std::size_t node = reads_[read].node;
  if (!cluster_.is_up(node)) return refused(read);
  cluster_[node].await_applied(
      index, [this, read](bool is_granted, raft::Index at) { is_granted ? granted(read, at) : refused(read); });
}

void Clients::granted(std::size_t read, raft::Index index) {
  reads_[read].state = ReadRequest::State::kGranted;
  reads_[read].seen.granted = index;
}

void Clients::refused(std::size_t read) {
  reads_[read].state = ReadRequest::State::kRefused;
  cluster_.oracle().read_fails(++now_, reads_[read].operation);
  news_.push_back(name_of_read(read) + " is refused");
}

void Clients::finish_reads() {
  for (const auto& [read, index] : std::exchange(forwarded_, {})) await(read, index);
  for (std::size_t read = 0; read < reads_.size(); ++read) {
    if (reads_[read].state == ReadRequest::State::kGranted) look(read);
  }
}

void Clients::look(std::size_t read) {
  ReadRequest& request = reads_[read];
  if (!cluster_.is_up(request.node)) return refused(read);
  auto seen = cluster_.read_series(request.node, request.device_id);
  if (!seen) return refused(read);
  seen->granted = request.seen.granted;
  request.seen = std::move(*seen);
  request.state = ReadRequest::State::kAnswered;
  cluster_.oracle().read_ends(++now_, request.operation, request.seen);
  news_.push_back(name_of_read(read) + " is granted at " + std::to_string(request.seen.granted) + " and sees " +
                  describe(request.seen.entries));
}

// ---------------------------------------------------------------------------------------------------- members

void Clients::change_members(std::size_t node, raft::Change change) {
  const std::size_t number = changes_.size();
  changes_.emplace_back();
  cluster_[node].change_members(std::move(change),
                                [this, number](const replica::ChangeEnd& end) { ended(number, end); });
}

void Clients::ended(std::size_t number, const replica::ChangeEnd& end) {
  ChangeRequest& request = changes_[number];
  request.fate = fate_of(end);
  request.refusal = end.refusal;
  std::string line =
      "c" + std::to_string(number + 1) + " is " + std::string(kChangeFates[static_cast<std::size_t>(request.fate)]);
  if (request.fate == ChangeRequest::Fate::kCommitted) line += " at " + std::to_string(end.index);
  if (request.fate == ChangeRequest::Fate::kRefused) {
    line += ": " + std::string(kRefusals[static_cast<std::size_t>(end.refusal)]);
  }
  news_.push_back(std::move(line));
}

}  // namespace timestore::sim::script
