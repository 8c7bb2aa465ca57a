// Random time entries and JSON values for the properties of this folder.
#pragma once

#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/json_text.h"
#include "engine/series/time_entry.h"

namespace timestore {

// A number of which every value is as likely as any other.
template <typename Number>
rc::Gen<Number> any_number() {
  return rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<Number>());
}

// One of the numbers from 0 to below `bound`, each as likely as any other at every size.
template <typename Integer>
Integer pick(Integer bound) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Integer>(0, bound));
}

// Up to 20 characters from every length of UTF-8. `first` is the first of the ASCII ones: 0 or, without control
// characters, 0x20.
inline rc::Gen<std::string> any_text(int first) {
  const auto ascii = rc::gen::map(rc::gen::resize(rc::kNominalSize, rc::gen::inRange(first, 0x80)),
                                  [](int c) { return std::string(1, static_cast<char>(c)); });
  const auto beyond = rc::gen::element<std::string>("é", "ß", "€", "\u2028", "😀", "𝄞", "\x7f", "\"", "\\", "/");
  const auto characters =
      rc::gen::container<std::vector<std::string>>(rc::gen::weightedOneOf<std::string>({{3, ascii}, {1, beyond}}));
  return rc::gen::map(characters, [](const std::vector<std::string>& parts) {
    std::string text;
    for (size_t at = 0; at < parts.size() && at < 20; ++at) text += parts[at];
    return text;
  });
}

inline double finite_double(uint64_t bits) {
  const double number = std::bit_cast<double>(bits);
  return std::isfinite(number) ? number : static_cast<double>(bits);
}

// A JSON value as a tree, so that the same value can be written in several ways.
struct JsonTree {
  // At most one of these is true; a tree with none of them is a number or a literal.
  bool is_object = false;
  bool is_array = false;
  bool is_string = false;
  std::vector<std::string> names;  // Of an object, one for each child.
  std::vector<JsonTree> children;
  std::string text;
};

inline JsonTree random_tree(int depth);

inline JsonTree random_container(int depth, bool is_object) {
  JsonTree tree;
  tree.is_object = is_object;
  tree.is_array = !is_object;
  const int count = pick(4);
  for (int child = 0; child < count; ++child) {
    // The number keeps names apart.
    if (is_object) tree.names.push_back(*any_text(0) + std::to_string(child));
    tree.children.push_back(random_tree(depth - 1));
  }
  return tree;
}

inline JsonTree random_object() { return random_container(3, true); }

inline JsonTree random_tree(int depth) {
  const int kind = pick(depth > 0 ? 5 : 3);
  if (kind >= 3) return random_container(depth, kind == 3);
  JsonTree tree;
  if (kind == 2) {
    tree.is_string = true;
    tree.text = *any_text(0);
  } else if (kind == 1) {
    append_json_integer(tree.text, *any_number<int64_t>());
  } else {
    tree.text = *rc::gen::element<std::string>("true", "false", "null", "0", "-1.5", "1e3", "12345678901234567890123");
  }
  return tree;
}

inline std::string minified(const JsonTree& tree) {
  std::string out;
  if (tree.is_string) {
    append_json_string(out, tree.text);
    return out;
  }
  if (!tree.is_object && !tree.is_array) return tree.text;
  out += tree.is_object ? '{' : '[';
  for (size_t child = 0; child < tree.children.size(); ++child) {
    if (child > 0) out += ',';
    if (tree.is_object) {
      append_json_string(out, tree.names[child]);
      out += ':';
    }
    out += minified(tree.children[child]);
  }
  return out + (tree.is_object ? '}' : ']');
}

inline TimeEntry random_entry() {
  TimeEntry entry;
  if (*rc::gen::arbitrary<bool>()) entry.id.bytes = *rc::gen::arbitrary<std::array<uint8_t, 16>>();
  entry.device_id = *any_text(0x20) + "x";
  entry.timestamp_ns = std::max(*any_number<int64_t>(), -INT64_MAX);
  entry.value = finite_double(*any_number<uint64_t>());
  if (*rc::gen::arbitrary<bool>()) entry.attributes = minified(random_object());
  if (entry.attributes == "{}") entry.attributes.clear();
  return entry;
}

}  // namespace timestore
