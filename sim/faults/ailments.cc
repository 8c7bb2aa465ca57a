#include "sim/faults/ailments.h"

#include <algorithm>
#include <string>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::sim {

namespace {

void cut_all(Injector& injector, std::size_t node, bool hears, bool speaks) {
  Cluster& cluster = injector.world().cluster();
  for (std::size_t other = 0; other < cluster.size(); ++other) {
    if (other == node) continue;
    cluster.set_link(other, node, !hears);
    cluster.set_link(node, other, !speaks);
  }
}

void deaf(Injector& injector, Stream&, std::size_t node) { cut_all(injector, node, false, true); }

void mute(Injector& injector, Stream&, std::size_t node) { cut_all(injector, node, true, false); }

void isolated(Injector& injector, Stream&, std::size_t node) { cut_all(injector, node, false, false); }

// It reaches some of the others, and is reached by some: a leader may be heard by just enough of them to stay, and by
// too few to get anything done.
void half_connected(Injector& injector, Stream& choices, std::size_t node) {
  Cluster& cluster = injector.world().cluster();
  for (std::size_t other = 0; other < cluster.size(); ++other) {
    const bool hears = choices.below(2) == 0;
    const bool speaks = choices.below(4) > 0 ? hears : choices.below(2) == 0;
    if (other == node) continue;
    cluster.set_link(other, node, !hears);
    cluster.set_link(node, other, !speaks);
  }
}

// It is connected to just as many others as make a majority of all nodes with it, those that are sick before the well.
void leaning(Injector& injector, Stream&, std::size_t node) {
  Cluster& cluster = injector.world().cluster();
  std::size_t left = cluster.size() / 2;
  for (const bool is_well : {false, true}) {
    for (std::size_t other = 0; other < cluster.size(); ++other) {
      if (other == node || injector.is_well(other) != is_well) continue;
      const bool is_cut = left == 0;
      if (!is_cut) --left;
      cluster.set_link(other, node, is_cut);
      cluster.set_link(node, other, is_cut);
    }
  }
}

void flap(Injector& injector, Stream& choices, std::size_t node, bool is_connected) {
  cut_all(injector, node, is_connected, is_connected);
  const Time pause = choices.between(injector.election() / 8, 2 * injector.election());
  injector.later(pause,
                 [&injector, choices, node, is_connected]() mutable { flap(injector, choices, node, !is_connected); });
}

void flapping(Injector& injector, Stream& choices, std::size_t node) { flap(injector, choices, node, false); }

// Its syncs take up to some election time-outs, and so do messages from and to it.
void slow(Injector& injector, Stream& choices, std::size_t node) {
  World& world = injector.world();
  const Time election = injector.election();
  const Time sync = std::max<Time>(1, world.options().disk.sync);
  const Time least = std::max<Time>(1, election / 8);
  world.set_disk_delay(node,
                       static_cast<std::uint32_t>(1 + choices.between(least, 3 * election) / std::min(sync, least)));
  const Time delay = choices.below(2) == 0 ? 0 : choices.below(election);
  for (std::size_t other = 0; other < world.size(); ++other) {
    world.network().clog(node, other, delay);
    world.network().clog(other, node, delay);
  }
}

void wrong_clock(Injector& injector, Stream& choices, std::size_t node) {
  const bool is_fast = choices.below(2) == 0;
  injector.world().set_clock(node,
                             static_cast<std::uint32_t>(is_fast ? choices.between(200, 800) : choices.between(10, 60)));
}

void dozing(Injector& injector, Stream& choices, std::size_t node) {
  const Time pause = choices.between(injector.election() / 4, 4 * injector.election());
  const Time awake = choices.between(injector.election() / 4, 2 * injector.election());  // before the copy below
  injector.world().pause(node, pause);
  injector.later(pause + awake, [&injector, choices, node]() mutable { dozing(injector, choices, node); });
}

void dying(Injector& injector, Stream& choices, std::size_t node) {
  if (injector.world().cluster().is_up(node)) {
    injector.world().kill(node, choices.between(injector.election() / 4, 4 * injector.election()));
  }
  const Time next = choices.between(injector.election() / 4, 6 * injector.election());  // before the copy below
  injector.later(next, [&injector, choices, node]() mutable { dying(injector, choices, node); });
}

// It has lost its disk, and may be cut off from some of the others, so that no leader admits it.
void forgetful(Injector& injector, Stream& choices, std::size_t node) {
  if (choices.below(2) == 0) half_connected(injector, choices, node);
  if (!injector.world().may_be_wiped(node)) return;
  TIMESTORE_MARK("lasting: a sick node lost its disk");
  injector.world().wipe(node, injector.election() / 4);
}

// There is hardly any space left on its disk, or none; or none for one of its files, as if that had a disk of its own.
void full(Injector& injector, Stream& choices, std::size_t node) {
  Disk& disk = injector.world().cluster().disk(node);
  const std::uint64_t room = choices.below(2) == 0 ? 0 : choices.below(30'000);
  const std::uint64_t which = choices.below(3);
  if (injector.world().cluster().leader() == node) TIMESTORE_MARK("lasting: a leader's disk was full");
  if (which == 0) return disk.set_faults({.capacity_bytes = disk.size_bytes() + room});
  disk.set_faults({.full_files = which == 1 ? "series.db" : "log.db"});
}

}  // namespace

const std::vector<Ailment>& ailments() {
  static const std::vector<Ailment> all = {{"deaf", deaf},
                                           {"mute", mute},
                                           {"isolated", isolated},
                                           {"half-connected", half_connected},
                                           {"flapping", flapping},
                                           {"slow", slow},
                                           {"wrong-clock", wrong_clock},
                                           {"dozing", dozing},
                                           {"dying", dying},
                                           {"forgetful", forgetful},
                                           {"full", full},
                                           {"leaning", leaning}};
  return all;
}

const Ailment& ailment_named(std::string_view name) {
  const auto found =
      std::find_if(ailments().begin(), ailments().end(), [&](const Ailment& ailment) { return ailment.name == name; });
  TIMESTORE_CHECK(found != ailments().end(), "every ailment that is asked for is in the table");
  return *found;
}

}  // namespace timestore::sim
