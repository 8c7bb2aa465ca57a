// Gathers what clients did and saw, by device, and searches it in windows of some forty operations.
//
// The histories of single devices are judged apart (linearizability is local). A write over several devices counts on
// each with the entries that belong there: that it is atomic over devices is left to the model. A write in conflict
// counts where all its entries are on one device, and no id of it is used on another.
//
// A window begins with everything that is certainly stored by then: what was acknowledged before, or seen by a read
// that ended before. A read, or a write in conflict, that began before the window is left out, which can only excuse.
// What had not ended when the window ends is treated as unanswered. The first devices are searched, as long as their
// reads are short, and windows that are not too hard. What is left out is counted like what is searched.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/client/write.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/linearizability.h"
#include "sim/checkers/seen.h"

namespace timestore::sim {

class Histories {
 public:
  Histories(Findings& findings, bool is_active) : rules_(findings, "linearizability"), is_active_(is_active) {}

  void write_begins(OperationId operation, const std::vector<TimeEntry>& entries);
  void write_ends(OperationId operation, const client::WriteEnd& end);
  void read_begins(OperationId operation, const std::string& device_id);
  void read_ends(OperationId operation, const std::vector<TimeEntry>& entries);

  void search();
  std::uint64_t searched() const { return searched_; }  // windows
  std::uint64_t left_out() const { return left_out_; }  // windows, or as many calls as would fill them

 private:
  struct Device {
    std::string name;
    std::map<Guid, std::uint32_t> slots;
    std::vector<std::vector<TimeEntry>> contents;  // of each slot
    std::vector<Call> calls;
    std::vector<Content> last_read;
    std::uint64_t closed_since = Call::kNever;  // what began later is not known well enough
    std::size_t unheard_reads = 0;              // that began later
  };
  struct Open {
    std::uint64_t begin = 0;
    std::vector<TimeEntry> entries;  // of a write
    Device* device = nullptr;        // of a read
  };
  struct Window;

  Device* device(const std::string& name);
  Content content_of(Device& device, const TimeEntry& entry);
  std::vector<Content> contents_of(Device& device, const std::vector<TimeEntry>& entries);
  void add_write(OperationId operation, std::uint64_t begin, const client::WriteEnd& end);
  void search(Device& device);
  bool search(const Device& device, const Window& window);

  Rules rules_;
  bool is_active_;
  std::uint64_t clock_ = 0;
  std::map<OperationId, Open> open_;
  std::map<std::string, Device, std::less<>> devices_;
  std::map<Guid, std::string> device_of_id_;  // where an id was used first; empty: on several
  std::size_t calls_elsewhere_ = 0;           // on devices beyond the first
  std::uint64_t searched_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace timestore::sim
