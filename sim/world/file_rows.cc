#include "sim/world/file_rows.h"

#include <string_view>

#include "engine/base/hash.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::sim {

namespace {

// Each in an order that its rows decide.
constexpr std::string_view kTables[] = {
    "SELECT quote(applied_index) || quote(applied_term) || quote(state_hash) || quote(configuration) || "
    "quote(told_index) || quote(max_age_ns) || quote(edge_ns) || quote(swept_id) FROM meta",
    "SELECT number || name FROM series ORDER BY number",
    "SELECT quote(id) || series || ',' || time || ',' || seq FROM ids ORDER BY id",
    "SELECT first_index || ',' || salt FROM runs ORDER BY first_index",
    "SELECT id || ',' || ifnull(partition, '-') || ',' || level || ',' || job || ',' || is_output || ',' || pieces || "
    "',' || points || ',' || checksum FROM segments ORDER BY id",
    "SELECT key || ',' || partition || ',' || first_series || ',' || last_series || ',' || min_time || ',' || max_time "
    "|| ',' || points || quote(data) || quote(more) FROM pieces ORDER BY key",
    "SELECT id || ',' || level || ',' || begin_partition || ',' || begin_series || ',' || begin_time || ',' || "
    "end_partition || ',' || end_series || ',' || end_time FROM jobs ORDER BY id",
    "SELECT next_segment || ',' || next_job FROM numbers",
};

}  // namespace

Result<std::uint64_t> hash_of_rows(const std::string& path, const std::string& vfs) {
  auto database = store::Database::open(path, vfs, store::Database::Access::kReadOnly);
  if (!database) return tl::unexpected(database.error());
  Hasher hasher;
  if (auto begun = database->run("read all rows", "BEGIN"); !begun) return tl::unexpected(begun.error());
  for (const std::string_view table : kTables) {
    auto select = database->prepare("read all rows", table);
    if (!select) return tl::unexpected(select.error());
    while (true) {
      const auto is_there = select->step();
      if (!is_there) return tl::unexpected(is_there.error());
      if (!*is_there) break;
      hasher.add(select->bytes(0));
    }
  }
  return hasher.value();
}

}  // namespace timestore::sim
