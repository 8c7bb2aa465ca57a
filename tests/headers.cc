// Nothing but the owner of the precompiled headers (see CMakeLists.txt).
