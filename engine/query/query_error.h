// Why a query has no answer.
#pragma once

#include <cstddef>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "engine/base/result.h"

namespace timestore::query {

struct QueryError {
  enum class Kind {
    kBadRequest,  // the question is wrong
    kTooMuch,     // the answer, or the work for it, is beyond a limit; the sentence says which, and how to ask for less
    kEnvironment,  // this node cannot answer: its file cannot be read, or it lacks time zones
    kEnded,        // whoever asked is gone, or the query was ended
  } kind = Kind::kBadRequest;
  std::string parameter = {};  // that is wrong; empty: none
  std::size_t position = 0;    // of the first wrong character of its value, from 1; 0: all of it
  std::string sentence = {};
};

template <typename T>
using Answer = tl::expected<T, QueryError>;

[[nodiscard]] inline tl::unexpected<QueryError> refuse(std::string parameter, std::string sentence,
                                                       std::size_t position = 0) {
  return tl::unexpected(QueryError{.kind = QueryError::Kind::kBadRequest,
                                   .parameter = std::move(parameter),
                                   .position = position,
                                   .sentence = std::move(sentence)});
}

[[nodiscard]] inline tl::unexpected<QueryError> too_much(std::string sentence) {
  return tl::unexpected(QueryError{.kind = QueryError::Kind::kTooMuch, .sentence = std::move(sentence)});
}

[[nodiscard]] inline tl::unexpected<QueryError> ended() {
  return tl::unexpected(QueryError{.kind = QueryError::Kind::kEnded, .sentence = "the query was ended"});
}

// What went wrong below a query.
[[nodiscard]] inline tl::unexpected<QueryError> environment(const Error& error) {
  return tl::unexpected(QueryError{.kind = QueryError::Kind::kEnvironment, .sentence = error.message});
}

}  // namespace timestore::query
