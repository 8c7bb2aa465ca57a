// What reads answer with, once a reader has begun.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/query/answer_text.h"
#include "engine/query/query.h"
#include "engine/query/query_error.h"
#include "net/api/read_door.h"
#include "net/http/message.h"
#include "net/http/problem.h"

namespace timestore::net {

// So many rows at most are in a page, and a page that reaches so many bytes ends early.
inline constexpr std::uint64_t kMaxPageRows = 10'000;
inline constexpr std::size_t kMaxPageBytes = std::size_t{8} << 20;

// A query that computes ends after so long.
inline constexpr std::chrono::seconds kMaxQueryTime{30};

// A read keeps the state that it began with, and with it the series file's write-ahead log from shrinking; so it must
// end some time, however slowly its client reads.
inline constexpr std::chrono::minutes kMaxReadTime{10};

// An aggregate's answer is whole before it is sent.
inline constexpr std::size_t kMaxAnswerBytes = std::size_t{64} << 20;

http::Problem query_problem(const query::QueryError& error);

// All rows, sent while they are read.
void stream_rows(const OpenRead& read, query::RowsQuery query, query::Format format, http::Response& response);

// A page of at most query.limit rows, with the way to the next one if there are more.
void answer_page(const OpenRead& read, query::RowsQuery query, query::Format format, const http::Request& request,
                 http::Response& response);

void answer_aggregate(const OpenRead& read, const query::AggregateQuery& query, query::Format format,
                      http::Response& response);

// Devices by name. With query.limit a page of them; of the query only devices, prefixes and tags count.
void answer_devices(const OpenRead& read, const query::RowsQuery& query, query::Format format,
                    const http::Request& request, http::Response& response);

}  // namespace timestore::net
