// A peer that speaks only the original's fields, over real HTTP: it knows /raft/vote, /raft/append and /raft/status as
// the original did, answers 404 to everything else under /raft/, and sends nothing by itself.
//
// As a follower it keeps a log in memory. The functions at the end are the other half: what such a peer sends when it
// campaigns and leads.
#pragma once

#include <httplib.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/system/client.h"

namespace timestore::system {

class Json;

class PeerDouble {
 public:
  enum class Vote { kGrant, kRefuse };

  PeerDouble(std::string id, Vote vote);
  ~PeerDouble();
  PeerDouble(const PeerDouble&) = delete;
  PeerDouble& operator=(const PeerDouble&) = delete;

  const std::string& id() const { return id_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  void set_vote(Vote vote);
  // A deaf peer answers 500 to every append and vote.
  void set_deaf(bool deaf);

  int votes_asked() const;
  std::vector<std::string> unknown_paths() const;  // of the requests that it answered with 404
  std::vector<std::string> commands() const;       // the log's, from index 1
  std::uint64_t leader_commit() const;             // the largest that it was told
  // What it was sent that the original would not have understood; empty when all is well.
  std::vector<std::string> complaints() const;

 private:
  struct LogEntry {
    std::int64_t term;
    std::string command;
  };

  void answer_vote(const httplib::Request& request, httplib::Response& response);
  void answer_append(const httplib::Request& request, httplib::Response& response);
  void answer_status(httplib::Response& response) const;
  bool follow(const Json& request, std::int64_t term);

  const std::string id_;
  int port_ = 0;
  httplib::Server server_;
  std::thread thread_;

  mutable std::mutex mutex_;  // guards what follows
  Vote vote_;
  bool deaf_ = false;
  int votes_asked_ = 0;
  std::vector<std::string> unknown_paths_;
  std::int64_t term_ = 0;
  std::string leader_;
  std::vector<LogEntry> log_;
  std::int64_t leader_commit_ = 0;
  std::vector<std::string> complaints_;
};

// The original's messages, for a double that leads. Terms and indices are the test's business.
struct OriginalEntry {
  std::int64_t term = 0;
  std::string command;
};

struct OriginalAppend {
  std::int64_t term = 0;
  std::string leader;
  std::int64_t prev_index = 0;
  std::int64_t prev_term = 0;
  std::vector<OriginalEntry> entries = {};
  std::int64_t leader_commit = 0;
};

struct OriginalVote {
  std::int64_t term = 0;
  std::string candidate;
  std::int64_t last_index = 0;
  std::int64_t last_term = 0;
};

std::string to_json(const OriginalAppend& append);
std::string to_json(const OriginalVote& vote);

}  // namespace timestore::system
