// The files of this folder as they were when the program was built.
#pragma once

#include <string_view>

namespace timestore::net {

extern const std::string_view kSwaggerIndexHtml;
extern const std::string_view kOpenApiJson;  // OpenAPI 3.0

}  // namespace timestore::net
