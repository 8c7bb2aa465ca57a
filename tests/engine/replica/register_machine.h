// The smallest state machine that a replica can drive: one register. A command is its next value, an outcome tells the
// one before.
//
// It lives in memory and is saved as a whole, under a new name that then takes the place of the old one. So it is
// durable only as far as it was saved, and after a crash it applies again what came later.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/machine/state_machine.h"

namespace timestore::replica::testing {

class RegisterMachine final : public machine::StateMachine {
 public:
  enum class Code : std::uint32_t { kNothing, kSet };

  struct State {
    raft::Position applied;
    std::uint64_t hash = 0;
    std::string configuration;  // as text; empty: none yet
    raft::Level level = raft::kOriginalLevel;
    raft::ClusterId cluster;
    std::string value;
    bool operator==(const State&) const = default;
  };

  [[nodiscard]] static Result<std::unique_ptr<RegisterMachine>> open(const std::string& path,
                                                                     const std::string& vfs = "");

  const std::string& value() const { return state_.value; }

  std::size_t room = std::numeric_limits<std::size_t>::max();  // entries that can be applied; then the disk is full

  std::string name() const override { return "The register " + path_; }
  machine::Standing standing() const override;
  std::optional<raft::Configuration> configuration() const override;
  raft::Level level() const override { return state_.level; }
  raft::ClusterId cluster() const override { return state_.cluster; }
  [[nodiscard]] Result<std::vector<machine::Outcome>> apply(raft::Index first,
                                                            std::span<const raft::Entry> entries) override;
  [[nodiscard]] Result<void> make_durable() override;
  std::unique_ptr<machine::SnapshotWriter> begin_snapshot() override;
  [[nodiscard]] Result<std::unique_ptr<machine::IncomingSnapshot>> receive(
      const raft::SnapshotMeta& announced) override;

 private:
  class Arriving;
  RegisterMachine(std::string path, std::string vfs) : path_(std::move(path)), vfs_(std::move(vfs)) {}
  machine::Outcome apply(raft::Position position, const raft::Entry& entry);
  Result<void> save(const State& state);

  std::string path_;
  std::string vfs_;
  State state_;
  raft::Index durable_ = 0;
};

}  // namespace timestore::replica::testing
