// Makes the time entries that a load run posts, and the requests that carry them: devices in turn, real time stamps,
// values with two decimals.
//
// The same entries can go to etcd, whose JSON gateway takes keys and values in base64: the key is the device and the
// time, the value is the value.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "bench/ingest/target.h"

namespace timestore::bench {

struct Entry {
  std::string id;  // empty: the server makes one
  std::uint64_t device = 0;
  std::int64_t timestamp_ns = 0;  // since 1970, UTC
  std::uint64_t value_hundredths = 0;
};

enum class Server : std::uint8_t { kTimestore, kEtcd };

class EntryRequests {
 public:
  struct Options {
    Server server = Server::kTimestore;
    std::uint64_t devices = 1;
    bool with_ids = false;  // the client makes a random GUID for each entry
    std::uint64_t seed = 0;
  };

  EntryRequests(const Target& target, const Options& options);

  // The next entry, with this time stamp.
  Entry next(std::int64_t timestamp_ns);

  // The POST that carries entry.
  std::string request(const Entry& entry) const;

 private:
  std::string head_;  // up to and including "Content-Length: "
  Options options_;
  std::mt19937_64 random_;
  std::uint64_t made_ = 0;
};

}  // namespace timestore::bench
