#include "tools/recover.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <string>

#include "net/base/settings.h"
#include "net/process/recovery.h"

namespace timestore::tools {

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongArguments = 2;

constexpr const char* kWarning =
    "WARNING: this node becomes a cluster of its own, by force.\n"
    "  * Writes that the others acknowledged and that never reached this node are lost.\n"
    "  * Writes that reached it without being acknowledged may be stored.\n"
    "  * The other nodes must never be started again with their old data: they could go on as another\n"
    "    cluster. Wipe them, and let them join this one: timestored --join.\n";

int fail(int status, const std::string& sentence) {
  std::fprintf(stderr, "timestored: %s\n", sentence.c_str());
  return status;
}

int report(const replica::Recovery& recovery) {
  const std::string node = "Node \"" + recovery.node + "\"";
  if (recovery.gone.empty() && !recovery.was_novice) {
    std::printf("%s is the only member already. Nothing was changed.\n", node.c_str());
    return kDone;
  }
  std::string gone;
  for (const std::string& id : recovery.gone) gone += (gone.empty() ? "" : ", ") + id;
  std::printf("%s is the only member now, with its log up to entry %llu of term %llu.\n", node.c_str(),
              static_cast<unsigned long long>(recovery.last.index),
              static_cast<unsigned long long>(recovery.last.term));
  if (!gone.empty()) std::printf("Removed from the members: %s.\n", gone.c_str());
  if (recovery.was_novice)
    std::printf("It had lost its disk, and no leader had admitted it again: it may lack more than the warning says.\n");
  std::printf("Start it as before; it no longer needs --peers.\n");
  return kDone;
}

}  // namespace

int recover(int argc, char** argv) {
  std::string database;
  std::string node;
  bool is_forced = false;
  CLI::App app("Turns a stopped node into a cluster of one, for when all other nodes are lost for good.",
               "timestored recover");
  app.add_option("--database", database, "The series file; the log file NAME.raft.db stands beside it")->required();
  app.add_option("--node-id", node, "Refuse files that belong to another node");
  app.add_flag("--force-single", is_forced, "Confirm that all other nodes are lost for good");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return fail(kWrongArguments, error.what());
  }
  std::fputs(kWarning, stderr);
  if (!is_forced) {
    return fail(kWrongArguments, "Nothing was changed. Add --force-single if all other nodes are lost for good.");
  }
  const auto recovery = net::recover_single(database, node);
  if (!recovery) return fail(kFailed, recovery.error().message);
  return report(*recovery);
}

}  // namespace timestore::tools
