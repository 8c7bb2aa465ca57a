// A disk for tests: an SQLite VFS over the default one that counts, can fail, and knows what a power cut would leave.
//
// Its model, which is that of Linux: a write reaches the page cache, where everybody sees it. A sync that succeeds
// makes all earlier writes to that file durable. A sync that fails loses them, but they stay visible, and no later sync
// makes them durable. Deleting or renaming a file is durable at once. Nothing is really synced, which makes it fast.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct sqlite3_vfs;

namespace timestore::store {

class Disk {
 public:
  Disk();
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  const std::string& vfs() const { return name_; }  // for the `vfs` parameter of the stores
  std::string path(const std::string& file) const;  // of a file on this disk

  enum class Fault : std::uint8_t { kError, kFull };

  // The n-th write, truncation or sync from now on fails, n from 1.
  void fail_at(int operation, Fault fault = Fault::kError);
  bool has_failed() const { return has_failed_; }

  // A copy of everything as it is now, as kill -9 leaves it.
  std::unique_ptr<Disk> after_kill() const;
  // A copy of what is durable now, as a power cut leaves it.
  std::unique_ptr<Disk> after_power_cut() const;
  // The same, but of all that was written since, any sectors have arrived too, as the seed says.
  std::unique_ptr<Disk> after_torn_power_cut(std::uint64_t seed) const;

  std::string read(const std::string& file) const;
  void write(const std::string& file, const std::string& bytes);  // durable; requires that the file is not open
  void flip_bit(const std::string& file, std::size_t offset, int bit);
  bool exists(const std::string& file) const;

  // What the VFS reports. The answers are SQLite's result codes.
  struct Change {
    std::int64_t offset;
    std::string bytes;
    bool is_truncation;  // to `offset` bytes
  };
  void opened(const std::string& path);
  int change(const std::string& path, Change change);
  int sync(const std::string& path);
  void deleted(const std::string& path);
  int rename(const std::string& from, const std::string& to);

 private:
  struct File {
    std::string durable;
    std::vector<Change> pending;
  };
  bool fails_now();

  std::filesystem::path directory_;
  std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::map<std::string, File> files_;  // by full path
  int operations_until_failure_ = 0;   // 0: none fails
  Fault fault_ = Fault::kError;
  bool has_failed_ = false;
};

}  // namespace timestore::store
