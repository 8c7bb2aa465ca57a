// Which format a client wants an answer in.
#pragma once

#include <tl/expected.hpp>

#include "engine/query/answer_text.h"
#include "net/http/message.h"
#include "net/http/problem.h"

namespace timestore::net {

// The parameter format= (json, ndjson or csv), else what Accept prefers (RFC 9110, 12.5.1), else JSON. 406 where Accept
// takes none of them.
tl::expected<query::Format, http::Problem> format_of(const http::Request& request);

}  // namespace timestore::net
