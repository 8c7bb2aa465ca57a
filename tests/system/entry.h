// A time entry as a client sees it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/system/json.h"

namespace timestore::system {

struct Entry {
  std::string id;  // empty: left to the server
  std::string device;
  std::string timestamp;  // as the server prints it: in UTC with Z, without superfluous digits
  double value = 0;
  std::string attributes;  // the minified text of an object, or empty

  bool operator==(const Entry&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Entry& entry);

// The body of a POST.
std::string to_json(const Entry& entry);

// Of an answer with one entry, or with an array of them. What is not there is empty, so that a comparison with what was
// sent shows it.
Entry entry_in(std::string_view body);
std::vector<Entry> entries_in(std::string_view body);

// The second that lies so many seconds after 2024-05-01T00:00:00Z.
std::string timestamp_at(int seconds);

// A GUID with this number in its last digits; equal numbers give equal ids.
std::string guid(std::uint64_t number);

}  // namespace timestore::system
