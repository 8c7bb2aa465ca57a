// Copies of texts that stay where they are, without an allocation for each.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace timestore::points {

class TextArena {
 public:
  // A copy that lives as long as the arena, or until clear().
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > left_) grow(text.size());
    char* copy = next_;
    std::memcpy(copy, text.data(), text.size());
    next_ += text.size();
    left_ -= text.size();
    return {copy, text.size()};
  }

  void clear() {
    chunks_.clear();
    left_ = 0;
  }

 private:
  void grow(size_t least) {
    constexpr size_t kChunkBytes = 64 * 1024;
    const size_t size = least > kChunkBytes / 4 ? least : kChunkBytes;  // what is large stands alone
    chunks_.emplace_back(new char[size]);
    next_ = chunks_.back().get();
    left_ = size;
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace timestore::points
