// What the command line, the swarm and the nemesis know of the kinds of faults.
#include "sim/faults/faults.h"

namespace timestore::sim {

const std::vector<Nemesis::Kind>& Nemesis::kinds() {
  static const std::vector<Kind> all = {
      {{"loss", "single messages are lost"}, 0, Faults::nothing},
      {{"duplication", "single messages arrive twice"}, 0, Faults::nothing},
      {{"reordering", "single messages are overtaken by later ones"}, 0, Faults::nothing},
      {{"straggling", "single messages arrive seconds later"}, 0, Faults::nothing},
      {{"partition", "the nodes fall into two groups that do not hear each other"}, 6, Faults::partition},
      {{"isolate", "one node, often the leader, is cut off"}, 8, Faults::isolate},
      {{"one-way", "links are cut in one direction only"}, 6, Faults::one_way},
      {{"bridge", "two nodes do not hear each other, the others hear both"}, 4, Faults::bridge},
      {{"flap", "the links of a node come and go quickly"}, 3, Faults::flap},
      {{"churn", "leaders are cut off one after another, and others told to take their place"}, 6, Faults::churn},
      {{"clog", "one link delays everything by up to seconds"}, 4, Faults::clog},
      {{"throttle", "links carry few bytes a second"}, 2, Faults::throttle},
      {{"kill", "a process dies; what it wrote stays with the operating system"}, 8, Faults::kill},
      {{"power", "a node loses power between two operations of its disk"}, 8, Faults::power},
      {{"tear", "a node loses power in the middle of a write of its disk"}, 10, Faults::tear},
      {{"blackout", "all nodes lose power at once"}, 2, Faults::blackout},
      {{"pause", "a process stands still and then goes on as if nothing had been"}, 5, Faults::pause},
      {{"clock-rate", "a node's clock runs too slowly or too fast"}, 3, Faults::clock_rate},
      {{"clock-jump", "a node's clock jumps forward"}, 4, Faults::clock_jump},
      {{"sync-error", "syncs fail and lose what they should have written"}, 4, Faults::sync_error},
      {{"write-error", "writes to a disk fail"}, 3, Faults::write_error},
      {{"read-error", "reads from a disk fail"}, 3, Faults::read_error},
      {{"disk-full", "a disk has no space left"}, 3, Faults::full},
      {{"slow-disk", "a disk takes many times longer"}, 4, Faults::slow},
      {{"stalled-disk", "a disk does nothing for a while"}, 5, Faults::stall},
      {{"slow-reader", "somebody reads a node's series file and takes long"}, 6, Faults::slow_reader},
      {{"rot-log", "bits flip in cold parts of a log file, on a minority of the nodes"}, 1, Faults::rot_log},
      {{"rot-series", "bits flip in cold parts of a series file, on a minority of the nodes"}, 1, Faults::rot_series},
      {{"lost-disk", "a node and its disk are gone for good, a minority at most"}, 1, Faults::lost_disk},
      {{"wiped-disk", "a node comes back with an empty disk, once, and a minority at most"}, 2, Faults::wipe},
      {{"majority", "rarely: more disks are lost than a cluster can survive"}, 1, Faults::majority},
      {{"campaign", "a node is told to call an election"}, 3, Faults::campaign},
      {{"transfer", "a leader is told to hand over, to anybody or to one node"}, 4, Faults::transfer},
      {{"members", "operators remove, add and replace nodes, some of them at the worst moments"}, 6, Faults::members},
      {{"step-down", "a leader is told to step down"}, 2, Faults::step_down},
  };
  return all;
}

}  // namespace timestore::sim
