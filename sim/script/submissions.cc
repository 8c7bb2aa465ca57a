#include "sim/script/submissions.h"

#include "engine/series/command.h"

namespace timestore::sim::script {

namespace {

using Step = client::Attempts::Step;

const char* name_of(const client::WriteEnd& end) {
  switch (end.kind) {
    case client::WriteEnd::Kind::kApplied:
      return end.result.outcome == ApplyResult::Outcome::kStored ? "stored" : "in conflict";
    case client::WriteEnd::Kind::kNotLeader:
      return "not taken";
    case client::WriteEnd::Kind::kBusy:
    case client::WriteEnd::Kind::kDiskFull:
    case client::WriteEnd::Kind::kTooEarly:
      return "busy";
    case client::WriteEnd::Kind::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace

// Ids of the nodes' making look like no client's.
Guid Submissions::make_id() {
  Guid id;
  id.bytes[0] = 0x01;
  id.bytes[6] = 0x70;  // version 7
  id.bytes[8] = 0x80;
  id.bytes[15] = static_cast<std::uint8_t>(++last_id_);
  return id;
}

client::Leadership Submissions::leadership(std::size_t node) const {
  const raft::State& core = cluster_.core(node);
  return {.is_leader = core.is_leader(), .leader = core.leader, .term = core.term()};
}

void Submissions::tell(std::size_t number, const std::string& what) {
  news_.push_back("s" + std::to_string(number + 1) + ": " + what);
}

void Submissions::submit(std::size_t node, std::vector<TimeEntry> entries) {
  const OperationId operation = cluster_.oracle().next_operation();
  for (TimeEntry& entry : entries) entry.attributes = "{\"op\":" + std::to_string(operation) + "}";
  cluster_.oracle().write_begins(++now_, entries, Oracle::Submitted::kByAttempts);
  client::Submission::Options options{.self = Cluster::name(node),
                                      .is_forwarded = false,
                                      .deadline = now_ + 4 * client::kAttemptTime,
                                      .make_id = [this] { return make_id(); }};
  all_.push_back({.node = node, .operation = operation, .decisions = {std::move(options), std::move(entries)}});
  go_on(all_.size() - 1);
}

void Submissions::go_on(std::size_t number) {
  Submission& submission = all_[number];
  if (!cluster_.is_up(submission.node)) return;
  const Step step = submission.decisions.next(leadership(submission.node), now_);
  switch (step.kind) {
    case Step::Kind::kTry:
      submission.step = step;
      submission.answer.reset();
      if (step.to == Cluster::name(submission.node)) return try_here(number);
      return tell(number, Cluster::name(submission.node) + " asks " + step.to);
    case Step::Kind::kWait:
      now_ = step.until;
      return go_on(number);
    case Step::Kind::kEnd:
      return end(number);
  }
}

void Submissions::try_here(std::size_t number) {
  Submission& submission = all_[number];
  const OperationId operation = submission.operation;
  cluster_.oracle().attempt_begins(operation, submission.decisions.entries());
  client::submit(cluster_[submission.node], submission.decisions.entries(),
                 [this, number, operation, attempt = submission.step.attempt](client::WriteEnd how) {
                   cluster_.oracle().attempt_ends(operation, how);
                   all_[number].decisions.ended(attempt, std::move(how), now_);
                   all_[number].goes_on = true;
                 });
}

void Submissions::end(std::size_t number) {
  Submission& submission = all_[number];
  submission.step.kind = Step::Kind::kEnd;
  const client::WriteEnd how = submission.decisions.end();
  cluster_.oracle().write_ends(++now_, submission.operation, how);
  tell(number, std::string("its client hears: ") + name_of(how));
}

void Submissions::go_on() {
  for (std::size_t number = 0; number < all_.size(); ++number) {
    if (std::exchange(all_[number].goes_on, false)) go_on(number);
  }
}

Result<Submissions::Submission*> Submissions::on_its_way(std::size_t number) {
  Submission& submission = all_[number];
  const bool is_elsewhere = submission.step.to != Cluster::name(submission.node);
  if (submission.step.kind == Step::Kind::kTry && is_elsewhere) return &submission;
  return fail("Its node has asked nobody else.");
}

// As it comes over the network: a command, whose ids are all given.
Result<std::size_t> Submissions::arrive(std::size_t number) {
  const auto found = on_its_way(number);
  if (!found) return tl::unexpected(found.error());
  Submission& submission = **found;
  std::size_t to = 0;
  while (Cluster::name(to) != submission.step.to) ++to;
  if (!cluster_.is_up(to)) return fail(submission.step.to + " is down.");
  auto command = decode_command(encode_command(submission.decisions.entries()));
  if (!command) return tl::unexpected(command.error());
  const OperationId operation = submission.operation;
  cluster_.oracle().attempt_begins(operation, command->entries);
  client::submit(cluster_[to], std::move(command->entries),
                 [this, number, to, operation, attempt = submission.step.attempt](client::WriteEnd how) {
                   cluster_.oracle().attempt_ends(operation, how);
                   tell(number, Cluster::name(to) + " answers: " + name_of(how));
                   if (all_[number].step.attempt != attempt) return;
                   all_[number].answer = {.end = std::move(how), .hint = leadership(to)};
                 });
  return to;
}

Result<void> Submissions::answer(std::size_t number) {
  const auto found = on_its_way(number);
  if (!found) return tl::unexpected(found.error());
  Submission& submission = **found;
  if (!submission.answer) return fail(submission.step.to + " has not answered.");
  const auto said = client::decode_submit_answer(client::encode_submit_answer(*submission.answer));
  if (!said) return tl::unexpected(said.error());
  submission.decisions.ended(submission.step.attempt, said->end, now_, said->hint);
  go_on(number);
  return {};
}

Result<void> Submissions::lose(std::size_t number) {
  const auto found = on_its_way(number);
  if (!found) return tl::unexpected(found.error());
  now_ = (*found)->step.until;
  go_on(number);
  return {};
}

}  // namespace timestore::sim::script
