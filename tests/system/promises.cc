#include "tests/system/promises.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>

namespace timestore::system {
namespace {

constexpr std::size_t kMaxContradictions = 10;

// Every entry of a workload differs from all others in these two, with or without an id.
using Content = std::pair<std::string, std::string>;
Content content_of(const Entry& entry) { return {entry.device, entry.timestamp}; }

}  // namespace

std::vector<std::string> contradictions(const Ledger& ledger, const std::string& content) {
  std::vector<std::string> found;
  const auto say = [&found](std::string text) {
    if (found.size() < kMaxContradictions) found.push_back(std::move(text));
  };
  if (!Json(content).is_array()) say("not an array: " + content.substr(0, 200));

  const std::vector<Entry> stored = entries_in(content);
  std::map<Content, const Entry*> by_content;
  std::set<std::string> ids;
  for (const Entry& entry : stored) {
    if (!by_content.emplace(content_of(entry), &entry).second) say("stored twice: " + to_json(entry));
    if (!ids.insert(entry.id).second) say("an id stands twice: " + to_json(entry));
  }

  for (const Entry& entry : ledger.acknowledged) {
    const auto place = by_content.find(content_of(entry));
    if (place == by_content.end()) {
      say("acknowledged and lost: " + to_json(entry));
    } else {
      if (!(*place->second == entry))
        say("acknowledged as " + to_json(entry) + ", stored as " + to_json(*place->second));
      by_content.erase(place);
    }
  }
  for (const Entry& entry : ledger.maybe) by_content.erase(content_of(entry));
  for (const auto& [key, entry] : by_content) say("stored, but nobody was told: " + to_json(*entry));
  return found;
}

void expect_every_promise_kept(Cluster& cluster, const Ledger& ledger, const std::string& when) {
  // What a client gave up on may still arrive somewhere, so the nodes may differ for a moment even now.
  std::set<std::string> contents;
  EXPECT_TRUE(await([&] {
    contents.clear();
    if (!cluster.await_agreement()) return false;
    for (std::size_t node = 0; node < cluster.size(); ++node) {
      if (cluster.is_running(node)) contents.insert(cluster.content_of(node));
    }
    return contents.size() == 1;
  })) << when
      << ": the nodes do not come to the same content";
  for (const std::string& content : contents) {
    for (const std::string& contradiction : contradictions(ledger, content)) {
      ADD_FAILURE() << when << ": " << contradiction;
    }
  }
  for (const std::string& protest : ledger.protests) ADD_FAILURE() << when << ": " << protest;
}

}  // namespace timestore::system
