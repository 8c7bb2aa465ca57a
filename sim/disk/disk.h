// One machine's disk, with everything that a disk may do to a database.
//
// The contract (what is fair, and why):
//   - What is written is seen by every reader at once (the page cache), but only a successful sync of the file makes it
//     durable. A name that was created, renamed or removed is durable only once its directory is synced. A removed file
//     whose removal is not durable may come back, as it was last synced.
//   - A crash of the process (kill) loses nothing that was written. A loss of power keeps what is durable and, of the
//     rest, what its policy says: writes may survive, vanish, survive in part and in any order, sector by sector.
//     A sector is written as a whole or not at all.
//   - A sync that fails loses the sectors that it should have written: they are still seen, but no later sync writes
//     them unless they are written to again, and a later sync may well succeed (Rebello et al., ATC 2020). Names are
//     not lost so: file systems keep a journal of them, and the next sync of the directory makes them durable.
//   - A disk may fail to read, to write or to sync, and may be full. Then nothing, or only a part, was done. What is
//     overwritten in part is whole sectors: a kernel copies a short write into its cache at once, or not at all.
//   - The sectors and the size of a file are apart: it may have grown without its data, which is zeros then. What a
//     sector holds after a crash is what programs saw in it at some moment, never a mixture.
//   - Bits rot only in what is durable and not being written.
// A disk never lies about a successful sync: no database could stand on such a disk.
//
// A value: a copy is another disk with the same content, on which a crash can be tried out. Everything undecided is
// asked of its stream of choices. It knows nothing of SQLite (vfs.h).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "sim/disk/paged_bytes.h"
#include "sim/words/choices.h"

namespace timestore::sim {

// What becomes of everything that is not durable when the power goes.
enum class CrashPolicy : std::uint8_t {
  kNothing,     // nothing of it survives
  kEverything,  // all of it survives
  kPrefix,      // the oldest writes survive, up to some point, over all files
  kSectors,     // of each file any subset of the written sectors survives, and any subset of the changes of names
  kTorn,        // the oldest writes survive, and a part of the sectors of the next one
  kSizeFirst,   // names and sizes survive, but the data does not: files have grown, by zeros
};
inline constexpr CrashPolicy kCrashPolicies[] = {CrashPolicy::kNothing, CrashPolicy::kEverything,
                                                 CrashPolicy::kPrefix,  CrashPolicy::kSectors,
                                                 CrashPolicy::kTorn,    CrashPolicy::kSizeFirst};
std::string_view name_of(CrashPolicy policy);

// How sick a disk is. Chances are in a million operations, below a million.
struct DiskFaults {
  std::uint32_t write_error = 0;  // of writes, truncations, and changes of names
  std::uint32_t sync_error = 0;
  std::uint32_t read_error = 0;
  std::optional<std::uint64_t> capacity_bytes = std::nullopt;  // of all files together; none: without end
  std::string full_files = {};  // files whose names begin so cannot grow, as if they had a disk of their own
  bool operator==(const DiskFaults&) const = default;
};

enum class DiskError : std::uint8_t { kIo, kFull, kOff, kNotFound };

// Counts the disk operations of each kind, and the faults that were injected.
struct DiskCounts {
  std::uint64_t reads = 0;
  std::uint64_t changes = 0;  // writes, truncations, syncs, changes of names, directory syncs: what can be torn apart
  std::uint64_t syncs = 0;
  std::uint64_t faults = 0;
};

class Disk {
 public:
  using FileNumber = std::uint64_t;  // never used again
  using Observer = std::function<void(const Disk&)>;
  static constexpr std::size_t kSectorBytes = 512;

  explicit Disk(Stream choices) : choices_(choices) {}

  // ---- what programs do; each may fail as the faults say
  // The file's number, which stays the same under another name. `create`: makes an empty one where there is none.
  [[nodiscard]] tl::expected<FileNumber, DiskError> open(std::string_view path, bool create);
  [[nodiscard]] tl::expected<std::size_t, DiskError> read(FileNumber number, std::span<std::uint8_t> into,
                                                          std::uint64_t offset);  // bytes read: fewer at the end
  // A failure may leave a part of it written, from the beginning: whole sectors of what it overwrites. Beyond the end:
  // zeros lie between.
  [[nodiscard]] tl::expected<void, DiskError> write(FileNumber number, std::span<const std::uint8_t> bytes,
                                                    std::uint64_t offset);
  [[nodiscard]] tl::expected<void, DiskError> truncate(FileNumber number, std::uint64_t size_bytes);  // grows, too
  [[nodiscard]] tl::expected<void, DiskError> sync(FileNumber number);
  [[nodiscard]] tl::expected<std::uint64_t, DiskError> size(FileNumber number);
  // Who has it open goes on using it, until the end of this life.
  [[nodiscard]] tl::expected<void, DiskError> remove(std::string_view path);
  [[nodiscard]] tl::expected<void, DiskError> rename(std::string_view from, std::string_view to);  // replaces `to`
  [[nodiscard]] tl::expected<void, DiskError> sync_directory();  // there is one directory
  [[nodiscard]] bool exists(std::string_view path) const { return names_.contains(path); }

  // ---- what the world does
  void kill();  // the process has ended: every open file is closed
  void lose_power(CrashPolicy policy);
  // The power goes at the n-th change from now, n from 1, before that change is done: from then on every operation
  // fails with kOff, until lose_power() says what is left.
  void lose_power_at(std::uint64_t change) { power_ends_in_ = change; }
  bool is_off() const { return is_off_; }
  // The n-th change (or read) from now, n from 1, fails with this error; what a failing sync was to write is lost.
  void fail_change_at(std::uint64_t change, DiskError error);
  void fail_read_at(std::uint64_t read) { read_fails_in_ = read; }
  // Likewise, of the times that a file which exists is opened or asked for its size.
  void fail_look_at(std::uint64_t look) { look_fails_in_ = look; }
  void set_faults(const DiskFaults& faults) { faults_ = faults; }
  void heal();  // no fault is injected any more, none that was planned either; what was lost stays lost
  void wipe();  // every file is gone, durably, and so are the open ones

  // Flips one bit of a durable part of a file that is not being written, every other time near its end. False: there
  // is no such part.
  bool rot(std::string_view path) { return rot(path, kNever); }
  bool rot(std::string_view path, std::uint64_t end);  // only of what stands before `end`

  // From now on everything undecided is asked of another stream: a copy may meet another fate.
  void choose_from(Stream choices) { choices_ = choices; }

  // ---- what is known
  // Changes with every kill and loss of power: files opened in an earlier life are dead.
  std::uint64_t life() const { return life_; }
  bool is_synced(std::string_view path_prefix) const;  // no loss of power could take back anything of these files
  // The beginning of a file, as far as no loss of power could change it.
  std::vector<std::uint8_t> durable_beginning(std::string_view path) const;
  std::uint64_t size_bytes() const;  // of all files that have a name
  const DiskCounts& counts() const { return counts_; }
  std::vector<std::string> files() const;  // in the order of their names
  std::uint64_t hash() const;              // of every name and every byte, as seen by programs

  // Calls before each change of this disk, but not of its copies.
  void observe_changes(Observer observer) { observer_.call = std::move(observer); }

 private:
  using Names = std::map<std::string, FileNumber, std::less<>>;
  using Sector = std::array<std::uint8_t, kSectorBytes>;
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  static constexpr std::uint64_t end_of_sector(std::uint64_t offset) {
    return (offset + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
  }

  // A write or a truncation since the file's last sync, with what undoes it.
  struct Change {
    std::uint64_t sequence;  // in the order of all changes of the disk
    std::uint64_t offset;    // where it begins to write; of a truncation the new size
    std::uint64_t written;   // bytes
    std::uint64_t old_size;  // of the file
    std::uint64_t undo_at;   // in File::undo: the old bytes from `offset` on, up to where the next change's begin
    bool is_truncation;

    // It changed the bytes that stand from `offset` up to here, and the size.
    std::uint64_t end() const { return is_truncation ? old_size : offset + written; }
    // What of that is data to be written: a truncation fills the rest of its last sector with zeros.
    std::uint64_t data_end() const { return is_truncation ? std::min(old_size, end_of_sector(offset)) : end(); }
    std::uint64_t new_size() const { return is_truncation || end() > old_size ? offset + written : old_size; }
  };
  struct File {
    PagedBytes bytes;             // as programs see it
    std::vector<Change> changes;  // not synced yet
    PagedBytes undo;
    std::uint64_t durable_size = 0;
    std::map<std::uint64_t, Sector> lost;  // by number: sectors that a failed sync lost, as the disk holds them
    std::uint64_t lost_cut = kNever;       // the smallest size that a truncation gave the file and a failed sync lost

    void write(std::span<const std::uint8_t> from, std::uint64_t offset, std::uint64_t sequence);
    void truncate(std::uint64_t size_bytes, std::uint64_t sequence);
    void succeed_to_sync();
    void fail_to_sync();
    void keep_sizes();
    PagedBytes take_back();  // undoes all changes and returns what they had written, one after another
    void forget_changes();
    bool is_synced() const { return changes.empty() && lost.empty() && durable_size == bytes.size(); }

   private:
    void remember(std::uint64_t from, std::uint64_t to) { undo.write(undo.size(), bytes, from, to); }
  };

  // A change of names since the last sync of the directory.
  struct NameChange {
    enum class Kind : std::uint8_t { kCreated, kRemoved, kRenamed };
    Kind kind;
    std::uint64_t sequence;
    FileNumber file;
    std::string path;
    std::string to;  // of a renamed file

    bool applies_to(const Names& names) const;
    void apply_to(Names& names) const;
  };

  // Which of the changes that were not durable survive a loss of power (disk_crash.cc).
  struct Survival;

  struct UncopiedObserver {
    UncopiedObserver() = default;
    UncopiedObserver(const UncopiedObserver&) {}
    UncopiedObserver& operator=(const UncopiedObserver&) { return *this; }
    Observer call;
  };

  std::optional<DiskError> begin_change(std::uint32_t chance_of_error);
  bool fails_to_look();
  tl::expected<File*, DiskError> find(FileNumber number);
  void change_names(NameChange change);
  static std::uint64_t part_done(const File& file, std::uint64_t offset, std::uint64_t count);
  std::uint64_t room_for(FileNumber number, const File& file, std::uint64_t new_size) const;
  void begin_life();
  Survival survival_under(CrashPolicy policy, Stream& choices) const;
  void lose_changes(File& file, const Survival& survival);
  void restore_lost(File& file, const Survival& survival, const std::vector<std::size_t>& kept);
  Names surviving_names(const Survival& survival);

  Stream choices_;
  std::map<FileNumber, File> files_;  // those that have a name, that may get one back, or that were open when removed
  Names names_;                       // as programs see them
  Names durable_names_;
  std::vector<NameChange> name_changes_;
  FileNumber last_file_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t life_ = 0;

  DiskFaults faults_;
  bool is_off_ = false;
  std::uint64_t power_ends_in_ = 0;    // changes; 0: not planned
  std::uint64_t change_fails_in_ = 0;  // changes; 0: not planned
  std::uint64_t read_fails_in_ = 0;    // reads; 0: not planned
  std::uint64_t look_fails_in_ = 0;    // looks; 0: not planned
  DiskError planned_error_ = DiskError::kIo;
  DiskCounts counts_;
  std::uint64_t rotten_bits_ = 0;
  UncopiedObserver observer_;
};

}  // namespace timestore::sim
