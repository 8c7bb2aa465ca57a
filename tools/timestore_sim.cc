// timestore-sim: whole clusters in virtual time, each from one seed.
//
// Exit status: 0 everything held, 1 a violation, 2 wrong usage.
#include "sim/run/run.h"
#include "tools/campaign/command_line.h"

int main(int argc, char** argv) { return timestore::campaign::command_line(argc, argv, timestore::sim::run); }
