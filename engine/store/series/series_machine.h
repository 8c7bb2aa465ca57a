// The series file as a replica's state machine (machine/state_machine.h).
#pragma once

#include <memory>
#include <string>

#include "engine/machine/state_machine.h"
#include "engine/raft/level.h"
#include "engine/series/apply_result.h"
#include "engine/store/series/series_file.h"

namespace timestore::store {

// The result, in a form that a replica can carry, and back. The latter requires that it is one of this machine.
[[nodiscard]] machine::Outcome outcome_of(const ApplyResult& result);
[[nodiscard]] ApplyResult result_of(const machine::Outcome& outcome);

struct SeriesMachineOptions {
  raft::Level known = raft::kHighestLevel;  // the highest feature level: a command of a later one is an error
  SeriesShape shape = {};                   // as SeriesFileOptions
  std::shared_ptr<FreshBoard> board = std::make_shared<PlainFreshBoard>();  // likewise
};

class SeriesMachine final : public machine::StateMachine {
 public:
  [[nodiscard]] static Result<std::unique_ptr<SeriesMachine>> open(const std::string& path, const std::string& vfs = "",
                                                                   const SeriesMachineOptions& options = {});

  std::string name() const override { return "The series file " + path_; }
  machine::Standing standing() const override;
  std::optional<raft::Configuration> configuration() const override { return file_->configuration(); }
  raft::Level level() const override { return file_->level(); }
  raft::ClusterId cluster() const override { return file_->cluster(); }
  [[nodiscard]] Result<std::vector<machine::Outcome>> apply(raft::Index first,
                                                            std::span<const raft::Entry> entries) override;
  [[nodiscard]] Result<void> make_durable() override;
  std::unique_ptr<machine::SnapshotWriter> begin_snapshot() override;
  [[nodiscard]] Result<std::unique_ptr<machine::IncomingSnapshot>> receive(
      const raft::SnapshotMeta& announced) override;

 private:
  SeriesMachine(std::string path, std::string vfs, std::unique_ptr<SeriesFile> file);

  std::string path_;
  std::string vfs_;
  std::unique_ptr<SeriesFile> file_;
};

}  // namespace timestore::store
