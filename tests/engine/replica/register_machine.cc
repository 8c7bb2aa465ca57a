#include "tests/engine/replica/register_machine.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/checksum.h"
#include "engine/base/hash.h"
#include "engine/store/sqlite/plain_file.h"

namespace timestore::replica::testing {

namespace {

using State = RegisterMachine::State;

std::string encode(const State& state) {
  std::ostringstream text;
  text << state.applied.term << ' ' << state.applied.index << ' ' << state.hash << ' ' << state.configuration.size()
       << ' ' << state.level << ' ' << raft::to_text(state.cluster) << '\n'
       << state.configuration << state.value;
  return text.str();
}

std::optional<State> decode(const std::string& text) {
  std::istringstream head(text.substr(0, text.find('\n')));
  State state;
  std::size_t size = 0;
  std::string cluster;
  if (!(head >> state.applied.term >> state.applied.index >> state.hash >> size >> state.level >> cluster)) {
    return std::nullopt;
  }
  state.cluster = raft::parse_cluster_id(cluster).value_or(raft::ClusterId{});
  const std::size_t body = text.find('\n') + 1;
  if (body == 0 || size > text.size() - body) return std::nullopt;
  state.configuration = text.substr(body, size);
  state.value = text.substr(body + size);
  return state;
}

raft::SnapshotMeta meta_of(const State& state, const std::string& bytes) {
  return {.applied = state.applied, .state_hash = state.hash, .size_bytes = bytes.size(), .checksum = crc32(bytes)};
}

class Lent final : public machine::Snapshot {
 public:
  explicit Lent(const State& state) : bytes_(encode(state)), meta_(meta_of(state, bytes_)) {}
  const raft::SnapshotMeta& meta() const override { return meta_; }
  bool has_part_at(std::uint64_t offset) const override { return offset < bytes_.size(); }
  Result<machine::SnapshotPart> read_part(std::uint64_t offset, std::uint64_t max_bytes) override {
    std::string bytes = bytes_.substr(offset, max_bytes);
    const std::uint32_t checksum = crc32(bytes);
    return machine::SnapshotPart{.bytes = std::move(bytes), .checksum = checksum};
  }

 private:
  std::string bytes_;
  raft::SnapshotMeta meta_;
};

// In two steps, so that something can be applied in between.
class Making final : public machine::SnapshotWriter {
 public:
  explicit Making(State state) : state_(std::move(state)) {}
  raft::Index applied() const override { return state_.applied.index; }
  Result<Step> step(std::uint64_t) override {
    if (std::exchange(is_begun_, true)) return Step{.is_over = true, .snapshot = std::make_unique<Lent>(state_)};
    return Step{};
  }

 private:
  State state_;
  bool is_begun_ = false;
};

}  // namespace

class RegisterMachine::Arriving final : public machine::IncomingSnapshot {
 public:
  Arriving(RegisterMachine& machine, const raft::SnapshotMeta& announced) : machine_(machine), announced_(announced) {}
  std::uint64_t next_offset() const override { return bytes_.size(); }
  bool is_complete() const override { return bytes_.size() == announced_.size_bytes; }
  Result<bool> add_part(std::uint64_t offset, std::string_view bytes, std::uint32_t checksum) override {
    if (offset != bytes_.size() || bytes.size() > announced_.size_bytes - offset || crc32(bytes) != checksum)
      return false;
    bytes_ += bytes;
    return true;
  }
  Result<void> finish() override {
    state_ = decode(bytes_);
    if (state_ && meta_of(*state_, bytes_) == announced_) return {};
    return fail("The register that another node sent is not the one that it announced.");
  }
  raft::Level level() const override { return state_->level; }
  Result<bool> install() override {
    if (auto saved = machine_.save(*state_); !saved) {
      if (saved.error().is_full) return false;
      return tl::unexpected(std::move(saved.error()));
    }
    machine_.state_ = *state_;
    return true;
  }

 private:
  RegisterMachine& machine_;
  raft::SnapshotMeta announced_;
  std::string bytes_;
  std::optional<State> state_;
};

Result<std::unique_ptr<RegisterMachine>> RegisterMachine::open(const std::string& path, const std::string& vfs) {
  std::unique_ptr<RegisterMachine> machine(new RegisterMachine(path, vfs));
  const auto exists = store::file_exists(path, vfs);
  if (!exists) return tl::unexpected(exists.error());
  if (!*exists) return machine;
  auto file = store::PlainFile::open(path, vfs, store::PlainFile::Mode::kExisting);
  if (!file) return tl::unexpected(std::move(file.error()));
  const auto size = file->size_bytes();
  if (!size) return tl::unexpected(size.error());
  std::vector<std::uint8_t> bytes(*size);
  if (auto read = file->read(bytes, 0); !read) return tl::unexpected(std::move(read.error()));
  const auto state = decode({bytes.begin(), bytes.end()});
  if (!state) return fail("The register " + path + " is damaged.");
  machine->state_ = *state;
  machine->durable_ = state->applied.index;
  return machine;
}

Result<void> RegisterMachine::save(const State& state) {
  const std::string text = encode(state);
  auto file = store::PlainFile::open(path_ + "-new", vfs_, store::PlainFile::Mode::kNew);
  if (!file) return tl::unexpected(std::move(file.error()));
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  if (auto written = file->write(bytes, 0); !written) return written;
  if (auto synced = file->sync(); !synced) return synced;
  if (auto renamed = file->rename(path_); !renamed) return renamed;
  durable_ = state.applied.index;
  return {};
}

machine::Standing RegisterMachine::standing() const {
  return {.applied = state_.applied, .state_hash = state_.hash, .durable = durable_};
}

std::optional<raft::Configuration> RegisterMachine::configuration() const {
  if (state_.configuration.empty()) return std::nullopt;
  return raft::decode_configuration(state_.configuration).value();
}

Result<std::vector<machine::Outcome>> RegisterMachine::apply(raft::Index first, std::span<const raft::Entry> entries) {
  TIMESTORE_CHECK(first == state_.applied.index + 1, "log entries are applied once and in order");
  std::vector<machine::Outcome> outcomes;
  for (const raft::Entry& entry : entries) {
    if (room == 0) break;
    --room;
    outcomes.push_back(apply({.term = entry.term, .index = first + outcomes.size()}, entry));
  }
  return outcomes;
}

machine::Outcome RegisterMachine::apply(raft::Position position, const raft::Entry& entry) {
  const std::string_view bytes = entry.payload.view();
  state_.applied = position;
  state_.hash = Hasher().add(state_.hash).add(position.index).add(position.term).add(bytes).value();
  switch (entry.kind) {
    case raft::EntryKind::kNoop:
      state_.cluster = raft::decode_cluster(bytes).value_or(state_.cluster);
      break;
    case raft::EntryKind::kMembers:
      state_.configuration = bytes;
      break;
    case raft::EntryKind::kLevel:
      state_.level = std::max(state_.level, raft::decode_level(bytes).value());
      break;
    case raft::EntryKind::kCommand:
      return {.code = static_cast<std::uint32_t>(Code::kSet),
              .detail = raft::Payload(std::exchange(state_.value, std::string(bytes)))};
  }
  return {.code = static_cast<std::uint32_t>(Code::kNothing)};
}

Result<void> RegisterMachine::make_durable() {
  auto saved = save(state_);
  if (saved || saved.error().is_full) return {};
  return saved;
}

std::unique_ptr<machine::SnapshotWriter> RegisterMachine::begin_snapshot() { return std::make_unique<Making>(state_); }

Result<std::unique_ptr<machine::IncomingSnapshot>> RegisterMachine::receive(const raft::SnapshotMeta& announced) {
  if (announced.size_bytes == 0 || announced.size_bytes > 1 << 20) return fail("No register is so large.");
  return std::make_unique<Arriving>(*this, announced);
}

}  // namespace timestore::replica::testing
