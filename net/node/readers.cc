#include "net/node/readers.h"

namespace timestore::net {

namespace {
constexpr std::size_t kMaxKept = 2;  // each has a page cache of its own
constexpr std::size_t kMaxLent = 32;
}  // namespace

Result<Readers::Lease> Readers::lend() {
  std::unique_ptr<store::SeriesReader> reader;
  {
    const std::lock_guard lock(mutex_);
    if (lent_ == kMaxLent) return fail("Too many reads are running at the same time; try again.");
    ++lent_;
    if (!free_.empty()) {
      reader = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!reader) {
    auto opened = store::SeriesReader::open(path_, "", board_);
    if (!opened) {
      const std::lock_guard lock(mutex_);
      --lent_;
      return tl::unexpected(opened.error());
    }
    reader = std::move(*opened);
  }
  return Lease(reader.release(),
               [this](store::SeriesReader* lent) { take_back(std::unique_ptr<store::SeriesReader>(lent)); });
}

void Readers::take_back(std::unique_ptr<store::SeriesReader> reader) {
  reader->end();
  const std::lock_guard lock(mutex_);
  --lent_;
  if (free_.size() < kMaxKept) free_.push_back(std::move(reader));
}

}  // namespace timestore::net
