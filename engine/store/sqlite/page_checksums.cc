#include "engine/store/sqlite/page_checksums.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <type_traits>

#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/base/mark.h"
#include "engine/store/sqlite/wal.h"

namespace timestore::store {

namespace {

// SQLite reads less than this only of the header, before and beside reading its page.
constexpr int kSmallestPageBytes = 512;

// A later SQLite may read parts of a page where this is claimed (SQLITE_IOCAP_SUBPAGE_READ).
constexpr int kReadsPartsOfPages = 0x8000;

std::uint64_t load(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

void store(std::uint64_t word, std::uint8_t* bytes) {
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  std::memcpy(bytes, &word, sizeof word);
}

// What is known of a connection's files.
struct Watch {
  bool has_checksums = false;
  bool is_immutable = false;
  std::string damage;
};

// What an open file's pMethods points to, once it is watched.
struct Methods {
  sqlite3_io_methods table;
  const sqlite3_io_methods* beneath;  // the VFS's own
  Watch* watch;
};
static_assert(std::is_standard_layout_v<Methods>, "a pointer to the table is a pointer to the whole");

const Methods& methods_of(const sqlite3_file* file) { return *reinterpret_cast<const Methods*>(file->pMethods); }

int fail_read(const sqlite3_file* file, std::string damage) {
  methods_of(file).watch->damage = std::move(damage);
  return SQLITE_IOERR_DATA;
}

int read_main(sqlite3_file* file, void* into, int size_bytes, sqlite3_int64 offset) {
  const Methods& methods = methods_of(file);
  const int status = methods.beneath->xRead(file, into, size_bytes, offset);
  if (!methods.watch->has_checksums || size_bytes < kSmallestPageBytes) return status;

  const sqlite3_int64 page = offset / size_bytes + 1;
  if (status == SQLITE_IOERR_SHORT_READ) {
    return fail_read(file, "page " + std::to_string(page) + " is missing at the end of the file");
  }
  if (status != SQLITE_OK) return status;
  const std::span bytes(static_cast<const std::uint8_t*>(into), static_cast<std::size_t>(size_bytes));
  if (is_whole_page(bytes, static_cast<std::uint64_t>(page))) return SQLITE_OK;
  TIMESTORE_MARK("store: a page failed its checksum");
  return fail_read(file, "page " + std::to_string(page) + " of the file fails its checksum");
}

int write_main(sqlite3_file* file, const void* bytes, int size_bytes, sqlite3_int64 offset) {
  const Methods& methods = methods_of(file);
  if (!methods.watch->has_checksums || size_bytes != kPageBytes)
    return methods.beneath->xWrite(file, bytes, size_bytes, offset);
  std::array<std::uint8_t, kPageBytes> page;
  constexpr std::size_t kContentBytes = kPageBytes - kPageChecksumBytes;
  std::memcpy(page.data(), bytes, kContentBytes);
  const auto number = static_cast<std::uint64_t>(offset / kPageBytes + 1);
  store(page_checksum({page.data(), kContentBytes}, number), page.data() + kContentBytes);
  return methods.beneath->xWrite(file, page.data(), kPageBytes, offset);
}

int characteristics_of_main(sqlite3_file* file) {
  const Methods& methods = methods_of(file);
  const int characteristics = methods.beneath->xDeviceCharacteristics(file) & ~kReadsPartsOfPages;
  return methods.watch->is_immutable ? characteristics | SQLITE_IOCAP_IMMUTABLE : characteristics;
}

// SQLite reads frames whole, header and all, when it recovers the log, and verifies them itself. Later it reads pages.
int read_wal_file(sqlite3_file* file, void* into, int size_bytes, sqlite3_int64 offset) {
  const auto* const beneath = methods_of(file).beneath;
  const auto place = size_bytes == kPageBytes ? wal_frame_of_page(offset, kPageBytes) : std::nullopt;
  if (!place) return beneath->xRead(file, into, size_bytes, offset);

  std::array<char, kWalFrameHeaderBytes + kPageBytes> bytes;
  std::array<char, kWalChecksumBytes> seed;
  if (const int status = beneath->xRead(file, bytes.data(), bytes.size(), place->offset)) return status;
  if (const int status = beneath->xRead(file, seed.data(), seed.size(), place->seed_offset)) return status;
  if (!is_whole_wal_frame({bytes.data(), bytes.size()}, {seed.data(), seed.size()})) {
    return fail_read(file, "frame " + std::to_string(place->number) + " of its write-ahead log fails its checksum");
  }
  std::memcpy(into, bytes.data() + kWalFrameHeaderBytes, kPageBytes);
  return SQLITE_OK;
}

// The VFS of one connection.
struct Vfs {
  sqlite3_vfs table;
  sqlite3_vfs* beneath;  // nullptr: not found
  Methods main, wal;     // a connection has one of each
  Watch* watch;
};
static_assert(std::is_standard_layout_v<Vfs>, "a pointer to the table is a pointer to the whole");

Vfs& ours(sqlite3_vfs* vfs) { return *reinterpret_cast<Vfs*>(vfs); }

// Only methods up to version 2 are handed on: with those of version 3 SQLite could read from mapped memory, past us.
void watch(sqlite3_file* file, Methods& methods, Watch& watch) {
  methods = {.table = *file->pMethods, .beneath = file->pMethods, .watch = &watch};
  methods.table.iVersion = std::min(file->pMethods->iVersion, 2);
  methods.table.xFetch = nullptr;
  methods.table.xUnfetch = nullptr;
  file->pMethods = &methods.table;
}

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  Vfs& self = ours(vfs);
  const int status = self.beneath->xOpen(self.beneath, path, file, flags, flags_out);
  if (status != SQLITE_OK) return status;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    watch(file, self.main, *self.watch);
    self.main.table.xRead = read_main;
    self.main.table.xWrite = write_main;
    self.main.table.xDeviceCharacteristics = characteristics_of_main;
  } else if ((flags & SQLITE_OPEN_WAL) != 0) {
    watch(file, self.wal, *self.watch);
    self.wal.table.xRead = read_wal_file;
  }
  return SQLITE_OK;
}

// Everything else is handed on, with the VFS beneath as its own first argument.
sqlite3_vfs table_over(sqlite3_vfs* beneath, const char* name) {
  sqlite3_vfs table = *beneath;
  table.iVersion = std::min(beneath->iVersion, 2);
  table.pNext = nullptr;
  table.zName = name;
  table.xOpen = open;
  table.xDelete = [](sqlite3_vfs* vfs, const char* path, int sync_directory) {
    return ours(vfs).beneath->xDelete(ours(vfs).beneath, path, sync_directory);
  };
  table.xAccess = [](sqlite3_vfs* vfs, const char* path, int question, int* answer) {
    return ours(vfs).beneath->xAccess(ours(vfs).beneath, path, question, answer);
  };
  table.xFullPathname = [](sqlite3_vfs* vfs, const char* path, int size_bytes, char* full) {
    return ours(vfs).beneath->xFullPathname(ours(vfs).beneath, path, size_bytes, full);
  };
  table.xRandomness = [](sqlite3_vfs* vfs, int size_bytes, char* bytes) {
    return ours(vfs).beneath->xRandomness(ours(vfs).beneath, size_bytes, bytes);
  };
  table.xSleep = [](sqlite3_vfs* vfs, int microseconds) {
    return ours(vfs).beneath->xSleep(ours(vfs).beneath, microseconds);
  };
  table.xCurrentTime = [](sqlite3_vfs* vfs, double* days) {
    return ours(vfs).beneath->xCurrentTime(ours(vfs).beneath, days);
  };
  table.xGetLastError = [](sqlite3_vfs* vfs, int size_bytes, char* text) {
    return ours(vfs).beneath->xGetLastError(ours(vfs).beneath, size_bytes, text);
  };
  table.xCurrentTimeInt64 = [](sqlite3_vfs* vfs, sqlite3_int64* milliseconds) {
    return ours(vfs).beneath->xCurrentTimeInt64(ours(vfs).beneath, milliseconds);
  };
  return table;
}

}  // namespace

std::uint64_t page_checksum(std::span<const std::uint8_t> content, std::uint64_t page) {
  TIMESTORE_CHECK(content.size() % 8 == 0, "the content of a page is whole words");
  return Hasher().add(page).add_block(content).value();
}

bool is_whole_page(std::span<const std::uint8_t> page, std::uint64_t number) {
  return page_checksum(page.first(page.size() - kPageChecksumBytes), number) == checksum_in_page(page);
}

std::uint64_t checksum_in_page(std::span<const std::uint8_t> page) {
  return load(&page[page.size() - kPageChecksumBytes]);
}

struct PageChecksums::State {
  std::string name;
  Watch watch;
  Vfs vfs = {};
};

// Its address is what nobody else in the process has for a name.
PageChecksums::PageChecksums(const std::string& vfs) : state_(std::make_unique<State>()) {
  sqlite3_vfs* const beneath = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  state_->name = vfs;
  if (beneath == nullptr) return;
  state_->name = "checked-" + std::to_string(reinterpret_cast<std::uintptr_t>(this));
  state_->vfs.table = table_over(beneath, state_->name.c_str());
  state_->vfs.beneath = beneath;
  state_->vfs.watch = &state_->watch;
  TIMESTORE_CHECK(sqlite3_vfs_register(&state_->vfs.table, 0) == SQLITE_OK, "a VFS can always be registered");
}

PageChecksums::~PageChecksums() {
  if (state_->vfs.beneath != nullptr) sqlite3_vfs_unregister(&state_->vfs.table);
}

const char* PageChecksums::vfs() const { return state_->name.c_str(); }

void PageChecksums::learn(sqlite3* connection) {
  int reserved_bytes = -1;  // changes nothing, but answers what the header says
  static_cast<void>(sqlite3_file_control(connection, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved_bytes));
  state_->watch.has_checksums = reserved_bytes == kPageChecksumBytes;
}

bool PageChecksums::are_kept() const { return state_->watch.has_checksums; }

void PageChecksums::start(sqlite3* connection) {
  int reserved_bytes = kPageChecksumBytes;
  static_cast<void>(sqlite3_file_control(connection, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved_bytes));
  state_->watch.has_checksums = true;
}

void PageChecksums::take_for_immutable() { state_->watch.is_immutable = true; }

int PageChecksums::read_raw(sqlite3* connection, std::span<std::uint8_t> into, std::int64_t offset) {
  sqlite3_file* file = nullptr;
  const int status = sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (status != SQLITE_OK) return status;
  TIMESTORE_CHECK(file->pMethods->xRead == read_main, "the main file of a connection is watched");
  return methods_of(file).beneath->xRead(file, into.data(), static_cast<int>(into.size()), offset);
}

std::string_view page_damage(sqlite3* connection) {
  sqlite3_vfs* vfs = nullptr;
  const int status = sqlite3_file_control(connection, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  if (status != SQLITE_OK || vfs == nullptr || vfs->xOpen != open) return {};
  return ours(vfs).watch->damage;
}

}  // namespace timestore::store
