// The consensus core: Raft (Ongaro & Ousterhout 2014; Ongaro's thesis for reads) as one pure function.
//
// step() takes a batch of inputs in order and returns everything that must now happen. It reads no clock, disk or
// network; equal states and inputs give equal states and effects on every machine. A batch costs at most one write, and
// everything that a batch of proposals wants replicated goes out in common appends.
//
// Input from peers is never trusted to be well-formed: what no honest node could have sent is refused. A broken
// invariant of our own stops the process.
#pragma once

#include <span>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"

namespace timestore::raft {

[[nodiscard]] Effects step(State& state, std::span<const Input> inputs);

}  // namespace timestore::raft
