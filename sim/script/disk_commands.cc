// Disks: work that is held back, power that is lost, and everything that a disk may do.
#include <algorithm>
#include <cstdint>
#include <limits>

#include "engine/store/sqlite/page_checksums.h"
#include "sim/script/commands.h"

namespace timestore::sim::script {

namespace {

constexpr std::string_view kLanes[] = {"writes", "applies"};
constexpr std::uint32_t kAlways = 999'999;  // in a million operations: as often as a disk can fail

Result<Lane> take_lane(Words& words) {
  auto word = words.take("writes|applies");
  if (!word) return tl::unexpected(word.error());
  if (*word == kLanes[0]) return Lane::kLog;
  if (*word == kLanes[1]) return Lane::kSeries;
  return fail("\"" + *word + "\" is not what a disk does. " + suggestion(*word, kLanes));
}

// "NODE writes|applies", to the end of the line.
Result<void> on_lane(Stage& stage, Words& words, Result<void> (*run)(Stage& stage, std::size_t number, Lane lane)) {
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  const auto lane = take_lane(words);
  if (!lane) return tl::unexpected(lane.error());
  if (auto ended = words.end(); !ended) return ended;
  return run(stage, *number, *lane);
}

// "LINK", to the end of the line.
Result<void> on_links(Stage& stage, Words& words, void (*run)(Stage& stage, Link link)) {
  const auto links = to_links(words.take(), stage.size());
  if (!links) return tl::unexpected(links.error());
  for (const Link link : *links) run(stage, link);
  return words.end();
}

Result<void> hold(Stage& stage, Words& words) {
  if (!words.empty() && is_link(words.peek())) {
    return on_links(stage, words, [](Stage& on, Link link) { on.hold(link); });
  }
  return on_lane(stage, words, [](Stage& on, std::size_t number, Lane lane) -> Result<void> {
    on.hold(number, lane);
    return {};
  });
}

Result<void> release(Stage& stage, Words& words) {
  if (!words.empty() && is_link(words.peek())) {
    return on_links(stage, words, [](Stage& on, Link link) { on.release(link); });
  }
  return on_lane(stage, words, [](Stage& on, std::size_t number, Lane lane) -> Result<void> {
    on.release(number, lane);
    return {};
  });
}

Result<void> work(Stage& stage, Words& words) {
  return on_lane(stage, words, [](Stage& on, std::size_t number, Lane lane) -> Result<void> {
    if (on.work(number, lane)) return {};
    return fail("Nothing waits to be worked on at " + Cluster::name(number) + ". `hold` it before it is asked for.");
  });
}

Result<void> done(Stage& stage, Words& words) {
  return on_lane(stage, words, [](Stage& on, std::size_t number, Lane lane) -> Result<void> {
    if (on.done(number, lane)) return {};
    return fail("Nothing was worked on at " + Cluster::name(number) + ". `work` comes before `done`.");
  });
}

Result<CrashPolicy> to_policy(const std::string& word) {
  std::vector<std::string_view> names;
  for (const CrashPolicy policy : kCrashPolicies) {
    if (name_of(policy) == word) return policy;
    names.push_back(name_of(policy));
  }
  return fail("\"" + word + "\" is no crash policy. " + suggestion(word, names));
}

Result<void> lose_power(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  CrashPolicy policy = CrashPolicy::kNothing;
  std::optional<std::uint64_t> change;
  while (!words.empty()) {
    const std::string word = words.take();
    const auto setting = to_setting(word);
    if (setting && setting->first == "at") {
      const auto given = to_number(setting->second, "at");
      if (!given) return tl::unexpected(given.error());
      if (*given == 0) return fail("The next change is at=1.");
      change = *given;
      continue;
    }
    const auto given = to_policy(word);
    if (!given) return tl::unexpected(given.error());
    policy = *given;
  }
  stage.cluster().set_crash_policy(*number, policy);
  if (change) {
    stage.cluster().disk(*number).lose_power_at(*change);
  } else {
    stage.cluster().lose_power(*number, policy);
    stage.tell(*number);
  }
  return {};
}

Result<void> lose_disk(Stage& stage, Words& words) {
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  stage.lose_disk(*number);
  return words.end();
}

Result<void> wipe(Stage& stage, Words& words) {
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  stage.cluster().kill(*number);
  stage.cluster().disk(*number).wipe();
  stage.tell(*number);
  return words.end();
}

Result<void> new_disk(Stage& stage, Words& words) {
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  const bool founds = words.take_if("founding");
  stage.cluster().lose_disk(*number, founds);
  stage.tell(*number);
  return words.end();
}

Result<void> fail_disk(Stage& stage, Words& words) {
  static constexpr std::string_view kWays[] = {"write", "sync", "read", "full"};
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  auto way = words.take("WAY");
  if (!way) return tl::unexpected(way.error());
  Disk& disk = stage.cluster().disk(*number);
  DiskFaults faults;
  if (*way == "write") {
    faults.write_error = kAlways;
  } else if (*way == "sync") {
    faults.sync_error = kAlways;
  } else if (*way == "read") {
    faults.read_error = kAlways;
  } else if (*way == "full") {
    faults.capacity_bytes = disk.size_bytes();
  } else {
    return fail("A disk does not fail by \"" + *way + "\". " + suggestion(*way, kWays));
  }
  disk.set_faults(faults);
  return words.end();
}

Result<void> heal_disk(Stage& stage, Words& words) {
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  stage.cluster().disk(*number).heal();
  return words.end();
}

Result<void> rot(Stage& stage, Words& words) {
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  auto file = words.take("FILE");
  if (!file) return tl::unexpected(file.error());
  std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
  if (!words.empty()) {
    const auto pages = words.take_number("PAGES");
    if (!pages) return tl::unexpected(pages.error());
    end = std::min(*pages, end / store::kPageBytes) * store::kPageBytes;
  }
  if (!stage.cluster().disk(*number).rot(*file, end)) {
    std::string files;
    for (const std::string& each : stage.cluster().disk(*number).files()) files += " " + each;
    return fail("No durable part of \"" + *file + "\" could rot. The files are:" + files);
  }
  return words.end();
}

}  // namespace

const Chapter& disk_chapter() {
  static const Chapter kChapter{
      "Disks",
      "`writes` are those of the log file, `applies` those of the series file.",
      {
          {"hold NODE writes|applies | hold LINK",
           "From now on the node's disk keeps this work waiting; on a link, `settle` leaves the messages on their way.",
           hold},
          {"work NODE writes|applies",
           "Does the job that waits first: its effect is on the disk, but the node does not know of it yet.", work},
          {"done NODE writes|applies", "Tells the node that the job just worked on is done.", done},
          {"release NODE writes|applies | release LINK", "The disk does what waits, and works at once again.", release},
          {"lose-power NODE [POLICY] [at=N]",
           "The machine loses its power, now or at the N-th change of its disk from now. Of what was not synced "
           "survives what the policy says: nothing (unless another is given), everything, prefix, sectors, torn, "
           "size-first.",
           lose_power},
          {"lose-disk NODE", "The machine is gone for good, and everything on it.", lose_disk},
          {"new-disk NODE [founding]",
           "The machine loses its disk and gets an empty one: the node can be started again under its old name, and "
           "waits to be let in. That is fair as long as the others can do without it until a leader has admitted it. "
           "Founding: its settings still name those who found the cluster.",
           new_disk},
          {"wipe NODE",
           "Stops the node and empties its disk; it can be started again under its old name. No protocol survives "
           "that: it is unfair, and the oracle, which is not told, should say so.",
           wipe},
          {"fail-disk NODE write|sync|read|full",
           "From now on every such operation fails; a full disk fails what would make a file grow.", fail_disk},
          {"heal-disk NODE", "The disk is in order from now on. What was lost stays lost.", heal_disk},
          {"rot NODE FILE [PAGES]",
           "One bit of what the file durably holds flips, in its first PAGES pages if that is said: log.db or "
           "series.db.",
           rot},
      }};
  return kChapter;
}

}  // namespace timestore::sim::script
