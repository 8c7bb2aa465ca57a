// What a node is told when it starts: from flags, the environment or a configuration file, as text; checked here,
// before anything is opened.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/types.h"
#include "net/base/address.h"

namespace timestore::net {

struct SettingsText {
  std::string node_id;
  std::string listen;     // host:port
  std::string urls;       // the original's ASPNETCORE_URLS, used when `listen` is empty
  std::string advertise;  // the URL that others reach this node by
  std::string peers;      // comma-separated id=url or url
  std::string join;       // the URL of a member of the cluster that this node shall be let into
  std::string database;
  std::string log_level = "info";
  std::string log_format = "text";
  unsigned tick_ms = 10;
  unsigned heartbeat_ms = 50;
  unsigned election_min_ms = 300;
  unsigned election_max_ms = 600;
  std::uint64_t log_entries = 100'000;
  std::uint64_t log_megabytes = 64;
  bool hold_level = false;
  std::string found_without;  // comma-separated ids of --peers that are lost for good
};

struct Peer {
  std::optional<raft::NodeId> id;  // none: to be learnt from its /raft/status
  HostPort address;
};

// How long a request waits for a leader and a quorum before it is answered 503.
struct Patience {
  std::chrono::milliseconds write{5'000};
  std::chrono::milliseconds read{5'000};
};

struct Settings {
  raft::NodeId node_id;
  HostPort listen;
  std::string advertise;
  std::vector<Peer> peers;
  std::optional<HostPort> join;
  std::string series_path;
  std::string log_path;  // beside the series file
  std::string log_level;
  std::string log_format;
  unsigned tick_ms = 0;
  unsigned heartbeat_ticks = 0;
  unsigned election_ticks_min = 0;
  unsigned election_ticks_max = 0;
  std::uint64_t kept_entries = 0;  // of what is applied, in the log, for followers that are slow
  std::uint64_t kept_bytes = 0;
  std::vector<raft::NodeId> found_without;  // who founds the cluster need not hear from them
  bool holds_level = false;  // the cluster's feature level shall not rise, so that this node can be put back
  Patience patience;
};

// Letters, digits, '-', '_' and '.', and not too many. The error begins with `setting`.
[[nodiscard]] Result<raft::NodeId> check_node_id(const std::string& id, const std::string& setting);

// Where the log file of a database is: beside it. The error names --database.
[[nodiscard]] Result<std::string> log_path_of(const std::string& database);

// The error is one sentence that names the setting and says what it should be.
[[nodiscard]] Result<Settings> check(const SettingsText& text);

}  // namespace timestore::net
