#include "engine/store/series/catalog.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/store/sqlite/file_format.h"

namespace timestore::store {

using points::SeriesNumber;
using points::Type;

namespace {

// Each of the caches is emptied when it has this many: 100,000 names of 20 bytes take about 10 MB.
constexpr std::size_t kMaxCachedSeries = 100'000;
// With more the file is walked through each time: a list of 100,000 takes some 15 MB in each reader.
constexpr std::size_t kMaxListedSeries = 100'000;

struct CatalogVerb {
  const char* attempt;
  const char* sql;
};
constexpr CatalogVerb kCatalogVerbs[] = {
    // in the order of the verbs
    {"find a series",
     "SELECT number, type FROM series WHERE hash = ?1 AND name = ?2 AND is_line = ?3 AND database = ?4"},
    {"read the name of a series", "SELECT database, is_line, name, type FROM series WHERE number = ?1"},
    {"find series", "SELECT number FROM series WHERE hash BETWEEN ?1 AND ?2 ORDER BY number"},
    {"list the series", "SELECT number, database, is_line, name, type FROM series WHERE number > ?1 ORDER BY number"},
    {"count the series", "SELECT ifnull(max(number), 0) FROM series"},
    {"find a field", "SELECT type FROM fields WHERE database = ?1 AND measurement = ?2 AND field = ?3"},
    {"find a database", "SELECT 1 FROM databases WHERE name = ?1"},
    {"list the databases", "SELECT name FROM databases ORDER BY name"},
};

std::optional<Type> type_from(std::int64_t number) {
  if (number < 1 || number > static_cast<std::int64_t>(points::kLastType)) return std::nullopt;
  return static_cast<Type>(number);
}

}  // namespace

Result<Catalog> Catalog::open(Database& database) {
  static_assert(std::size(kCatalogVerbs) == kVerbs);
  std::vector<Statement> statements;
  for (const auto& [attempt, sql] : kCatalogVerbs) {
    auto statement = database.prepare(attempt, sql);
    if (!statement) return tl::unexpected(std::move(statement.error()));
    statements.push_back(std::move(*statement));
  }
  return Catalog(database.path(), std::move(statements));
}

Result<std::optional<NumberedSeries>> Catalog::find(const SeriesKeyView& key) {
  if (const auto cached = by_key_.find(key); cached != by_key_.end()) return cached->second;
  if (index_ != nullptr) {
    if (const auto fresh = index_->series.find(key); fresh != index_->series.end()) return fresh->second;
  }
  Statement& find = verb(kFindSeries);
  const ResetAtEnd reset(find);
  auto is_there = find.bind_integer(1, static_cast<std::int64_t>(hash_of(key)))
                      .bind_text(2, key.name)
                      .bind_integer(3, key.is_line ? 1 : 0)
                      .bind_text(4, key.database)
                      .step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  if (!*is_there) return index_ != nullptr ? std::nullopt : view_.find(key);
  const auto type = type_from(find.integer(1));
  if (!type) return damaged(path_, "it has a series of no type");
  const NumberedSeries found{.number = find.natural(0), .type = *type};
  if (by_key_.size() == kMaxCachedSeries) by_key_.clear();
  by_key_.emplace(SeriesKey(key), found);
  return found;
}

Result<const NewSeries*> Catalog::series_of(SeriesNumber number) {
  if (const NewSeries* fresh = view_.series_of(number)) return fresh;
  if (const auto cached = by_number_.find(number); cached != by_number_.end()) return &cached->second;
  Statement& read = verb(kReadSeries);
  const ResetAtEnd reset(read);
  auto is_there = read.bind_integer(1, static_cast<std::int64_t>(number)).step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  const auto type = *is_there ? type_from(read.integer(3)) : std::nullopt;
  if (!type) return damaged(path_, "it has points of series " + std::to_string(number) + ", which has no name");
  if (by_number_.size() == kMaxCachedSeries) by_number_.clear();
  const SeriesKeyView key{.database = read.bytes(0), .is_line = read.integer(1) != 0, .name = read.bytes(2)};
  return &by_number_.emplace(number, NewSeries{.key = SeriesKey(key), .type = *type}).first->second;
}

// Hashes are natural numbers, and SQLite's have a sign: a range of them may be two.
Result<std::vector<SeriesNumber>> Catalog::with_hash(std::uint64_t first, std::uint64_t last) {
  constexpr std::uint64_t kFirstNegative = std::uint64_t{1} << 63;
  std::vector<SeriesNumber> numbers;
  const auto add = [&](std::uint64_t from, std::uint64_t to) -> Result<void> {
    Statement& list = verb(kHashedSeries);
    const ResetAtEnd reset(list);
    list.bind_integer(1, static_cast<std::int64_t>(from)).bind_integer(2, static_cast<std::int64_t>(to));
    while (true) {
      auto is_there = list.step();
      if (!is_there) return tl::unexpected(std::move(is_there.error()));
      if (!*is_there) return {};
      numbers.push_back(list.natural(0));
    }
  };
  if (first < kFirstNegative) {
    if (auto added = add(first, std::min(last, kFirstNegative - 1)); !added) return tl::unexpected(added.error());
  }
  if (last >= kFirstNegative) {
    if (auto added = add(std::max(first, kFirstNegative), last); !added) return tl::unexpected(added.error());
  }
  return numbers;
}

// What the file lists behind that number.
Result<void> Catalog::list_behind(SeriesNumber number, const TellSeries& tell) {
  Statement& list = verb(kLaterSeries);
  const ResetAtEnd reset(list);
  list.bind_integer(1, static_cast<std::int64_t>(number));
  while (true) {
    auto is_there = list.step();
    if (!is_there) return tl::unexpected(std::move(is_there.error()));
    if (!*is_there) return {};
    const auto type = type_from(list.integer(4));
    if (!type) return damaged(path_, "it has a series of no type");
    const SeriesKeyView key{.database = list.bytes(1), .is_line = list.integer(2) != 0, .name = list.bytes(3)};
    if (!tell(list.natural(0), key, *type)) return {};
  }
}

Result<void> Catalog::list(const query::SeriesWanted& wanted, const TellSeries& tell) {
  bool goes_on = true;
  const auto tell_wanted = [&](SeriesNumber number, const SeriesKeyView& key, Type type) {
    const bool is_wanted = key.database == wanted.database &&
                           (wanted.prefixes.empty() ||
                            std::any_of(wanted.prefixes.begin(), wanted.prefixes.end(),
                                        [&](const std::string& prefix) { return key.name.starts_with(prefix); }));
    goes_on = !is_wanted || tell(number, key, type);
    return goes_on;
  };
  const auto next = next_number();
  if (!next) return tl::unexpected(next.error());
  if (*next - 1 > kMaxListedSeries) {
    if (auto listed = list_behind(0, tell_wanted); !listed) return listed;
  } else {
    const auto add = [&](SeriesNumber number, const SeriesKeyView& key, Type type) {
      list_.add(number, key, type);
      return true;
    };
    const bool has_grown = *next - 1 > list_.last_number();
    auto listed = has_grown ? list_behind(list_.last_number(), add) : Result<void>();
    if (!listed) return listed;
    goes_on = list_.tell(wanted, tell);
  }
  for (std::size_t at = 0; at < view_.series && goes_on; ++at) {
    const NewSeries& each = view_.fresh->series[at];
    tell_wanted(view_.fresh->first_series + at, each.key.view(), each.type);
  }
  return {};
}

Result<SeriesNumber> Catalog::next_number() {
  Statement& last = verb(kLastSeries);
  const ResetAtEnd reset(last);
  auto is_there = last.step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  return last.natural(0) + 1;
}

Result<std::optional<Type>> Catalog::type_of(const FieldKeyView& field) {
  if (index_ != nullptr) {
    if (const auto fresh = index_->fields.find(field); fresh != index_->fields.end()) return fresh->second;
  }
  Statement& find = verb(kFindField);
  const ResetAtEnd reset(find);
  auto is_there = find.bind_text(1, field.database).bind_text(2, field.measurement).bind_text(3, field.field).step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  if (!*is_there) return index_ != nullptr ? std::nullopt : view_.type_of(field);
  const auto type = type_from(find.integer(0));
  if (!type) return damaged(path_, "it has a field of no type");
  return type;
}

Result<bool> Catalog::has_database(std::string_view name) {
  if (index_ != nullptr && index_->databases.contains(name)) return true;
  Statement& find = verb(kFindDatabase);
  const ResetAtEnd reset(find);
  auto is_there = find.bind_text(1, name).step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  return *is_there || (index_ == nullptr && view_.has_database(name));
}

Result<std::vector<std::string>> Catalog::databases() {
  Statement& list = verb(kAllDatabases);
  const ResetAtEnd reset(list);
  std::vector<std::string> names;
  while (true) {
    auto is_there = list.step();
    if (!is_there) return tl::unexpected(std::move(is_there.error()));
    if (!*is_there) break;
    names.emplace_back(list.bytes(0));
  }
  for (std::size_t at = 0; at < view_.databases; ++at) names.push_back(view_.fresh->databases[at]);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace timestore::store
