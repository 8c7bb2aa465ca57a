// timestored recover: what an operator does when all other nodes are lost for good (net/process/recovery.h).
#pragma once

namespace timestore::tools {

// `argv` begins with "recover". Exit status: 0 done, or nothing to do; 1 it could not be done; 2 wrong arguments.
int recover(int argc, char** argv);

}  // namespace timestore::tools
