#include "sim/disk/disk.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/base/mark.h"

namespace timestore::sim {

namespace {

constexpr std::uint64_t kMillion = 1'000'000;
constexpr std::uint64_t kRotBytes = 4096;  // rot chooses among stretches of so many

}  // namespace

// ------------------------------------------------------------------------------------------------------ files

tl::expected<Disk::FileNumber, DiskError> Disk::open(std::string_view path, bool create) {
  if (is_off_) return tl::unexpected(DiskError::kOff);
  if (const auto found = names_.find(path); found != names_.end()) {
    if (fails_to_look()) return tl::unexpected(DiskError::kIo);
    return found->second;
  }
  if (!create) return tl::unexpected(DiskError::kNotFound);
  if (const auto error = begin_change(faults_.write_error)) return tl::unexpected(*error);
  files_.emplace(++last_file_, File{});
  change_names({NameChange::Kind::kCreated, 0, last_file_, std::string(path), {}});
  return last_file_;
}

tl::expected<Disk::File*, DiskError> Disk::find(FileNumber number) {
  const auto found = files_.find(number);
  if (found == files_.end()) return tl::unexpected(DiskError::kNotFound);
  return &found->second;
}

tl::expected<std::size_t, DiskError> Disk::read(FileNumber number, std::span<std::uint8_t> into, std::uint64_t offset) {
  if (is_off_) return tl::unexpected(DiskError::kOff);
  const auto file = find(number);
  if (!file) return tl::unexpected(file.error());
  ++counts_.reads;
  const bool fails_as_planned = read_fails_in_ != 0 && --read_fails_in_ == 0;
  if (fails_as_planned || (faults_.read_error != 0 && choices_.chance(faults_.read_error, kMillion))) {
    TIMESTORE_MARK("disk: a read failed");
    ++counts_.faults;
    return tl::unexpected(DiskError::kIo);
  }
  const PagedBytes& bytes = (*file)->bytes;
  if (offset >= bytes.size()) return 0;
  const std::size_t count = std::min<std::size_t>(into.size(), bytes.size() - offset);
  bytes.read(offset, into.first(count));
  return count;
}

// How many of the bytes up to `new_size` the disk can take.
std::uint64_t Disk::room_for(FileNumber number, const File& file, std::uint64_t new_size) const {
  if (new_size <= file.bytes.size()) return new_size;
  if (!faults_.full_files.empty()) {
    for (auto name = names_.lower_bound(faults_.full_files); name != names_.end(); ++name) {
      if (!name->first.starts_with(faults_.full_files)) break;
      if (name->second == number) return file.bytes.size();
    }
  }
  if (!faults_.capacity_bytes) return new_size;
  const std::uint64_t used = size_bytes();
  const std::uint64_t free = *faults_.capacity_bytes > used ? *faults_.capacity_bytes - used : 0;
  return std::min<std::uint64_t>(new_size, file.bytes.size() + free);
}

// A write that fails stops anywhere in what is new, but never within a sector that the file has: memory took it whole.
std::uint64_t Disk::part_done(const File& file, std::uint64_t offset, std::uint64_t count) {
  const std::uint64_t end = offset + count;
  return end >= file.bytes.size() ? count : std::max(offset, end / kSectorBytes * kSectorBytes) - offset;
}

tl::expected<void, DiskError> Disk::write(FileNumber number, std::span<const std::uint8_t> bytes,
                                          std::uint64_t offset) {
  auto error = begin_change(faults_.write_error);
  if (error == DiskError::kOff) return tl::unexpected(*error);
  const auto file = find(number);
  if (!file) return tl::unexpected(file.error());
  std::uint64_t count = bytes.size();
  if (error) {
    count = part_done(**file, offset, choices_.named("disk.part").on(counts_.changes).below(bytes.size() + 1));
  } else if (const std::uint64_t room = room_for(number, **file, offset + count); room < offset + count) {
    ++counts_.faults;
    error = DiskError::kFull;
    count = room < offset ? 0 : room - offset;
  }
  if (error && count > 0) TIMESTORE_MARK("disk: a write that failed was done in part");
  if (count > 0) (*file)->write(bytes.first(count), offset, ++last_sequence_);
  if (error == DiskError::kFull) TIMESTORE_MARK("disk: the disk was full");
  if (error) return tl::unexpected(*error);
  return {};
}

tl::expected<void, DiskError> Disk::truncate(FileNumber number, std::uint64_t size_bytes) {
  if (const auto error = begin_change(faults_.write_error)) return tl::unexpected(*error);
  const auto file = find(number);
  if (!file) return tl::unexpected(file.error());
  if (room_for(number, **file, size_bytes) < size_bytes) {
    ++counts_.faults;
    return tl::unexpected(DiskError::kFull);
  }
  (*file)->truncate(size_bytes, ++last_sequence_);
  return {};
}

tl::expected<void, DiskError> Disk::sync(FileNumber number) {
  const auto error = begin_change(faults_.sync_error);
  if (error == DiskError::kOff) return tl::unexpected(*error);
  const auto file = find(number);
  if (!file) return tl::unexpected(file.error());
  ++counts_.syncs;
  if (error) {
    TIMESTORE_MARK("disk: a sync failed");
    (*file)->fail_to_sync();
    return tl::unexpected(*error);
  }
  (*file)->succeed_to_sync();
  return {};
}

bool Disk::fails_to_look() {
  if (look_fails_in_ == 0 || --look_fails_in_ != 0) return false;
  ++counts_.faults;
  return true;
}

tl::expected<std::uint64_t, DiskError> Disk::size(FileNumber number) {
  if (is_off_) return tl::unexpected(DiskError::kOff);
  if (fails_to_look()) return tl::unexpected(DiskError::kIo);
  const auto found = files_.find(number);
  if (found == files_.end()) return tl::unexpected(DiskError::kNotFound);
  return found->second.bytes.size();
}

// ------------------------------------------------------------------------------------------------------ names

tl::expected<void, DiskError> Disk::remove(std::string_view path) {
  if (is_off_) return tl::unexpected(DiskError::kOff);
  const auto found = names_.find(path);
  if (found == names_.end()) return tl::unexpected(DiskError::kNotFound);
  if (const auto error = begin_change(faults_.write_error)) return tl::unexpected(*error);
  change_names({NameChange::Kind::kRemoved, 0, found->second, std::string(path), {}});
  return {};
}

tl::expected<void, DiskError> Disk::rename(std::string_view from, std::string_view to) {
  if (is_off_) return tl::unexpected(DiskError::kOff);
  const auto found = names_.find(from);
  if (found == names_.end()) return tl::unexpected(DiskError::kNotFound);
  if (const auto error = begin_change(faults_.write_error)) return tl::unexpected(*error);
  if (from != to) change_names({NameChange::Kind::kRenamed, 0, found->second, std::string(from), std::string(to)});
  return {};
}

tl::expected<void, DiskError> Disk::sync_directory() {
  if (const auto error = begin_change(faults_.sync_error)) return tl::unexpected(*error);
  ++counts_.syncs;
  if (name_changes_.empty()) return {};
  durable_names_ = names_;
  name_changes_.clear();
  return {};
}

void Disk::change_names(NameChange change) {
  change.sequence = ++last_sequence_;
  change.apply_to(names_);
  name_changes_.push_back(std::move(change));
}

bool Disk::NameChange::applies_to(const Names& names) const {
  const auto found = names.find(path);
  return kind == Kind::kCreated ? found == names.end() : found != names.end() && found->second == file;
}

void Disk::NameChange::apply_to(Names& names) const {
  switch (kind) {
    case Kind::kCreated:
      names[path] = file;
      return;
    case Kind::kRemoved:
      names.erase(path);
      return;
    case Kind::kRenamed:
      names.erase(path);
      names[to] = file;
      return;
  }
}

// -------------------------------------------------------------------------------------------------- the world

std::optional<DiskError> Disk::begin_change(std::uint32_t chance_of_error) {
  if (is_off_) return DiskError::kOff;
  if (observer_.call) observer_.call(*this);
  if (power_ends_in_ != 0 && --power_ends_in_ == 0) {
    TIMESTORE_MARK("disk: the power went at a planned moment");
    ++counts_.faults;
    is_off_ = true;
    return DiskError::kOff;
  }
  ++counts_.changes;
  const bool fails_as_planned = change_fails_in_ != 0 && --change_fails_in_ == 0;
  if (fails_as_planned) {
    ++counts_.faults;
    return planned_error_;
  }
  if (chance_of_error != 0 && choices_.chance(chance_of_error, kMillion)) {
    ++counts_.faults;
    return DiskError::kIo;
  }
  return std::nullopt;
}

void Disk::fail_change_at(std::uint64_t change, DiskError error) {
  TIMESTORE_CHECK(error == DiskError::kIo || error == DiskError::kFull, "a planned failure is an error or a full disk");
  change_fails_in_ = change;
  planned_error_ = error;
}

void Disk::heal() {
  faults_ = {};
  power_ends_in_ = 0;
  change_fails_in_ = 0;
  read_fails_in_ = 0;
  look_fails_in_ = 0;
}

void Disk::kill() { begin_life(); }

void Disk::wipe() {
  names_.clear();
  durable_names_.clear();
  name_changes_.clear();
  begin_life();
}

// Nobody has a file open now: those without a name, and without a chance to get one back, are gone.
void Disk::begin_life() {
  ++life_;
  std::vector<FileNumber> kept;
  for (const auto& [path, number] : names_) kept.push_back(number);
  for (const auto& [path, number] : durable_names_) kept.push_back(number);
  for (const NameChange& change : name_changes_) kept.push_back(change.file);
  std::sort(kept.begin(), kept.end());
  std::erase_if(files_, [&](const auto& entry) { return !std::binary_search(kept.begin(), kept.end(), entry.first); });
}

bool Disk::rot(std::string_view path, std::uint64_t end) {
  const auto found = names_.find(path);
  if (found == names_.end()) return false;
  File& file = files_.at(found->second);
  const std::uint64_t durable_end = std::min({file.durable_size, file.bytes.size(), end});
  std::vector<bool> is_hot((durable_end + kRotBytes - 1) / kRotBytes, false);
  for (const Change& change : file.changes) {
    const std::uint64_t hot_end = std::min(change.end(), durable_end);
    for (std::uint64_t page = change.offset / kRotBytes; page * kRotBytes < hot_end; ++page) is_hot[page] = true;
  }
  for (const auto& [sector, old] : file.lost) {
    if (const std::uint64_t page = sector * kSectorBytes / kRotBytes; page < is_hot.size()) is_hot[page] = true;
  }
  std::vector<std::uint64_t> cold;
  for (std::uint64_t page = 0; page < is_hot.size(); ++page) {
    if (!is_hot[page]) cold.push_back(page);
  }
  if (cold.empty()) return false;
  // Every other time near the end, where damage is most easily taken for what a crash has torn.
  Stream choices = choices_.named("disk.rot").on(++rotten_bits_);
  const std::uint64_t near_end = std::min<std::uint64_t>(cold.size(), 8);
  const std::uint64_t back = choices.below(choices.below(2) == 1 ? near_end : cold.size());
  const std::uint64_t begin = cold[cold.size() - 1 - back] * kRotBytes;
  const std::uint64_t bit = choices.below(8 * std::min(kRotBytes, durable_end - begin));
  file.bytes.flip_bit(begin + bit / 8, static_cast<unsigned>(bit % 8));
  TIMESTORE_MARK("disk: a bit rotted");
  ++counts_.faults;
  return true;
}

// ------------------------------------------------------------------------------------------------ what is known

bool Disk::is_synced(std::string_view path_prefix) const {
  const auto is_meant = [&](std::string_view path) { return path.starts_with(path_prefix); };
  for (auto named = names_.lower_bound(path_prefix); named != names_.end() && is_meant(named->first); ++named) {
    if (!files_.at(named->second).is_synced()) return false;
  }
  return std::none_of(name_changes_.begin(), name_changes_.end(),
                      [&](const NameChange& change) { return is_meant(change.path) || is_meant(change.to); });
}

std::vector<std::uint8_t> Disk::durable_beginning(std::string_view path) const {
  const auto found = names_.find(path);
  if (found == names_.end()) return {};
  const File& file = files_.at(found->second);
  std::uint64_t end = std::min(file.durable_size, file.bytes.size());
  for (const Change& change : file.changes) end = std::min(end, change.offset);
  if (!file.lost.empty()) end = std::min(end, file.lost.begin()->first * kSectorBytes);
  std::vector<std::uint8_t> beginning(end);
  file.bytes.read(0, beginning);
  return beginning;
}

std::uint64_t Disk::size_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, number] : names_) bytes += files_.at(number).bytes.size();
  return bytes;
}

std::vector<std::string> Disk::files() const {
  std::vector<std::string> paths;
  for (const auto& [path, number] : names_) paths.push_back(path);
  return paths;
}

std::uint64_t Disk::hash() const {
  Hasher hasher;
  for (const auto& [path, number] : names_) {
    const PagedBytes& bytes = files_.at(number).bytes;
    hasher.add(std::string_view(path)).add(bytes.size());
    bytes.for_each_piece(0, bytes.size(), [&](std::span<const std::uint8_t> piece) { hasher.add_block(piece); });
  }
  return hasher.value();
}

}  // namespace timestore::sim
