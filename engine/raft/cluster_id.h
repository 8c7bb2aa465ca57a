// Which cluster a log belongs to: a number of 128 bits that the leader draws who founds it.
//
// Node ids and addresses are given by people, who use the same ones for every cluster; terms and indices begin with one
// in each. So only this number tells two clusters apart. It is the payload of a no-op: a log that holds nothing else
// still looks empty to who founds. It is in force like a level (level.h), when its entry is committed, and is cut off
// like any entry. A log has one, for ever; only the recovery of a lone survivor draws another (replica/recover.h).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/raft/history.h"

namespace timestore::raft {

struct ClusterId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool is_known() const { return high != 0 || low != 0; }  // zero: none
  auto operator<=>(const ClusterId&) const = default;
};

using ClusterTrail = History<ClusterId>;

// 32 hexadecimal digits. Parsing is total.
inline constexpr std::size_t kClusterIdDigits = 32;
[[nodiscard]] std::string to_text(const ClusterId& id);
[[nodiscard]] std::optional<ClusterId> parse_cluster_id(std::string_view text);

// The text of a no-op that holds an id: {"cluster":"0123456789abcdef0123456789abcdef"}, byte for byte; anything else is
// no such no-op.
[[nodiscard]] std::string encode_cluster(const ClusterId& id);
[[nodiscard]] std::optional<ClusterId> decode_cluster(std::string_view text);

// How a file keeps an id beside a configuration and a level (level.h): on a line of its own, the last one. Of no
// cluster there is none.
[[nodiscard]] std::string with_cluster(std::string text, const ClusterId& id);
struct TextAndCluster {
  std::string_view text;
  ClusterId cluster;
};
[[nodiscard]] TextAndCluster split_cluster(std::string_view text);

// What a node of ours says of its log in every message.
struct Belonging {
  bool is_told = false;     // absent: by a node of the original's kind
  ClusterId cluster;        // in its log, committed or not; zero: none is
  bool is_settled = false;  // it is committed, and the sender's disk proves it
  bool is_blank = false;    // the log holds nothing but no-ops: whoever founds may forget it
  bool operator==(const Belonging&) const = default;
};

}  // namespace timestore::raft
