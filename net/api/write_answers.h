// What a client hears of a write: of one entry or of a batch.
#pragma once

#include <string>
#include <vector>

#include "engine/client/write.h"
#include "net/http/message.h"

namespace timestore::net {

// The entry as JSON; the entries as a JSON array.
std::string text_of(const TimeEntry& entry);
std::string text_of(const std::vector<TimeEntry>& entries);

// Nothing was stored, and who leads is not known here.
void answer_not_leader(http::Response& response);

// With the ids that make it safe to send the write again, where it has any.
void answer_unknown(const std::vector<TimeEntry>& entries, bool is_batch, http::Response& response);

// Which ids are taken, by the places of their entries.
void answer_conflict(const client::WriteEnd& end, bool is_batch, http::Response& response);

// Which entries are before the edge of retention, by their places.
void answer_expired(const client::WriteEnd& end, bool is_batch, http::Response& response);

}  // namespace timestore::net
