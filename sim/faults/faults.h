// The kinds of faults: what each does. The table in faults.cc is what the command line, the swarm and the nemesis know.
//
// Each draws from its own stream of choices, as strongly as it is told; false: there was nothing to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/faults/nemesis.h"

namespace timestore::sim {

struct Faults {
  // ---- links: link_faults.cc
  static bool partition(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool isolate(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool one_way(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool bridge(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool flap(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool churn(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool clog(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool throttle(Nemesis& nemesis, Stream& choices, std::uint32_t strength);

  // ---- processes, power and clocks: machine_faults.cc
  static bool kill(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool power(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool tear(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool blackout(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool pause(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool clock_rate(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool clock_jump(Nemesis& nemesis, Stream& choices, std::uint32_t strength);

  // ---- disks: disk_faults.cc
  static bool sync_error(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool write_error(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool read_error(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool full(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool slow(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool stall(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool slow_reader(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool rot_log(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool rot_series(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool lost_disk(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool wipe(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool majority(Nemesis& nemesis, Stream& choices, std::uint32_t strength);

  // ---- operators: operator_faults.cc
  static bool campaign(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool step_down(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool transfer(Nemesis& nemesis, Stream& choices, std::uint32_t strength);
  static bool members(Nemesis& nemesis, Stream& choices, std::uint32_t strength);

  static bool nothing(Nemesis&, Stream&, std::uint32_t) { return false; }  // of what the swarm alone does

 private:
  static void depose(Nemesis& nemesis, Time length, std::size_t next, std::size_t friend_of_it);
  static CrashPolicy policy(Stream& choices);
  static bool sick(Nemesis& nemesis, Stream& choices, std::uint32_t strength, const char* what,
                   const DiskFaults& faults);
  static std::optional<std::size_t> rot(Nemesis& nemesis, Stream& choices, std::string_view path,
                                        std::uint32_t strength);
};

}  // namespace timestore::sim
