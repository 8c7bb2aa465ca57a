// What the files of this folder have in common: how one is recognized, created, brought to the present version, and
// refused when it is somebody else's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::store {

struct FileFormat {
  enum class Sharing : std::uint8_t {
    kAlone,        // the file belongs to this process alone
    kWithReaders,  // others may read it, other processes too
  };

  const char* name;             // such as "log file", for messages
  std::int32_t application_id;  // in the header of every such file
  Sharing sharing;
  int cache_kib;                            // SQLite's page cache
  std::span<const char* const> migrations;  // SQL: migrations[n] leads from version n to version n + 1; 0 is a new file
  // So many versions beyond these have the same tables, with more in them. A file gets to them when it first holds
  // that, and until then older releases can read it: a node can be put back.
  int further_versions = 0;
  int oldest_version = 1;  // that is known: older ones were never released

  int version() const { return static_cast<int>(migrations.size()); }
  int newest_version() const { return version() + further_versions; }
};

// Opens or creates the file for writing and leaves it with the present version's schema and an empty write-ahead log,
// all of it durable. A file of another application or a newer version is refused and left as it is.
[[nodiscard]] Result<Database> open_for_writing(const std::string& path, const std::string& vfs,
                                                const FileFormat& format);

// Opens the file for reading. Requires that it exists with the present version's schema.
[[nodiscard]] Result<Database> open_for_reading(const std::string& path, const std::string& vfs,
                                                const FileFormat& format,
                                                Database::Access access = Database::Access::kReadOnly);

// Whether the tables, indexes and views are exactly those of the format, with nothing beside them (a trigger, say): for
// a file that came from elsewhere.
[[nodiscard]] Result<void> expect_schema(Database& database, const std::string& vfs, const FileFormat& format);

// "<path>: damaged: <what>. Restore this node from its peers."
[[nodiscard]] tl::unexpected<Error> damaged(std::string_view path, std::string_view what);

// A checksum over the fields of a row. The order counts, and so does the length of each text.
class RowChecksum {
 public:
  explicit RowChecksum(std::uint32_t seed = 0) : checksum_(seed) {}
  RowChecksum& add(std::uint64_t number);
  RowChecksum& add(std::string_view text);
  std::uint32_t value() const;

 private:
  std::uint32_t checksum_;
  std::size_t gathered_ = 0;  // bytes that are not in it yet: what is short is summed up together
  std::array<char, 64> bytes_;
};

}  // namespace timestore::store
