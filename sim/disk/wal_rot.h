// Which part of a SQLite write-ahead log may fairly rot.
//
// Whoever opens a log after a crash and meets a broken frame must tell the torn end of a write, which nobody was
// promised, from damage to promises. Where every commit is synced before the next one begins, a later commit tells: the
// one before it was complete once. So the last commit may not rot, and neither may the mark that ends the one before
// it, which alone shows that the last one is another.
//
//   header | a a A | b b B | c c C | d D | e e E | f ...        small: a page, capital: a page that ends a commit;
//   <------ may rot ------------------->                        f: not synced, or from before the log began anew
//
// File format: https://www.sqlite.org/fileformat2.html#walformat
#pragma once

#include <cstdint>
#include <span>

namespace timestore::sim {

// How many bytes from the beginning of the log. `wal`: what of it no loss of power could change.
[[nodiscard]] std::uint64_t bytes_that_may_rot(std::span<const std::uint8_t> wal);

}  // namespace timestore::sim
