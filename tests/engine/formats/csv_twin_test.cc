// CSV against a second implementation, written from the rules: whole bodies, character by character. What the fields of
// a row mean it asks the reader of JSON, with the row written as an object.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/json_text.h"
#include "engine/base/utf8.h"
#include "engine/formats/csv.h"
#include "engine/series/parse.h"
#include "tests/engine/formats/batches.h"
#include "tests/engine/series/generators.h"

namespace timestore::csv_twin_test {
namespace {

struct NaiveRow {
  size_t line = 0;
  std::vector<std::string> fields;
  std::string fault;  // empty when it is good
};

// The automaton of a field.
enum class At { kBegin, kBare, kQuoted, kBehindQuote };

NaiveRow naive_row(std::string_view body, size_t& at, size_t& line) {
  NaiveRow row{.line = line, .fields = {""}, .fault = ""};
  At state = At::kBegin;
  bool ended = false;
  while (at < body.size() && !ended) {
    const char c = body[at++];
    const bool ends_line = c == '\n' || (c == '\r' && (at == body.size() || body[at] == '\n'));
    line += c == '\n' ? 1 : 0;
    if (state == At::kQuoted) {
      if (c == '"') {
        state = At::kBehindQuote;
      } else {
        row.fields.back() += c;
      }
    } else if (ends_line) {
      ended = c == '\n';
    } else if (c == ',') {
      row.fields.emplace_back();
      state = At::kBegin;
    } else if (c == '"' && state == At::kBehindQuote) {
      row.fields.back() += c;
      state = At::kQuoted;
    } else if (c == '"' && state == At::kBegin) {
      state = At::kQuoted;
    } else if (c == '"' || state == At::kBehindQuote) {
      row.fault = c == '"' ? "a quote in a field without quotes" : "something behind the quotes of a field";
      return row;
    } else {
      row.fields.back() += c;
      state = At::kBare;
    }
  }
  if (state == At::kQuoted) row.fault = "a quote that is not closed";
  return row;
}

// The row as an object; an empty field is left out.
std::string as_json(const NaiveRow& row, const std::vector<std::string>& columns) {
  std::string json = "{";
  for (size_t i = 0; i < columns.size(); ++i) {
    if (row.fields[i].empty()) continue;
    if (json.size() > 1) json += ',';
    append_json_string(json, columns[i]);
    json += ':';
    const bool is_attributes = columns[i].size() == 10;
    if (is_attributes) {
      json += row.fields[i];
    } else {
      append_json_string(json, row.fields[i]);
    }
  }
  return json + '}';
}

// Pointers, of which a malformed text has one; or the entries.
struct Naive {
  std::vector<TimeEntry> entries;
  std::vector<std::string> pointers;
};

Naive naive_csv(std::string_view body) {
  Naive naive;
  std::vector<std::string> columns;
  size_t at = body.starts_with("\xef\xbb\xbf") ? 3 : 0;
  size_t line = 1;
  while (at < body.size()) {
    const size_t begin = at;
    const NaiveRow row = naive_row(body, at, line);
    const std::string text(body.substr(begin, at - begin));
    if (row.fault.empty() && (text == "\n" || text == "\r\n" || text == "\r")) continue;
    const std::string number = "/" + std::to_string(row.line);
    // Where a row is no CSV its end is not known, so bytes that are no UTF-8 may be found before.
    if (!row.fault.empty() || !is_valid_utf8(text)) {
      naive.pointers.push_back(number);
      return naive;
    }
    if (columns.empty()) {
      std::vector<std::string> due = {"id", "deviceid", "timestamp", "value", "attributes"};
      for (std::string name : row.fields) {
        std::string step = "/";
        for (const char c : name) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
        if (name.size() > 64) step.clear();
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
        const auto found = std::find(due.begin(), due.end(), name);
        if (found == due.end()) naive.pointers.push_back(number + step);
        if (found != due.end()) due.erase(found);
      }
      for (const std::string name : {"deviceid", "timestamp", "value"}) {
        if (std::find(due.begin(), due.end(), name) != due.end()) naive.pointers.push_back(number + "/" + name);
      }
      if (!naive.pointers.empty()) return naive;
      columns = row.fields;
      continue;
    }
    if (row.fields.size() != columns.size()) {
      naive.pointers.push_back(number);
      continue;
    }
    const auto entry = parse_time_entry(as_json(row, columns));
    if (entry) naive.entries.push_back(*entry);
    if (entry) continue;
    for (const Problem& problem : entry.error()) naive.pointers.push_back(number + problem.pointer);
  }
  if (columns.empty()) naive.pointers.push_back("");
  return naive;
}

std::string quoted(const std::string& field) {
  const bool needs_quotes = field.find_first_of(",\"\r\n") != std::string::npos;
  if (!needs_quotes && *rc::gen::inRange(0, 3) > 0) return field;
  std::string out = "\"";
  for (const char c : field) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

std::string field_text(const std::string& column, const TimeEntry& entry) {
  std::string json;
  append_json(json, entry);
  if (column == "id") return entry.id.is_nil() ? "" : entry.id.text();
  if (column == "deviceId") return entry.device_id;
  if (column == "attributes") return entry.attributes;
  const std::string label = "\"" + column + "\":";
  const size_t begin = json.rfind(label, json.rfind(",\"value\":") + 1) + label.size();
  std::string text = json.substr(begin, json.find_first_of(",}", begin) - begin);
  text.erase(std::remove(text.begin(), text.end(), '"'), text.end());
  return text;
}

// The entries as a body; and themselves.
std::string random_csv(std::vector<TimeEntry>& entries) {
  std::vector<std::string> columns = {"timestamp", "deviceId", "attributes", "value", "id"};
  for (size_t i = columns.size(); i > 1; --i) std::swap(columns[i - 1], columns[pick(i)]);
  const std::string line_end = *rc::gen::element<std::string>("\n", "\r\n");
  std::string body = *rc::gen::element<std::string>("", "\xef\xbb\xbf", "\n");
  const auto add_row = [&](const auto& text_of) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) body += ',';
      body += quoted(text_of(columns[i]));
    }
    body += line_end;
  };
  add_row([](const std::string& column) { return column; });
  for (int rows = *rc::gen::inRange(0, 4); rows > 0; --rows) {
    entries.push_back(random_entry());
    add_row([&](const std::string& column) { return field_text(column, entries.back()); });
  }
  return body;
}

RC_GTEST_PROP(CsvTwin, any_entries_read_back_however_they_are_cut, ()) {
  std::vector<TimeEntry> entries;
  const std::string body = random_csv(entries);
  RC_ASSERT(read_batch<CsvParser>(body, random_cuts(body)) == good_batch(entries));
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

void expect_alike(const std::string& body) {
  Naive naive = naive_csv(body);
  const BatchOutcome outcome = read_batch<CsvParser>(body, random_cuts(body));
  RC_ASSERT(outcome == read_batch<CsvParser>(body));
  if (naive.pointers.empty()) RC_ASSERT(outcome == good_batch(naive.entries));
  if (naive.pointers.size() > kMaxProblems) naive.pointers.resize(kMaxProblems);
  std::vector<std::string> told;
  for (const Problem& problem : outcome.problems) told.push_back(lower(problem.pointer));
  for (std::string& pointer : naive.pointers) pointer = lower(pointer);
  RC_ASSERT(told == naive.pointers);
}

RC_GTEST_PROP(CsvTwin, damaged_bodies_are_judged_alike, ()) {
  std::vector<TimeEntry> entries;
  std::string body = random_csv(entries);
  // What damages attributes damages the object of the twin, so they are left out.
  for (TimeEntry& entry : entries) entry.attributes.clear();
  body = "value,deviceId,id,timestamp\n";
  for (const TimeEntry& entry : entries) {
    body += quoted(field_text("value", entry)) + ',' + quoted(entry.device_id) + ',' + quoted(field_text("id", entry)) +
            ',' + quoted(field_text("timestamp", entry)) + "\n";
  }
  damage(body, 3, "\"\"\",,\n\r10-e.\xff\xc3\xa9");
  expect_alike(body);
}

RC_GTEST_PROP(CsvTwin, any_special_bytes_are_judged_alike, ()) {
  const std::string bytes =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("\"\"\",,,\n\n\rda1.\xff\xc3\xa9")));
  expect_alike("deviceId,value,timestamp\n" + bytes);
}

}  // namespace
}  // namespace timestore::csv_twin_test
