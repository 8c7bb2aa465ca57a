// Whether a request's body is of a kind that its route takes.
#pragma once

#include <optional>

#include "net/http/message.h"
#include "net/http/problem.h"
#include "net/http/router.h"

namespace timestore::http {

// Nothing: it is.
[[nodiscard]] std::optional<Problem> check_content(const Request& request, const BodyRules& rules);

// JSON has no byte order mark, but clients send one, and may be forgiven (RFC 8259, section 8.1).
void skip_byte_order_mark(Request& request, const BodyRules& rules);

}  // namespace timestore::http
