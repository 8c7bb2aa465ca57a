// Why a peer does not answer, in words that tell an operator where to look.
//
// An httplib client says "Connection" for a name that nobody knows, a port where nobody listens, and a network without
// a way there.
#pragma once

#include <optional>
#include <string>

#include "engine/raft/message.h"
#include "net/base/address.h"

namespace httplib {
enum class Error;
}

namespace timestore::net {

// Completes "does not answer: ...". Where a connection could not be made this tries once more, for a tenth of a second
// and as long as the name server takes, because the client does not tell what was in the way.
[[nodiscard]] std::string reason_of(httplib::Error error, const HostPort& address);

// The same for an answer 421, whose body may name who answers there.
[[nodiscard]] std::string reason_of_misdirection(const std::string& body, const HostPort& address);

// What such a body says of the cluster that the other node belongs to; nothing where that is not the reason.
[[nodiscard]] std::optional<raft::NotOurs> refusal_in(const std::string& body);

}  // namespace timestore::net
