#include "engine/client/link.h"

#include <algorithm>
#include <utility>

#include "engine/base/mark.h"

namespace timestore::client {

namespace {

raft::Term term_of(const raft::Message& message) {
  return std::visit([](const auto& any) { return any.term; }, message);
}

std::uint64_t payload_bytes(const raft::AppendRequest& append) {
  std::uint64_t bytes = 0;
  for (const raft::Entry& entry : append.entries) bytes += entry.payload.size_bytes();
  return bytes;
}

bool is_append(const raft::Message& message) { return std::holds_alternative<raft::AppendRequest>(message); }

bool is_heartbeat(const raft::Message& message) {
  const auto* append = std::get_if<raft::AppendRequest>(&message);
  return append != nullptr && append->entries.empty();
}

}  // namespace

Purpose purpose_of(const raft::Message& request) {
  if (is_append(request)) return Purpose::kAppends;
  return std::holds_alternative<raft::SnapshotRequest>(request) ? Purpose::kSnapshots : Purpose::kVotes;
}

template <typename IsMeant>
void Link::forget(IsMeant is_meant) {
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    if (!is_meant(waiting.request)) return false;
    waiting_bytes_ -= waiting.bytes;
    return true;
  });
}

// What this node said in an older term means nothing any more.
void Link::forget_older_terms(raft::Term term) {
  forget([&](const raft::Message& waiting) { return term_of(waiting) < term; });
}

void Link::forget_appends() { forget(is_append); }

bool Link::send(raft::Message request) {
  forget_older_terms(term_of(request));
  if (auto* append = std::get_if<raft::AppendRequest>(&request)) return send_append(std::move(*append));
  send_other(std::move(request));
  return true;
}

// A heartbeat says nothing that the next append does not say too. Entries that follow those that wait either continue
// them, or begin before their end: then the core has begun again, and does not count on those that wait. What begins
// behind a gap continues what was dropped, and goes the same way; the core has not heard of that yet.
bool Link::send_append(raft::AppendRequest append) {
  if (!waiting_.empty() && is_heartbeat(waiting_.back().request)) {
    TIMESTORE_MARK("link: an append took the place of a heartbeat");
    waiting_.pop_back();
  }
  const std::uint64_t bytes = payload_bytes(append);
  const bool fits = waiting_bytes_ + bytes <= options_.max_waiting_bytes;
  if (!waiting_.empty() && is_append(waiting_.back().request)) {
    auto& last = std::get<raft::AppendRequest>(waiting_.back().request);
    const raft::Index end = last.prev_index + last.entries.size();
    if ((fits || append.entries.empty()) && raft::join(last, std::move(append), options_.max_joined_bytes)) {
      TIMESTORE_MARK("link: appends were joined");
      waiting_.back().bytes += bytes;
      waiting_bytes_ += bytes;
      return true;
    }
    if (append.prev_index > end && !append.entries.empty()) {
      TIMESTORE_MARK("link: what continued a dropped append was dropped too");
      return false;
    }
    if (append.prev_index < end && !append.entries.empty()) {
      TIMESTORE_MARK("link: the core began again, and what waited was forgotten");
      forget_appends();
    }
  }
  if (!waiting_.empty() && !(fits && waiting_.size() < options_.max_waiting)) {
    TIMESTORE_MARK("link: there was no room for an append");
    return false;
  }
  waiting_.push_back({.request = std::move(append), .bytes = bytes});
  waiting_bytes_ += bytes;
  return true;
}

// The newest of its kind is the one that counts, so there are never many.
void Link::send_other(raft::Message request) {
  const auto same = std::find_if(waiting_.begin(), waiting_.end(),
                                 [&](const Waiting& waiting) { return waiting.request.index() == request.index(); });
  if (same == waiting_.end()) {
    waiting_.push_back({.request = std::move(request)});
  } else {
    same->request = std::move(request);
  }
}

std::optional<Link::Outgoing> Link::next(Time now) {
  if (on_its_way_ || waiting_.empty() || now < resumes_at_) return std::nullopt;
  const bool asks_for_part = std::holds_alternative<raft::SnapshotRequest>(waiting_.front().request);
  const std::uint64_t bytes = waiting_.front().bytes + (asks_for_part ? kSnapshotPartBytes : 0);
  const Time patience = options_.answer_time + bytes * kSecond / kSlowestBytesPerSecond;
  on_its_way_ = Exchange{.id = ++last_exchange_, .gives_up_at = now + patience};
  Outgoing outgoing{.exchange = on_its_way_->id, .request = std::move(waiting_.front().request)};
  waiting_bytes_ -= waiting_.front().bytes;
  waiting_.pop_front();
  return outgoing;
}

bool Link::answered(ExchangeId exchange) {
  if (!on_its_way_ || on_its_way_->id != exchange) {
    TIMESTORE_MARK("link: an answer came too late");
    return false;
  }
  on_its_way_.reset();
  pause_.reset();
  return true;
}

// Whether the request arrived is not known. The appends that wait continue it, so they go too.
bool Link::failed(ExchangeId exchange, Time now) {
  if (!on_its_way_ || on_its_way_->id != exchange) return false;
  on_its_way_.reset();
  forget_appends();
  resumes_at_ = now + pause_.take();
  return true;
}

bool Link::tick(Time now) {
  if (!on_its_way_ || now < on_its_way_->gives_up_at) return false;
  TIMESTORE_MARK("link: a request took too long");
  return failed(on_its_way_->id, now);
}

std::optional<raft::Message> answer_of_the_original(const raft::Message& request) {
  const auto* asked = std::get_if<raft::PreVoteRequest>(&request);
  if (asked == nullptr) return std::nullopt;
  return raft::PreVoteResponse{.term = 0, .proposed = asked->term, .granted = true};
}

}  // namespace timestore::client
