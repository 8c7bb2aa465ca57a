// A large object that is used for a moment, again and again: it is not made anew each time.
//
// Each thread keeps a few that nobody uses. What one holds when it is taken is whatever its last user left.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace timestore::points {

template <typename Item>
class Pooled {
 public:
  Pooled() {
    if (pool().empty()) {
      item_ = std::make_unique_for_overwrite<Item>();
    } else {
      item_ = std::move(pool().back());
      pool().pop_back();
    }
  }
  Pooled(Pooled&&) noexcept = default;
  Pooled& operator=(Pooled&& other) noexcept {
    std::swap(item_, other.item_);
    return *this;
  }
  ~Pooled() {
    if (item_ && pool().size() < kMaxKept) pool().push_back(std::move(item_));
  }

  Item& operator*() const { return *item_; }
  Item* operator->() const { return item_.get(); }

 private:
  static constexpr std::size_t kMaxKept = 8;  // some 80 kB each
  static std::vector<std::unique_ptr<Item>>& pool() {
    thread_local std::vector<std::unique_ptr<Item>> kept;
    return kept;
  }

  std::unique_ptr<Item> item_;
};

}  // namespace timestore::points
