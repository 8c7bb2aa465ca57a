#include "net/peers/http_transport.h"

#include <algorithm>

#include "net/base/log.h"

namespace timestore::net {

namespace {
constexpr std::chrono::seconds kReasonPause{5};
}  // namespace

void HttpTransport::set_peers(const std::map<raft::NodeId, HostPort>& peers) {
  const std::lock_guard lock(links_mutex_);
  if (stopped_) return;
  std::erase_if(ending_, [](const Links& links) { return links.has_finished(); });
  for (auto link = links_.begin(); link != links_.end();) {
    const auto peer = peers.find(link->first);
    if (peer != peers.end() && peer->second == link->second.address) {
      ++link;
      continue;
    }
    link->second.finish();
    ending_.push_back(std::move(link->second));
    link = links_.erase(link);
  }
  for (const auto& [peer, address] : peers) {
    if (links_.contains(peer)) continue;
    Links& links = links_[peer];
    links.address = address;
    for (auto& link : links.by_purpose) link = connect(peer, address);
  }
}

std::unique_ptr<PeerLink> HttpTransport::connect(const raft::NodeId& peer, const HostPort& address) {
  PeerLink::Options options{.peer = peer, .address = address};
  options.link.answer_time = answer_time_;
  return std::make_unique<PeerLink>(
      std::move(options),
      PeerLink::Events{
          .answered =
              [this](raft::NodeId id, raft::Message answer) {
                note(id, "");
                events_.received(std::move(id), std::move(answer));
              },
          .failed =
              [this](raft::NodeId id, const std::string& reason) {
                note(id, reason);
                events_.unreachable(std::move(id));
              },
          .refused = [this](raft::NodeId id, raft::NotOurs refusal) { events_.received(std::move(id), refusal); }});
}

// A peer that is down fails many times a second: a change is worth a line, a repetition is not. Links may disagree
// about the reason for as long as it lasts, so another one waits its turn.
void HttpTransport::note(const raft::NodeId& peer, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    Trouble& trouble = troubles_[peer];
    const auto now = std::chrono::steady_clock::now();
    if (trouble.reason == reason) return;
    if (!trouble.reason.empty() && !reason.empty() && now - trouble.told_at < kReasonPause) return;
    trouble = {.reason = reason, .told_at = now};
  }
  if (reason.empty()) {
    log_info("Node " + peer + " answers again.");
  } else {
    log_warning("Node " + peer + " does not answer: " + reason + ".");
  }
}

PeerLink& HttpTransport::Links::of(const raft::Message& request) const {
  return *by_purpose[static_cast<std::size_t>(client::purpose_of(request))];
}

void HttpTransport::Links::finish() const {
  for (const auto& link : by_purpose) link->finish();
}

bool HttpTransport::Links::has_finished() const {
  return std::all_of(by_purpose.begin(), by_purpose.end(), [](const auto& link) { return link->has_finished(); });
}

void HttpTransport::tick() {
  const std::lock_guard lock(links_mutex_);
  for (auto& [peer, links] : links_) {
    for (const auto& link : links.by_purpose) link->tick();
  }
}

void HttpTransport::send(raft::Send send) {
  if (send.correlation == 0) {
    const std::lock_guard lock(links_mutex_);
    const auto link = links_.find(send.to);
    if (link == links_.end()) return;
    return link->second.of(send.message).send(std::move(send.message));
  }
  Answered answered;
  {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(send.correlation);
    if (found == answers_.end()) return;
    answered = std::move(found->second);
    answers_.erase(found);
  }
  answered(std::move(send.message));
}

raft::Correlation HttpTransport::expect_answer(Answered answered) {
  const std::lock_guard lock(mutex_);
  answers_.emplace(++last_correlation_, std::move(answered));
  return last_correlation_;
}

void HttpTransport::give_up(raft::Correlation correlation) {
  const std::lock_guard lock(mutex_);
  answers_.erase(correlation);
}

void HttpTransport::stop() {
  const std::lock_guard lock(links_mutex_);
  stopped_ = true;
  for (auto& [peer, links] : links_) ending_.push_back(std::move(links));
  links_.clear();
  for (const Links& links : ending_) {
    for (const auto& link : links.by_purpose) link->stop();
  }
  ending_.clear();
}

}  // namespace timestore::net
