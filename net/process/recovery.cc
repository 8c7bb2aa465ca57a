#include "net/process/recovery.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <random>

#include "engine/store/log/log_file.h"
#include "engine/store/series/series_machine.h"
#include "net/base/settings.h"
#include "net/process/files.h"

namespace timestore::net {

namespace {

Result<void> check_owner(const store::LogFile::Recovered& recovered, const std::string& log_path,
                         const raft::NodeId& node) {
  if (!recovered.identity)
    return fail("The file " + log_path + " belongs to no node yet: there is nothing to recover.");
  if (node.empty() || recovered.identity->node == node) return {};
  return fail("The file " + log_path + " belongs to node \"" + recovered.identity->node + "\", not to \"" + node +
              "\".");
}

raft::ClusterId random_cluster_id() {
  std::random_device device;
  const auto half = [&device] {
    const std::uint64_t high = device();
    return high << 32 | device();
  };
  const std::uint64_t high = half();
  const std::uint64_t low = half();
  return {high, std::max<std::uint64_t>(low, 1)};
}

}  // namespace

Result<replica::Recovery> recover_single(const std::string& database, const raft::NodeId& node) {
  const auto log_path = log_path_of(database);
  if (!log_path) return tl::unexpected(log_path.error());
  if (auto usable = check_files(database, *log_path); !usable) return tl::unexpected(usable.error());
  std::error_code unknown;
  if (!std::filesystem::exists(*log_path, unknown))
    return fail("There is no file " + *log_path + ": nothing to recover.");
  auto log = store::LogFile::open(*log_path);
  if (!log) return tl::unexpected(log.error());
  if (auto owned = check_owner((*log)->recovered(), *log_path, node); !owned) return tl::unexpected(owned.error());
  const auto machine = store::SeriesMachine::open(database);
  if (!machine) return tl::unexpected(machine.error());
  return replica::recover_alone(**log, **machine, random_cluster_id());
}

}  // namespace timestore::net
