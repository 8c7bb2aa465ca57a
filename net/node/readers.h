// Read-only connections to the series file, lent to one request at a time.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/store/series/series_reader.h"

namespace timestore::net {

class Readers {
 public:
  // `board` is that of the file's machine.
  Readers(std::string path, std::shared_ptr<const store::FreshBoard> board)
      : path_(std::move(path)), board_(std::move(board)) {}

  // Lends a reader; it comes back, ended, when the pointer goes.
  using Lease = std::shared_ptr<store::SeriesReader>;
  [[nodiscard]] Result<Lease> lend();

 private:
  void take_back(std::unique_ptr<store::SeriesReader> reader);

  std::string path_;
  std::shared_ptr<const store::FreshBoard> board_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<store::SeriesReader>> free_;
  std::size_t lent_ = 0;
};

}  // namespace timestore::net
