// Which series, fields and databases there are: those that the file lists, and the new ones behind them.
//
// As StoredPoints, whose part it is: for whoever applies, and for readers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/series/fresh.h"
#include "engine/store/series/series_key.h"
#include "engine/store/series/series_list.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::store {

class Catalog {
 public:
  // The database must outlive it, and stay where it is.
  [[nodiscard]] static Result<Catalog> open(Database& database);

  void look_at(FreshView view) { view_ = std::move(view); }  // what is new, from now on
  void let_go() { view_ = {}; }

  // For who appends: what to find new things by. It must outlive this.
  void index_fresh_by(const FreshIndex* index) { index_ = index; }

  [[nodiscard]] Result<std::optional<NumberedSeries>> find(const SeriesKeyView& key);

  // What is told lives until the next call.
  [[nodiscard]] Result<const NewSeries*> series_of(points::SeriesNumber number);

  // Of what the file lists, those whose hashes (hash_of) are from `first` to `last`.
  [[nodiscard]] Result<std::vector<points::SeriesNumber>> with_hash(std::uint64_t first, std::uint64_t last);

  // The wanted series, whose names count for nothing, by number, until it returns false; more of them may be told.
  [[nodiscard]] Result<void> list(const query::SeriesWanted& wanted, const TellSeries& tell);

  [[nodiscard]] Result<points::SeriesNumber> next_number();  // of series: one more than the file has

  // Of a field that has one.
  [[nodiscard]] Result<std::optional<points::Type>> type_of(const FieldKeyView& field);

  // Beside the one of our own API, which is always there; by name.
  [[nodiscard]] Result<bool> has_database(std::string_view name);
  [[nodiscard]] Result<std::vector<std::string>> databases();

 private:
  enum Verb : std::uint8_t {
    kFindSeries,
    kReadSeries,
    kHashedSeries,
    kLaterSeries,
    kLastSeries,
    kFindField,
    kFindDatabase,
    kAllDatabases,
    kVerbs
  };
  Catalog(std::string path, std::vector<Statement> statements)
      : path_(std::move(path)), statements_(std::move(statements)) {}
  Statement& verb(Verb verb) { return statements_[verb]; }
  Result<void> list_behind(points::SeriesNumber number, const TellSeries& tell);

  std::string path_;
  std::vector<Statement> statements_;  // by verb
  FreshView view_;
  const FreshIndex* index_ = nullptr;
  // Caches: a number is never given again, and a type stays.
  std::map<points::SeriesNumber, NewSeries> by_number_;
  std::map<SeriesKey, NumberedSeries, SeriesKeyLess> by_key_;
  SeriesList list_;  // what was listed
};

}  // namespace timestore::store
