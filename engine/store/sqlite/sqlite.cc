#include "engine/store/sqlite/sqlite.h"

#include <sqlite3.h>

#include <system_error>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/store/sqlite/page_checksums.h"

namespace timestore::store {

namespace {

// What a person can do about it. Extended codes first, then the primary code that they belong to.
std::string_view advice(int code) {
  switch (code) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
      return "The disk did not confirm what was written, so it is not known what it holds: this node must stop and "
             "recover from the file; check the disk";
    case SQLITE_IOERR_SHORT_READ:
      return "The file is shorter than it must be: restore this node from its peers";
    case SQLITE_IOERR_DATA:
      return "The file is damaged: restore this node from its peers";
    case SQLITE_IOERR_NOMEM:
      return "There is not enough memory";
    case SQLITE_READONLY_DBMOVED:
      return "The file was moved or deleted while it was open: put it back and restart the node";
  }
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "The disk is full: make room";
    case SQLITE_CORRUPT:
      return "The file is damaged: restore this node from its peers";
    case SQLITE_NOTADB:
      return "The file is damaged or not an SQLite database: if it was this node's, restore the node from its peers";
    case SQLITE_BUSY:
      return "Another process has the file open: stop it, or give this node a file of its own";
    case SQLITE_CANTOPEN:
      return "Check that the directory exists and that this user may write there";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "Check that this user may write the file and its directory";
    case SQLITE_IOERR:
      return "The disk or the file system failed: check it, then restart the node";
    case SQLITE_NOMEM:
      return "There is not enough memory";
  }
  return "";
}

}  // namespace

void configure_sqlite() {
  static const int status = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(status);  // an error where SQLite is in use already: then it goes on counting, and works as well
}

Error sqlite_error(std::string_view path, std::string_view attempt, int code, std::string_view detail) {
  std::string message(path);
  message.append(": could not ").append(attempt).append(": ");
  message.append(detail.empty() ? std::string_view(sqlite3_errstr(code)) : detail);
  message.append(" (SQLite code ").append(std::to_string(code)).append(")");
  if (const std::string_view what_to_do = advice(code); !what_to_do.empty()) message.append(". ").append(what_to_do);
  message.append(".");
  const int primary = code & 0xff;
  const bool is_damage = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || code == SQLITE_IOERR_DATA;
  return Error{.message = std::move(message), .is_full = primary == SQLITE_FULL, .lasts = is_damage};
}

namespace {

// The last failure of a connection. `path` is for one that could not be opened; others know theirs.
tl::unexpected<Error> failure(sqlite3* handle, const char* attempt, const char* path = nullptr) {
  const int code = sqlite3_extended_errcode(handle);
  const int primary = code & 0xff;
  std::string detail(code == SQLITE_IOERR_DATA ? page_damage(handle) : "");
  if (!detail.empty() || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
    TIMESTORE_MARK("store: damage was found and named");
  }
  if (detail.empty()) detail = sqlite3_errmsg(handle);
  const int system_error = sqlite3_system_errno(handle);
  if (code != SQLITE_IOERR_DATA && system_error != 0 && (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR)) {
    detail.append(": ").append(std::generic_category().message(system_error));
  }
  if (path == nullptr) path = sqlite3_db_filename(handle, "main");
  return tl::unexpected(sqlite_error(path == nullptr ? "" : path, attempt, code, detail));
}

// SQLite takes a null pointer for NULL, but an empty string_view may have one.
const char* never_null(const void* data) { return data == nullptr ? "" : static_cast<const char*>(data); }

}  // namespace

// ------------------------------------------------------------------------------------------------- Statement

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), attempt_(other.attempt_), bind_status_(other.bind_status_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(attempt_, other.attempt_);
  std::swap(bind_status_, other.bind_status_);
  return *this;
}

// What finalize returns is the error of the last step, which the step has reported.
Statement::~Statement() { static_cast<void>(sqlite3_finalize(handle_)); }

Statement& Statement::bind_integer(int parameter, std::int64_t value) {
  if (const int status = sqlite3_bind_int64(handle_, parameter, value); status != SQLITE_OK) bind_status_ = status;
  return *this;
}

Statement& Statement::bind_real(int parameter, double value) {
  if (const int status = sqlite3_bind_double(handle_, parameter, value); status != SQLITE_OK) bind_status_ = status;
  return *this;
}

Statement& Statement::bind_text(int parameter, std::string_view value) {
  const int status = sqlite3_bind_text64(handle_, parameter, never_null(value.data()), value.size(),
                                         nullptr /* SQLITE_STATIC */, SQLITE_UTF8);
  if (status != SQLITE_OK) bind_status_ = status;
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::span<const std::uint8_t> value) {
  const int status =
      sqlite3_bind_blob64(handle_, parameter, never_null(value.data()), value.size(), nullptr /* SQLITE_STATIC */);
  if (status != SQLITE_OK) bind_status_ = status;
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  if (const int status = sqlite3_bind_null(handle_, parameter); status != SQLITE_OK) bind_status_ = status;
  return *this;
}

Result<bool> Statement::step() {
  if (bind_status_ != SQLITE_OK) {
    auto error = failure(sqlite3_db_handle(handle_), attempt_);
    reset();
    return error;
  }
  const int status = sqlite3_step(handle_);
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) {
    reset();
    return false;
  }
  auto error = failure(sqlite3_db_handle(handle_), attempt_);
  reset();
  return error;
}

Result<void> Statement::run() {
  auto row = step();
  if (!row) return tl::unexpected(std::move(row.error()));
  TIMESTORE_CHECK(!*row, "a statement that is run gives no rows");
  return {};
}

// What reset returns is the error of the last step, which the step has reported.
void Statement::reset() {
  static_cast<void>(sqlite3_reset(handle_));
  bind_status_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  const int size_bytes = sqlite3_column_bytes(handle_, column);
  return {never_null(data), static_cast<std::size_t>(size_bytes)};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

// -------------------------------------------------------------------------------------------------- Database

struct Database::State {
  sqlite3* handle = nullptr;
  PageChecksums page_checksums;
  int wal_frames = 0;
  std::optional<Error> cause_of_stop;
  std::optional<Statement> begin, commit, rollback;

  explicit State(const std::string& vfs) : page_checksums(vfs) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    begin.reset();
    commit.reset();
    rollback.reset();
    TIMESTORE_CHECK(sqlite3_close(handle) == SQLITE_OK, "statements are destroyed before their database");
  }

  void configure_close(int keep_wal) { sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep_wal, nullptr); }
};

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path, const std::string& vfs, Access access) {
  configure_sqlite();
  const int mode = access == Access::kReadWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  auto state = std::make_unique<State>(vfs);
  if (access == Access::kImmutable) state->page_checksums.take_for_immutable();
  const int status = sqlite3_open_v2(path.c_str(), &state->handle, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                     state->page_checksums.vfs());
  if (state->handle == nullptr) return tl::unexpected(sqlite_error(path, "open the file", status));
  if (status != SQLITE_OK) return failure(state->handle, "open the file", path.c_str());
  state->page_checksums.learn(state->handle);
  state->configure_close(1);
  sqlite3_wal_hook(
      state->handle,
      [](void* wal_frames, sqlite3*, const char*, int frames) {
        *static_cast<int*>(wal_frames) = frames;
        return SQLITE_OK;
      },
      &state->wal_frames);
  return Database(std::move(state));
}

std::string Database::path() const { return never_null(sqlite3_db_filename(state_->handle, "main")); }

bool Database::has_page_checksums() const { return state_->page_checksums.are_kept(); }
void Database::start_page_checksums() { state_->page_checksums.start(state_->handle); }

Result<Statement> Database::prepare(const char* attempt, std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int status = sqlite3_prepare_v3(state_->handle, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (status != SQLITE_OK) return failure(state_->handle, attempt);
  return Statement(handle, attempt);
}

Result<void> Database::run(const char* attempt, const std::string& sql) {
  const int status = sqlite3_exec(state_->handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return failure(state_->handle, attempt);
  return {};
}

Result<std::int64_t> Database::integer(const char* attempt, std::string_view sql) {
  auto statement = prepare(attempt, sql);
  if (!statement) return tl::unexpected(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return tl::unexpected(std::move(row.error()));
  TIMESTORE_CHECK(*row, "a query for one number gives a row");
  const std::int64_t number = statement->integer(0);
  if (auto end = statement->run(); !end) return tl::unexpected(std::move(end.error()));
  return number;
}

Result<std::string> Database::text(const char* attempt, std::string_view sql) {
  auto statement = prepare(attempt, sql);
  if (!statement) return tl::unexpected(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return tl::unexpected(std::move(row.error()));
  TIMESTORE_CHECK(*row, "a query for one text gives a row");
  std::string text(statement->bytes(0));
  // A PRAGMA that changes the file gives its answer first, and commits at its end.
  if (auto end = statement->run(); !end) return tl::unexpected(std::move(end.error()));
  return text;
}

void Database::set_busy_timeout(int milliseconds) { sqlite3_busy_timeout(state_->handle, milliseconds); }

int Database::wal_frames() const { return state_->wal_frames; }

sqlite3_file* Database::wal_file() {
  sqlite3_file* file = nullptr;
  const int status = sqlite3_file_control(state_->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  return status == SQLITE_OK && file != nullptr && file->pMethods != nullptr ? file : nullptr;
}

Result<void> Database::read_raw(const char* attempt, std::span<std::uint8_t> into, std::uint64_t offset) {
  const int status = PageChecksums::read_raw(state_->handle, into, static_cast<std::int64_t>(offset));
  if (status != SQLITE_OK) return tl::unexpected(sqlite_error(path(), attempt, status));
  return {};
}

bool Database::has_moved() const {
  int moved = 0;
  static_cast<void>(sqlite3_file_control(state_->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved));
  return moved != 0;
}

Result<bool> Database::checkpoint(CheckpointMode mode) {
  int sqlite_mode = SQLITE_CHECKPOINT_PASSIVE;
  switch (mode) {
    case CheckpointMode::kPassive:
      break;
    case CheckpointMode::kRestart:
      sqlite_mode = SQLITE_CHECKPOINT_RESTART;
      break;
  }
  int frames = -1;
  int frames_moved = -1;
  const int status = sqlite3_wal_checkpoint_v2(state_->handle, "main", sqlite_mode, &frames, &frames_moved);
  // Busy: a reader prevented the last part of the work, which may be no more than beginning the log anew.
  if (status != SQLITE_OK && (status & 0xff) != SQLITE_BUSY) {
    return failure(state_->handle, "move what was written into the main file");
  }
  return frames >= 0 && frames == frames_moved;
}

void Database::merge_wal_on_close() { state_->configure_close(0); }
void Database::leave_wal_on_close() { state_->configure_close(1); }

void Database::stop(const Error& cause) {
  if (cause.is_full) return TIMESTORE_MARK("store: a write found no space on the disk");
  state_->configure_close(1);
  if (!state_->cause_of_stop) TIMESTORE_MARK("store: a file was given up after a failure");
  if (!state_->cause_of_stop) state_->cause_of_stop = cause;
}

Result<void> Database::usable() const {
  if (!state_->cause_of_stop) return {};
  return fail("An earlier write failed, so this file is not used any more until the node restarts: " +
              state_->cause_of_stop->message);
}

// ----------------------------------------------------------------------------------------------- Transaction

Result<Transaction> Transaction::begin(Database& database) {
  Database::State& state = *database.state_;
  if (!state.begin) {
    auto begin = database.prepare("begin a transaction", "BEGIN IMMEDIATE");
    if (!begin) return tl::unexpected(std::move(begin.error()));
    auto commit = database.prepare("commit a transaction", "COMMIT");
    if (!commit) return tl::unexpected(std::move(commit.error()));
    auto rollback = database.prepare("roll back a transaction", "ROLLBACK");
    if (!rollback) return tl::unexpected(std::move(rollback.error()));
    state.begin = std::move(*begin);
    state.commit = std::move(*commit);
    state.rollback = std::move(*rollback);
  }
  if (auto begun = state.begin->run(); !begun) return tl::unexpected(std::move(begun.error()));
  return Transaction(state);
}

Transaction::Transaction(Transaction&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

// SQLite rolls back by itself after some errors; then there is nothing left to do here. A rollback that fails leaves
// nothing committed either.
Transaction::~Transaction() {
  if (state_ == nullptr || sqlite3_get_autocommit(state_->handle) != 0) return;
  static_cast<void>(state_->rollback->run());
}

Result<void> Transaction::commit() {
  TIMESTORE_CHECK(state_ != nullptr, "a transaction is committed once");
  auto committed = state_->commit->run();
  if (committed) state_ = nullptr;
  return committed;
}

}  // namespace timestore::store
