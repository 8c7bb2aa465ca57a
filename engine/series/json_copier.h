// Copying JSON values from a document that is being read, without white space and checked to the last character.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/series/json_reader.h"

namespace timestore {

enum class JsonForm {
  // Members in their order, numbers as they were written, strings with no more escapes than JSON needs.
  kMinified,
  // The one form of a value: members sorted by name, and numbers as an integer that does not end in zero times a power
  // of ten, never rounded. Two texts of this form are equal if and only if their values are; but a number whose
  // exponent does not fit in 64 bits stays as it was written.
  kCanonical,
};

class JsonCopier {
 public:
  // The document outlives the copier.
  JsonCopier(JsonDocument& document, JsonForm form) : document_(document), form_(form) {}

  // Appends `value` to the text. Its own level is `level`; nothing may be deeper than kMaxJsonDepth.
  Result<void> append(simdjson::ondemand::value value, size_t level);

  const std::string& text() const { return text_; }

  // A name that some object has twice, if any does.
  const std::optional<std::string>& repeated_name() const { return repeated_name_; }

 private:
  Result<void> append_object(simdjson::ondemand::value value, size_t level);
  Result<void> append_array(simdjson::ondemand::value value, size_t level);

  JsonDocument& document_;
  const JsonForm form_;
  std::string text_;
  std::optional<std::string> repeated_name_;
};

}  // namespace timestore
