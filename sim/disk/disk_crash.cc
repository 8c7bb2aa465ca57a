// What a file remembers until it is synced, and what a loss of power makes of it.
//
// Writing changes a file's bytes at once and keeps what undoes the change. So a sync only has to forget, and a loss of
// power, which is rare, pays: it undoes everything back to the last sync, and does again what survives.
#include <algorithm>
#include <span>
#include <utility>

#include "engine/base/mark.h"
#include "sim/disk/disk.h"

namespace timestore::sim {

namespace {

constexpr std::size_t kSectorBytes = Disk::kSectorBytes;

// The part of a write that lies in one sector.
struct Piece {
  std::uint64_t sector;
  std::uint64_t offset;  // in the file
  std::uint64_t size_bytes;
};

// Calls `visit(piece)` for the sectors of [begin, end), in order.
template <typename Visit>
void for_each_piece(std::uint64_t begin, std::uint64_t end, const Visit& visit) {
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t sector = at / kSectorBytes;
    const std::uint64_t next = std::min(end, (sector + 1) * kSectorBytes);
    visit(Piece{sector, at, next - at});
    at = next;
  }
}

}  // namespace

std::string_view name_of(CrashPolicy policy) {
  switch (policy) {
    case CrashPolicy::kNothing:
      return "nothing";
    case CrashPolicy::kEverything:
      return "everything";
    case CrashPolicy::kPrefix:
      return "prefix";
    case CrashPolicy::kSectors:
      return "sectors";
    case CrashPolicy::kTorn:
      return "torn";
    case CrashPolicy::kSizeFirst:
      return "size-first";
  }
  return "";
}

// ------------------------------------------------------------------------------------------------------ a file

void Disk::File::write(std::span<const std::uint8_t> from, std::uint64_t offset, std::uint64_t sequence) {
  const std::uint64_t old_size = bytes.size();
  const std::uint64_t end = offset + from.size();
  changes.push_back({sequence, offset, from.size(), old_size, undo.size(), false});
  if (bytes.holds(offset, from)) return;  // nothing to undo: a start writes a whole log again
  if (offset < old_size) remember(offset, std::min(end, old_size));
  bytes.write(offset, from);
}

void Disk::File::truncate(std::uint64_t size_bytes, std::uint64_t sequence) {
  const std::uint64_t old_size = bytes.size();
  if (size_bytes == old_size) return;
  changes.push_back({sequence, size_bytes, 0, old_size, undo.size(), true});
  if (size_bytes < old_size) remember(size_bytes, old_size);
  bytes.resize(size_bytes);
}

void Disk::File::succeed_to_sync() {
  if (!lost.empty()) {
    for (const Change& change : changes) {
      for_each_piece(change.offset, change.end(), [&](const Piece& piece) { lost.erase(piece.sector); });
    }
  }
  keep_sizes();
  forget_changes();
  durable_size = bytes.size();
  lost.erase(lost.lower_bound((durable_size + kSectorBytes - 1) / kSectorBytes), lost.end());  // beyond the end
}

// Once a later size is durable, so are all that the file had before: what a truncation cut off does not come back.
void Disk::File::keep_sizes() {
  const std::uint64_t end = std::exchange(lost_cut, kNever);
  if (end == kNever) return;
  for (auto cut = lost.lower_bound(end / kSectorBytes); cut != lost.end(); ++cut) {
    const std::uint64_t begin = cut->first * kSectorBytes;
    std::fill(cut->second.begin() + static_cast<std::ptrdiff_t>(begin < end ? end - begin : 0), cut->second.end(), 0);
  }
}

// The sectors that were to be written are seen as they are, and stay on the disk as they were.
void Disk::File::fail_to_sync() {
  PagedBytes seen = bytes;
  take_back();
  for (const Change& change : changes) {
    if (change.is_truncation) lost_cut = std::min(lost_cut, change.offset);
    for_each_piece(change.offset, change.end(), [&](const Piece& piece) {
      const std::uint64_t begin = piece.sector * kSectorBytes;
      Sector old = {};
      if (begin < bytes.size()) {
        bytes.read(begin, std::span(old).first(std::min<std::uint64_t>(kSectorBytes, bytes.size() - begin)));
      }
      lost.emplace(piece.sector, old);  // no effect when it is lost already: then the older one is on the disk
    });
  }
  bytes = std::move(seen);
  forget_changes();
}

void Disk::File::forget_changes() {
  changes.clear();
  undo.resize(0);
}

PagedBytes Disk::File::take_back() {
  std::uint64_t total = 0;
  for (const Change& change : changes) total += change.written;
  PagedBytes redo;
  redo.resize(total);
  std::uint64_t undo_end = undo.size();
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    total -= change->written;
    redo.write(total, bytes, change->offset, change->offset + change->written);
    bytes.resize(change->old_size);
    bytes.write(std::min(change->offset, change->old_size), undo, change->undo_at, undo_end);
    undo_end = change->undo_at;
  }
  return redo;
}

// ----------------------------------------------------------------------------------------------- a loss of power

struct Disk::Survival {
  CrashPolicy policy;
  std::uint64_t cut;  // changes before this one, in the order of all, survive under policies that keep the order
  Stream& choices;

  bool keeps(std::uint64_t sequence) const { return sequence < cut || policy == CrashPolicy::kSizeFirst; }

  // How many of a file's changes of size survive.
  std::size_t sizes_kept(const std::vector<Change>& changes) const {
    if (policy == CrashPolicy::kSectors) return changes.size() - choices.below(changes.size() + 1);
    std::size_t kept = 0;
    while (kept < changes.size() && keeps(changes[kept].sequence)) ++kept;
    const bool is_torn = policy == CrashPolicy::kTorn && kept < changes.size() && changes[kept].sequence == cut;
    return is_torn ? kept + choices.below(2) : kept;
  }

  // For each sector of a file: how many of the file's changes it has seen. A sector that holds one write, holds what
  // was written to it before, too.
  std::vector<std::size_t> changes_kept(const std::vector<Change>& changes) const {
    std::uint64_t end = 0;
    for (const Change& change : changes) end = std::max(end, change.end());
    std::vector<std::size_t> kept(end / kSectorBytes + 1, 0);
    const std::uint64_t chance = policy == CrashPolicy::kSectors ? 16 - choices.below(16) : 8;  // of 16
    bool is_out_of_order = false;
    for (std::size_t number = 0; number < changes.size(); ++number) {
      const Change& change = changes[number];
      const bool is_undecided =
          policy == CrashPolicy::kSectors || (policy == CrashPolicy::kTorn && change.sequence == cut);
      bool some_survive = false;
      bool some_are_lost = false;
      for_each_piece(change.offset, change.data_end(), [&](const Piece& piece) {
        const bool survives = is_undecided ? choices.below(16) < chance : change.sequence < cut;
        (survives ? some_survive : some_are_lost) = true;
        if (survives) kept[piece.sector] = number + 1;
      });
      if (some_survive && some_are_lost) TIMESTORE_MARK("disk: a write was torn between sectors");
      if (some_survive && is_out_of_order) TIMESTORE_MARK("disk: a write survived an earlier one");
      is_out_of_order = is_out_of_order || some_are_lost;
    }
    return kept;
  }
};

Disk::Survival Disk::survival_under(CrashPolicy policy, Stream& choices) const {
  Survival survival{policy, 0, choices};
  switch (policy) {
    case CrashPolicy::kNothing:
    case CrashPolicy::kSectors:
    case CrashPolicy::kSizeFirst:
      return survival;
    case CrashPolicy::kEverything:
      survival.cut = kNever;
      return survival;
    case CrashPolicy::kPrefix:
    case CrashPolicy::kTorn:
      break;
  }
  std::vector<std::uint64_t> pending;
  for (const auto& [number, file] : files_) {
    for (const Change& change : file.changes) pending.push_back(change.sequence);
  }
  for (const NameChange& change : name_changes_) pending.push_back(change.sequence);
  std::sort(pending.begin(), pending.end());
  const std::size_t survivors = pending.size() - choices.below(pending.size() + 1);
  survival.cut = survivors < pending.size() ? pending[survivors] : kNever;
  return survival;
}

void Disk::lose_power(CrashPolicy policy) {
  Stream choices = choices_.named("disk.crash").on(life_ + 1);
  const Survival survival = survival_under(policy, choices);
  for (auto& [number, file] : files_) lose_changes(file, survival);
  names_ = surviving_names(survival);
  durable_names_ = names_;
  name_changes_.clear();
  is_off_ = false;
  power_ends_in_ = 0;
  change_fails_in_ = 0;
  read_fails_in_ = 0;
  look_fails_in_ = 0;
  begin_life();
}

void Disk::lose_changes(File& file, const Survival& survival) {
  if (file.is_synced()) return;
  const std::size_t sizes_kept = survival.sizes_kept(file.changes);
  const std::vector<std::size_t> kept = survival.changes_kept(file.changes);
  const PagedBytes redo = file.take_back();
  if (sizes_kept > 0) file.keep_sizes();
  restore_lost(file, survival, kept);

  std::uint64_t redo_at = 0;
  std::uint64_t reachable = kNever;  // up to where a truncation was taken back: what was written there later is lost
  std::uint64_t data_end = std::min(file.durable_size, file.bytes.size());
  for (std::size_t number = 0; number < file.changes.size(); ++number) {
    const Change& change = file.changes[number];
    for_each_piece(change.offset, change.data_end(), [&](const Piece& piece) {
      const std::uint64_t end = piece.offset + piece.size_bytes;
      if (number < kept[piece.sector] && end <= reachable) {
        if (change.is_truncation) {
          file.bytes.fill_with_zeros(piece.offset, end);
        } else {
          file.bytes.write(piece.offset, redo, redo_at, redo_at + piece.size_bytes);
          data_end = std::max(data_end, end);
        }
      }
      if (!change.is_truncation) redo_at += piece.size_bytes;
    });
    if (change.is_truncation && number < sizes_kept) {
      if (change.offset < file.bytes.size()) file.bytes.resize(change.offset);
      data_end = std::min(data_end, change.offset);
    } else if (change.is_truncation && change.offset < change.old_size) {
      reachable = std::min(reachable, end_of_sector(change.offset));
    }
  }
  if (sizes_kept > 0) file.durable_size = file.changes[sizes_kept - 1].new_size();
  if (file.durable_size > data_end) TIMESTORE_MARK("disk: a file grew without its data");
  file.bytes.resize(file.durable_size);
  file.forget_changes();
}

// Sectors that a failed sync lost are seen as the disk holds them, unless they were written again.
void Disk::restore_lost(File& file, const Survival& survival, const std::vector<std::size_t>& kept) {
  for (const auto& [sector, on_disk] : file.lost) {
    if (sector < kept.size() && kept[sector] > 0) continue;
    if (survival.policy == CrashPolicy::kSectors && survival.choices.below(2) == 0) {
      TIMESTORE_MARK("disk: what a failed sync should have written was on the disk all the same");
      continue;
    }
    TIMESTORE_MARK("disk: what a failed sync had lost was gone");
    const std::uint64_t begin = sector * kSectorBytes;
    file.bytes.write(begin, on_disk);
  }
  file.lost.clear();
  file.lost_cut = kNever;
}

Disk::Names Disk::surviving_names(const Survival& survival) {
  Names names = durable_names_;
  for (const NameChange& change : name_changes_) {
    const bool survives = survival.policy == CrashPolicy::kSectors
                              ? survival.choices.below(2) == 0 && change.applies_to(names)
                              : survival.keeps(change.sequence);
    if (survives) {
      change.apply_to(names);
      continue;
    }
    switch (change.kind) {
      case NameChange::Kind::kCreated:
        TIMESTORE_MARK("disk: a file was lost because its directory was not synced");
        break;
      case NameChange::Kind::kRemoved:
        TIMESTORE_MARK("disk: a removed file came back");
        break;
      case NameChange::Kind::kRenamed:
        break;
    }
  }
  return names;
}

}  // namespace timestore::sim
