// SHOW: what there is.
#include <algorithm>
#include <utility>

#include "engine/query/influxql/condition.h"
#include "engine/query/influxql/data_type.h"
#include "engine/query/influxql/go_text.h"
#include "engine/query/influxql/plan.h"
#include "engine/query/influxql/session.h"

namespace timestore::query::influxql {
namespace {

using What = Show::What;
using Rows = std::vector<std::vector<Value>>;
using NameTest = std::function<bool(const std::string&)>;

Answer<void> check_tag_condition(const Expression& condition) {
  if (condition.kind != Expression::Kind::kBinary) return {};
  const std::string& op = condition.text;
  if (op == "AND" || op == "OR") {
    if (auto checked = check_tag_condition(condition.operands[0]); !checked) return checked;
    return check_tag_condition(condition.operands[1]);
  }
  if (op == "=" || op == "!=" || op == "=~" || op == "!~") return {};
  return refuse("", "invalid tag comparison operator");
}

// Leaves sets of tags for which the condition is true; all names are tags here.
Answer<void> keep_matching(Schema& schema, const std::optional<Expression>& where) {
  const auto condition = split_condition(where, 0, nullptr);
  if (!condition) return tl::unexpected(condition.error());
  if (!condition->rest) return {};
  if (auto checked = check_tag_condition(*condition->rest); !checked) return checked;
  const MeasurementSchema no_fields;
  for (auto& [name, measurement] : schema) {
    std::vector<TagSet> kept;
    measurement.tag_keys.clear();
    for (TagSet& tags : measurement.tag_sets) {
      const auto bound = bound_to(*condition->rest, no_fields, tags);
      if (!bound) return tl::unexpected(bound.error());
      if (!is_constant(*bound, true)) continue;
      for (const Tag& tag : tags.tags) measurement.tag_keys.insert(tag.name);
      kept.push_back(std::move(tags));
    }
    measurement.tag_sets = std::move(kept);
  }
  std::erase_if(schema, [](const auto& entry) { return entry.second.tag_sets.empty(); });
  return {};
}

Answer<NameTest> test_of(const std::optional<Show::With>& with) {
  if (!with) return [](const std::string&) { return true; };
  const bool is_negated = with->op == "!=" || with->op == "!~";
  if (with->regex) {
    auto regex = Regex::compile(*with->regex);
    if (!regex) return tl::unexpected(regex.error());
    return
        [regex = std::move(*regex), is_negated](const std::string& name) { return regex.matches(name) != is_negated; };
  }
  return [names = with->names, is_negated](const std::string& name) {
    return (std::find(names.begin(), names.end(), name) != names.end()) != is_negated;
  };
}

std::string key_of(const std::string& measurement, const TagSet& tags) {
  std::string key;
  append_escaped_name(key, measurement, true);
  for (const Tag& tag : tags.tags) {
    append_escaped_name(key += ',', tag.name, false);
    append_escaped_name(key += '=', tag.value, false);
  }
  return key;
}

// Rows of one measurement.
Rows rows_of(What what, const MeasurementSchema& measurement, const NameTest& wants_key) {
  Rows rows;
  if (what == What::kTagKeys) {
    for (const std::string& key : measurement.tag_keys) rows.push_back({key});
  } else if (what == What::kFieldKeys) {
    for (const auto& [field, type] : measurement.fields) {
      rows.push_back({field, std::string(name_of(data_type_of(type)))});
    }
  } else if (what == What::kTagValues) {
    std::set<std::pair<std::string, std::string>> values;
    for (const TagSet& tags : measurement.tag_sets) {
      for (const Tag& tag : tags.tags) {
        if (wants_key(tag.name)) values.emplace(tag.name, tag.value);
      }
    }
    for (const auto& [key, value] : values) rows.push_back({key, value});
  }
  return rows;
}

std::vector<std::string> columns_of(What what) {
  if (what == What::kTagKeys) return {"tagKey"};
  if (what == What::kFieldKeys) return {"fieldKey", "fieldType"};
  if (what == What::kTagValues) return {"key", "value"};
  return {what == What::kSeries ? "key" : "name"};
}

class Teller {
 public:
  Teller(const Show& show, AnswerWriter& writer) : show_(show), writer_(writer) {}

  // A series, if LIMIT and OFFSET leave any of it.
  Answer<void> tell(AnswerSeries series, const Rows& rows) {
    const uint64_t offset = std::min<uint64_t>(show_.page.offset.value_or(0), rows.size());
    const uint64_t limit = show_.page.limit.value_or(0);
    const uint64_t end =
        limit == 0 ? rows.size() : std::min<uint64_t>(rows.size(), offset + std::min(limit, rows.size() - offset));
    return tell_all(std::move(series), std::span(rows).subspan(offset, end - offset));
  }

  Answer<void> tell_count(const std::string& name, const char* column, size_t count) {
    const Rows rows = {{static_cast<int64_t>(count)}};
    return tell_all({.name = name, .tags = {}, .columns = {column}}, rows);
  }

 private:
  Answer<void> tell_all(AnswerSeries series, std::span<const std::vector<Value>> rows) {
    if (rows.empty()) return {};
    writer_.begin_series(std::move(series));
    for (const std::vector<Value>& row : rows) {
      if (!writer_.add_row(std::nullopt, row)) return ended();
    }
    return {};
  }

  const Show& show_;
  AnswerWriter& writer_;
};

std::string go_duration(int64_t duration_ns) {
  const int64_t seconds = duration_ns / 1'000'000'000;
  if (seconds == 0) return "0s";
  return std::to_string(seconds / 3600) + "h" + std::to_string(seconds / 60 % 60) + "m" + std::to_string(seconds % 60) +
         "s";
}

Answer<void> show_databases(const ShowSetting& setting, Teller& teller, AnswerWriter& writer) {
  Rows rows;
  for (const std::string& name : setting.catalog.databases()) rows.push_back({name});
  if (rows.empty()) writer.begin_series({.name = "databases", .tags = {}, .columns = {"name"}});
  return teller.tell({.name = "databases", .tags = {}, .columns = {"name"}}, rows);
}

Answer<void> show_policies(const ShowSetting& setting, Teller& teller) {
  const auto policies = setting.catalog.policies(setting.database);
  if (!policies) return refuse("", "database not found: " + setting.database);
  Rows rows;
  for (const Policy& policy : *policies) {
    rows.push_back({policy.name, go_duration(policy.duration_ns), go_duration(policy.shard_duration_ns),
                    policy.replicas, policy.is_default});
  }
  return teller.tell(
      {.name = {}, .tags = {}, .columns = {"name", "duration", "shardGroupDuration", "replicaN", "default"}}, rows);
}

// Measurements, or keys of series: one list for all measurements.
Answer<void> show_list(const Show& show, const Schema& schema, Teller& teller) {
  Rows rows;
  for (const auto& [name, measurement] : schema) {
    if (show.what == What::kMeasurements) {
      rows.push_back({name});
      continue;
    }
    for (const TagSet& tags : measurement.tag_sets) rows.push_back({key_of(name, tags)});
  }
  if (show.what == What::kMeasurements) {
    return teller.tell({.name = "measurements", .tags = {}, .columns = columns_of(show.what)}, rows);
  }
  std::sort(rows.begin(), rows.end());
  return teller.tell({.name = {}, .tags = {}, .columns = columns_of(show.what)}, rows);
}

Answer<void> show_counts(const Show& show, const Schema& schema, const NameTest& wants_key, Teller& teller) {
  const bool is_whole = !show.is_exact && show.from.empty() && !show.where;
  const char* column = is_whole ? "cardinality estimation" : "count";  // 1.x estimates here; this count is exact
  if (show.what == What::kMeasurements) return teller.tell_count("", column, schema.size());
  size_t all = 0;
  for (const auto& [name, measurement] : schema) {
    const bool counts_series = show.what == What::kSeries;
    const size_t count =
        counts_series ? measurement.tag_sets.size() : rows_of(show.what, measurement, wants_key).size();
    all += count;
    if ((counts_series && is_whole) || count == 0) continue;
    if (auto told = teller.tell_count(name, "count", count); !told) return told;
  }
  if (show.what == What::kSeries && is_whole) return teller.tell_count("", column, all);
  return {};
}

}  // namespace

Answer<void> run_show(const Show& show, const ShowSetting& setting, AnswerWriter& writer) {
  Teller teller(show, writer);
  if (show.what == What::kDatabases) return show_databases(setting, teller, writer);
  if (show.what == What::kRetentionPolicies) return show_policies(setting, teller);
  const auto test = test_of(show.with);
  if (!test) return tl::unexpected(test.error());
  const bool tests_measurements = show.what == What::kMeasurements;
  const auto among = measurements_among(show.from);
  if (!among) return tl::unexpected(among.error());
  const auto wants = [&](const std::string& name) {
    return (show.from.empty() || (*among)(name)) && (!tests_measurements || (*test)(name));
  };
  auto schema = read_schema(*setting.source, setting.limits, series_wanted(show.from, show.where), wants);
  if (!schema) return tl::unexpected(schema.error());
  if (auto kept = keep_visible(*schema, *setting.source, setting.limits); !kept) return kept;
  if (auto kept = keep_matching(*schema, show.where); !kept) return kept;
  if (show.counts) return show_counts(show, *schema, *test, teller);
  if (tests_measurements || show.what == What::kSeries) return show_list(show, *schema, teller);
  for (const auto& [name, measurement] : *schema) {
    const auto rows = rows_of(show.what, measurement, *test);
    if (auto told = teller.tell({.name = name, .tags = {}, .columns = columns_of(show.what)}, rows); !told) return told;
  }
  return {};
}

}  // namespace timestore::query::influxql
