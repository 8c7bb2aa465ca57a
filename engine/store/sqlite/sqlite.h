// A thin layer over SQLite's C interface, for the files of this folder only.
//
// Handles close themselves, and every failure is a value: one sentence with the file, what was attempted, SQLite's own
// words and code, and what a person can do about it. Statements are prepared once and then bound and stepped without
// allocating. Like the connections beneath, these objects serve one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"

struct sqlite3;
struct sqlite3_file;
struct sqlite3_stmt;

namespace timestore::store {

// Spares SQLite's count of the memory that it uses, which takes a lock at every allocation and which nobody asks for.
// Opening a database calls it; whoever uses SQLite before that calls it first, because it has no effect afterwards.
void configure_sqlite();

// A prepared statement. Parameters count from 1, columns from 0, as in SQLite.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  // Bound bytes are not copied: they must live until the statement is done or reset.
  Statement& bind_integer(int parameter, std::int64_t value);
  Statement& bind_real(int parameter, double value);
  Statement& bind_text(int parameter, std::string_view value);
  Statement& bind_blob(int parameter, std::span<const std::uint8_t> value);
  Statement& bind_null(int parameter);

  // True: there is a row, whose columns may be read until the next step. False: done, and reset.
  [[nodiscard]] Result<bool> step();

  // Steps to the end of a statement that gives no rows.
  [[nodiscard]] Result<void> run();

  void reset();

  std::int64_t integer(int column) const;
  std::uint64_t natural(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  double real(int column) const;
  std::string_view bytes(int column) const;  // of a text or a blob, until the next step or reset
  bool is_null(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* handle, const char* attempt) : handle_(handle), attempt_(attempt) {}

  sqlite3_stmt* handle_;
  const char* attempt_;  // completes "could not ..."
  int bind_status_ = 0;  // the first failure to bind; the next step reports it
};

// Resets a statement at the end of a scope that reads only some of its rows.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
  ~ResetAtEnd() { statement_.reset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  enum class Access : std::uint8_t {
    kReadWrite,
    kReadOnly,
    kImmutable,  // reads a file that nobody writes to, and which has no write-ahead log: touches nothing beside it
  };
  enum class CheckpointMode : std::uint8_t {
    kPassive,  // as far as readers allow
    kRestart,  // waits for readers, as long as the busy time-out, so that the write-ahead log begins anew
  };

  // With read-write access a missing file is created, empty. `vfs` names a registered SQLite VFS, empty the default.
  // Pages that have checksums are verified when they are read (page_checksums.h).
  // Closing leaves the write-ahead log alone until merge_wal_on_close() is called.
  [[nodiscard]] static Result<Database> open(const std::string& path, const std::string& vfs, Access access);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  std::string path() const;

  // Whether the file's pages have checksums; from now on they have. The latter requires a file without pages.
  bool has_page_checksums() const;
  void start_page_checksums();

  // `attempt` completes the sentence "could not ..." and must live as long as the database.
  [[nodiscard]] Result<Statement> prepare(const char* attempt, std::string_view sql);
  [[nodiscard]] Result<void> run(const char* attempt, const std::string& sql);  // statements without parameters or rows
  [[nodiscard]] Result<std::int64_t> integer(const char* attempt, std::string_view sql);  // of one row
  [[nodiscard]] Result<std::string> text(const char* attempt, std::string_view sql);      // of one row

  void set_busy_timeout(int milliseconds);

  // Frames (pages) in the write-ahead log after the last commit of this connection: it shrinks when the log begins
  // anew.
  int wal_frames() const;

  // The write-ahead log's open file; nullptr when there is none.
  sqlite3_file* wal_file();

  // Reads of the main file as it stands, past SQLite and unverified. Requires that these bytes are there.
  [[nodiscard]] Result<void> read_raw(const char* attempt, std::span<std::uint8_t> into, std::uint64_t offset);

  // Whether another file, or none, stands at the path by now.
  bool has_moved() const;

  // True when everything committed is in the main file and synced; false when a reader was in the way.
  [[nodiscard]] Result<bool> checkpoint(CheckpointMode mode);

  void merge_wal_on_close();
  void leave_wal_on_close();

  // After a failed write nothing that this connection says about the file may be believed: stop() makes usable() fail
  // from now on, and closing leaves the write-ahead log to be recovered. (Merging it could destroy the last good copy:
  // a sync that is repeated after a failure may succeed without having written anything.) A write that found no space
  // is another matter: what it wrote stands behind the last commit, where nobody believes it, and no sync has failed.
  // Then stop() does nothing.
  void stop(const Error& cause);
  [[nodiscard]] Result<void> usable() const;

 private:
  friend class Transaction;
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A write transaction, which takes the write lock at once. Rolled back at the end of the scope unless committed.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Database& database);
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database::State& state) : state_(&state) {}
  Database::State* state_;  // nullptr: finished
};

// The sentence for a failure of SQLite or its VFS. `detail` is SQLite's message or empty.
[[nodiscard]] Error sqlite_error(std::string_view path, std::string_view attempt, int code,
                                 std::string_view detail = "");

}  // namespace timestore::store
