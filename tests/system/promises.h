// What clients were promised, and whether a cluster keeps it.
#pragma once

#include <string>
#include <vector>

#include "tests/system/cluster.h"
#include "tests/system/entry.h"

namespace timestore::system {

struct Ledger {
  std::vector<Entry> acknowledged;    // with their ids
  std::vector<Entry> maybe;           // sent, never answered
  std::vector<std::string> protests;  // answers that no client should get
};

// What contradicts the ledger in a node's content, a sentence each; empty when every acknowledged entry is there once,
// as it was sent, and nothing else but what may be.
std::vector<std::string> contradictions(const Ledger& ledger, const std::string& content);

// All running nodes come to the same content, byte for byte, and nothing in it contradicts the ledger. Test failures
// begin with `when`. Requires that nobody writes.
void expect_every_promise_kept(Cluster& cluster, const Ledger& ledger, const std::string& when);

}  // namespace timestore::system
