#include "net/http_transport.h"

#include "net/log.h"

namespace timestore::net {

HttpTransport::HttpTransport(const std::vector<PeerAddress>& peers, int answer_timeout_ms, Events events)
    : events_(std::move(events)) {
  for (const PeerAddress& peer : peers) {
    links_[peer.id] = {connect(peer, answer_timeout_ms), connect(peer, answer_timeout_ms),
                       connect(peer, answer_timeout_ms)};
  }
}

std::unique_ptr<PeerLink> HttpTransport::connect(const PeerAddress& peer, int answer_timeout_ms) {
  PeerLink::Options options{.peer = peer.id, .address = peer.address};
  options.answer_timeout_ms = answer_timeout_ms;
  return std::make_unique<PeerLink>(std::move(options),
                                    PeerLink::Events{.answered =
                                                         [this](raft::NodeId id, raft::Message answer) {
                                                           note(id, "");
                                                           events_.received(std::move(id), std::move(answer));
                                                         },
                                                     .failed =
                                                         [this](raft::NodeId id, const std::string& reason) {
                                                           note(id, reason);
                                                           events_.unreachable(std::move(id));
                                                         }});
}

// A peer that is down fails many times a second: a change is worth a line, a repetition is not.
void HttpTransport::note(const raft::NodeId& peer, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    std::string& trouble = troubles_[peer];
    if (trouble.empty() == reason.empty()) return;
    trouble = reason;
  }
  if (reason.empty()) {
    log_info("Node " + peer + " answers again.");
  } else {
    log_warning("Node " + peer + " does not answer: " + reason + ".");
  }
}

PeerLink& HttpTransport::Links::of(const raft::Message& request) const {
  if (std::holds_alternative<raft::AppendRequest>(request)) return *appends;
  return std::holds_alternative<raft::SnapshotRequest>(request) ? *snapshots : *votes;
}

void HttpTransport::send(raft::Send send) {
  if (send.correlation == 0) {
    const auto link = links_.find(send.to);
    if (link == links_.end()) return;
    return link->second.of(send.message).send(std::move(send.message));
  }
  std::shared_ptr<std::promise<raft::Message>> promise;
  {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(send.correlation);
    if (found == answers_.end()) return;
    promise = std::move(found->second);
    answers_.erase(found);
  }
  promise->set_value(std::move(send.message));
}

raft::Correlation HttpTransport::expect_answer(std::shared_ptr<std::promise<raft::Message>> promise) {
  const std::lock_guard lock(mutex_);
  answers_.emplace(++last_correlation_, std::move(promise));
  return last_correlation_;
}

void HttpTransport::give_up(raft::Correlation correlation) {
  const std::lock_guard lock(mutex_);
  answers_.erase(correlation);
}

void HttpTransport::stop() {
  for (auto& [peer, links] : links_) {
    links.appends->stop();
    links.votes->stop();
    links.snapshots->stop();
  }
}

}  // namespace timestore::net
