// Feeding a body to a parser in pieces, each in memory of its own, so that a parser that looks beyond is found.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace timestore {

using Cuts = std::vector<size_t>;  // ascending places between two bytes

template <typename Parser>
void feed(Parser& parser, std::string_view body, const Cuts& cuts) {
  size_t begin = 0;
  const auto feed_up_to = [&](size_t end) {
    const std::vector<char> piece(body.begin() + static_cast<std::ptrdiff_t>(begin),
                                  body.begin() + static_cast<std::ptrdiff_t>(end));
    parser.feed(std::string_view(piece.data(), piece.size()));
    begin = end;
  };
  for (const size_t cut : cuts) feed_up_to(cut);
  feed_up_to(body.size());
}

// Every way to cut a body once, and the one that leaves single bytes.
inline std::vector<Cuts> cuts_of(std::string_view body) {
  std::vector<Cuts> all = {{}};
  Cuts single;
  for (size_t cut = 1; cut < body.size(); ++cut) {
    all.push_back({cut});
    single.push_back(cut);
  }
  all.push_back(single);
  return all;
}

inline Cuts random_cuts(std::string_view body) {
  const int count = *rc::gen::inRange(0, 6);
  Cuts cuts;
  for (int i = 0; i < count; ++i) cuts.push_back(*rc::gen::inRange<size_t>(0, body.size() + 1));
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

// Up to `most` random edits; what is put in is often one of `specials`.
inline void damage(std::string& body, int most, const std::string& specials) {
  for (int edits = *rc::gen::inRange(0, most + 1); edits > 0 && !body.empty(); --edits) {
    const auto at = *rc::gen::inRange<size_t>(0, body.size());
    const char byte =
        *rc::gen::weightedOneOf<char>({{1, rc::gen::arbitrary<char>()}, {6, rc::gen::elementOf(specials)}});
    const int edit = *rc::gen::inRange(0, 8);
    if (edit < 3) body[at] = byte;
    if (edit >= 3 && edit < 5) body.insert(at, 1, byte);
    if (edit >= 5 && edit < 7) body.erase(at, 1);
    if (edit == 7) body.resize(at);
  }
}

}  // namespace timestore
