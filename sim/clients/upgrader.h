// Releases are replaced while the cluster runs: nodes are upgraded one by one, and put back as long as that is
// possible, whatever else happens to them. When the world is healed, every node gets the newest release.
//
// A node may be put back as long as the older release knows every level that ever stood in a log. It gets the release
// at once, or with its next start, whenever that is. Meanwhile a leader may raise the level, since the node tells or
// has told that it knows more. Then the node stops, or does not start, and gets the newer release again (World).
#pragma once

#include <cstdint>

#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

struct UpgradeOptions {
  Time pause = 0;  // between two, at most; 0: there are none
  Time down = 0;   // of a node that gets another release, at most
};

class Upgrader {
 public:
  Upgrader(World& world, const UpgradeOptions& options, Choices& choices)
      : world_(world), options_(options), choices_(choices.stream("upgrades")) {}

  void begin();
  void rest() { is_over_ = true; }  // no release is replaced until the end
  void end();
  bool is_done() const;  // every node that is not gone has the newest release

 private:
  void plan_next();
  void replace(Stream choices);
  void upgrade_next();
  bool runs_newest(std::size_t number) const;

  World& world_;
  UpgradeOptions options_;
  Stream choices_;
  std::uint64_t occasion_ = 0;
  bool is_over_ = false;
};

}  // namespace timestore::sim
