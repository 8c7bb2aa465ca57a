#include "net/api/read_answers.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/query/filter.h"
#include "engine/query/row_cursor.h"
#include "engine/query/series_facts.h"
#include "net/access/answer.h"
#include "net/base/clock.h"
#include "net/base/log.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;
using query::QueryError;

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;

query::Limits limits_of(const OpenRead& read) {
  query::Limits limits;
  limits.goes_on = [query = read.query] { return query->goes_on(); };
  return limits;
}

// Parameters are told as they were sent, if that is text.
std::string plain(std::string text) {
  if (is_valid_utf8(text)) return text;
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return text;
}

void answer_error(const OpenRead& read, const QueryError& error, http::Response& response) {
  if (error.kind == QueryError::Kind::kEnded && read.query->was_ended()) {
    return answer_unavailable(response, "An operator has ended the query.");
  }
  if (error.kind == QueryError::Kind::kEnvironment) log_error("A query could not be answered: " + error.sentence);
  query_problem(error).write_to(response);
}

// An answer that is sent while it is made.
class Stream {
 public:
  Stream(http::Sink& sink, const RunningQueries::Query& query) : sink_(sink), query_(query) {}

  std::string& buffer() { return buffer_; }
  bool goes_on() const { return is_taken_ && query_.goes_on(); }
  void send_if_large() {
    if (buffer_.size() >= kChunkBytes) send();
  }
  bool send() {
    is_taken_ = goes_on() && (buffer_.empty() || sink_.write(buffer_));
    buffer_.clear();
    return is_taken_;
  }

 private:
  http::Sink& sink_;
  const RunningQueries::Query& query_;
  std::string buffer_;
  bool is_taken_ = true;
};

// A fault in the middle of an answer can only break the connection off, so that the client sees that it is not whole.
bool send_rows(const OpenRead& read, query::RowReader& rows, query::Format format, Stream& stream) {
  query::RowsText text(format);
  text.begin(stream.buffer());
  std::optional<Error> failure;
  const auto tell = [&](const query::Row& row) {
    const auto id = read.reader->id_of(row.point, row.series);
    if (!id) failure = id.error();
    if (failure) return;
    text.add(stream.buffer(), row, *id);
    stream.send_if_large();
  };
  for (bool goes_on = true; goes_on;) {
    const auto more = rows.next_page(tell);
    if (!more && more.error().kind == QueryError::Kind::kEnvironment) failure = Error{more.error().sentence};
    if (failure) log_error("A read was broken off: " + failure->message);
    if (!more || failure || !stream.goes_on()) return false;
    goes_on = *more;
  }
  text.end(stream.buffer());
  return stream.send();
}

// The target of the request with another cursor (RFC 8288).
std::string link_to(const http::Request& request, const std::string& cursor) {
  const auto [path, parameters] = http::split_target(request.target());
  std::string link = "<" + std::string(path) + "?";
  for (std::string_view rest = parameters; !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto name = http::percent_decoded(part.substr(0, part.find('=')));
    if (!part.empty() && name != "cursor") link.append(part).append("&");
  }
  return link + "cursor=" + cursor + ">; rel=\"next\"";
}

// One row more than the page, which tells that there are more.
query::Limits page_limits(const OpenRead& read) {
  query::Limits limits = limits_of(read);
  limits.page_rows = kMaxPageRows + 1;
  limits.page_bytes = kMaxPageBytes;
  return limits;
}

}  // namespace

Problem query_problem(const QueryError& error) {
  switch (error.kind) {
    case QueryError::Kind::kBadRequest: {
      std::string detail = error.parameter.empty() ? "" : error.parameter + ": ";
      if (error.position > 0) detail += "at character " + std::to_string(error.position) + ": ";
      return {.kind = ProblemKind::kBadRequest, .detail = plain(detail + error.sentence + ".")};
    }
    case QueryError::Kind::kTooMuch:
      return {.kind = ProblemKind::kTooMuch, .detail = plain(error.sentence + ".")};
    case QueryError::Kind::kEnvironment:
      return {.kind = ProblemKind::kUnavailable,
              .detail = plain(error.sentence),
              .retry_after_seconds = kRetryAfterSeconds};
    case QueryError::Kind::kEnded:
      return {.kind = ProblemKind::kUnavailable,
              .detail = "The query was ended after " + std::to_string(kMaxQueryTime.count()) +
                        " seconds. Ask for a shorter range or for fewer devices.",
              .retry_after_seconds = kRetryAfterSeconds};
  }
  return {.kind = ProblemKind::kInternal};
}

// What is wrong before the first row has a status yet.
void stream_rows(const OpenRead& read, query::RowsQuery query, query::Format format, http::Response& response) {
  read.query->may_take_long();
  auto opened = query::RowReader::open(std::move(query), read.reader->source(), limits_of(read));
  if (!opened) return answer_error(read, opened.error(), response);
  auto rows = std::make_shared<query::RowReader>(std::move(*opened));
  response.set_writer(query::media_type_of(format), [read, rows, format](http::Sink& sink) {
    Stream stream(sink, *read.query);
    return send_rows(read, *rows, format, stream);
  });
}

void answer_page(const OpenRead& read, query::RowsQuery query, query::Format format, const http::Request& request,
                 http::Response& response) {
  const std::uint64_t wanted = *query.limit;
  query.limit = wanted + 1;
  auto rows = query::RowReader::open(query, read.reader->source(), page_limits(read));
  if (!rows) return answer_error(read, rows.error(), response);
  std::string body;
  query::RowsText text(format);
  text.begin(body);
  std::uint64_t told = 0;
  std::optional<query::RowPlace> last;
  std::optional<Error> failure;
  const auto more = rows->next_page([&](const query::Row& row) {
    if (told++ == wanted || failure) return;
    const auto id = read.reader->id_of(row.point, row.series);
    if (!id) failure = id.error();
    if (!id) return;
    text.add(body, row, *id);
    last = query::place_of(row, query.order);
  });
  if (!more) return answer_error(read, more.error(), response);
  if (failure) return answer_unavailable(response, failure->message);
  text.end(body);
  query.limit = wanted;
  if (last && (told > wanted || *more)) {
    response.set_header("Link", link_to(request, query::encode_cursor(query, *last)));
  }
  response.set_content(std::move(body), query::media_type_of(format));
}

void answer_aggregate(const OpenRead& read, const query::AggregateQuery& query, query::Format format,
                      http::Response& response) {
  std::string body;
  query::AggregateText text(format, query);
  text.begin(body);
  bool is_too_large = false;
  const auto answered =
      query::aggregate(query, read.reader->source(), limits_of(read), [&](const query::AggregateRow& row) {
        is_too_large |= body.size() > kMaxAnswerBytes;
        if (!is_too_large) text.add(body, row);
      });
  if (!answered) return answer_error(read, answered.error(), response);
  if (is_too_large) {
    return answer_error(read,
                        {.kind = QueryError::Kind::kTooMuch,
                         .sentence = "The answer is larger than " + std::to_string(kMaxAnswerBytes >> 20) +
                                     " MiB; ask for wider buckets, fewer groups or a limit"},
                        response);
  }
  text.end(body);
  response.set_content(std::move(body), query::media_type_of(format));
}

void answer_devices(const OpenRead& read, const query::RowsQuery& query, query::Format format,
                    const http::Request& request, http::Response& response) {
  query::Source& source = read.reader->source();
  std::vector<query::Series> series;
  const auto listed =
      source.list({.database = query.filter.database, .names = query.filter.devices, .prefixes = query.filter.prefixes},
                  [&](query::Series&& one) {
                    const bool is_behind = !query.after || one.name > query.after->name;
                    if (is_behind && passes(query.filter, one)) series.push_back(std::move(one));
                  });
  if (!listed) return answer_unavailable(response, listed.error().message);
  std::sort(series.begin(), series.end(), [](const auto& left, const auto& right) { return left.name < right.name; });
  const bool has_more = query.limit && series.size() > *query.limit;
  if (has_more) series.resize(*query.limit);
  std::vector<query::SeriesNumber> numbers;
  for (const query::Series& one : series) numbers.push_back(one.number);
  std::sort(numbers.begin(), numbers.end());
  const auto facts = query::facts_of(source, numbers, limits_of(read));
  if (!facts) return answer_error(read, facts.error(), response);
  std::string body;
  query::DevicesText text(format);
  text.begin(body);
  for (const query::Series& one : series) {
    const auto number = std::lower_bound(numbers.begin(), numbers.end(), one.number);
    const query::SeriesFacts& known = (*facts)[static_cast<std::size_t>(number - numbers.begin())];
    if (known.points > 0) text.add(body, one, known);  // else all of its points have expired
  }
  text.end(body);
  if (has_more) {
    const query::RowPlace place{.name = series.back().name};
    response.set_header("Link", link_to(request, query::encode_cursor(query, place)));
  }
  response.set_content(std::move(body), query::media_type_of(format));
}

}  // namespace timestore::net
