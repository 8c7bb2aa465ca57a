// Who the members of the cluster are, before the replica starts.
//
// A node that has run before knows them from its log file. One that is to join a cluster knows nobody. On a first start
// they come from the settings; a peer that was given by its URL alone is asked for its node id, and until every id is
// known this node answers only the same question.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/configuration.h"
#include "engine/store/log/log_file.h"
#include "net/base/settings.h"

namespace timestore::net {

// All members, this node included, ordered by id. `stored` is what the log file knows; URLs in the settings win over
// it.
[[nodiscard]] Result<std::vector<raft::Member>> find_members(const Settings& settings,
                                                             const store::LogFile::Recovered& stored,
                                                             const std::function<bool()>& should_stop);

// The id of the node at this address. The error says why it is not known.
[[nodiscard]] Result<raft::NodeId> ask_node_id(const HostPort& address);

// The highest feature level that the node at this URL says it knows; the original's of one that says nothing of levels.
// None: it does not answer.
[[nodiscard]] std::optional<raft::Level> ask_level(const std::string& url);

// Where the others reach this node.
[[nodiscard]] std::string own_url(const Settings& settings);

// The "nodeId" of a /raft/status answer.
[[nodiscard]] Result<raft::NodeId> parse_node_id(const std::string& status_json);

}  // namespace timestore::net
