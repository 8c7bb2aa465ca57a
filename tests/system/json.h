// Reading what a node answered, by JSON pointer.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace timestore::system {

class Json {
 public:
  explicit Json(std::string_view text);

  bool is_valid() const { return error_ == simdjson::SUCCESS; }
  // Whether a value of any kind, null included, stands there. The empty pointer is the whole text.
  bool has(const std::string& pointer) const;
  bool is_array() const;

  // Nothing where the value is absent or of another kind.
  std::optional<std::string> text(const std::string& pointer) const;
  std::optional<std::int64_t> integer(const std::string& pointer) const;
  std::optional<bool> boolean(const std::string& pointer) const;

  // Of an array; 0 where there is none.
  std::size_t size(const std::string& pointer) const;

  simdjson::dom::element root() const { return root_; }

 private:
  template <typename Value>
  std::optional<Value> at(const std::string& pointer) const;

  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
  simdjson::error_code error_ = simdjson::EMPTY;
};

// The text as a JSON string, with its quotes.
std::string json_string(std::string_view text);

}  // namespace timestore::system
