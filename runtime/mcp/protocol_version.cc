#include "runtime/mcp/protocol_version.h"

namespace policy::mcp {

std::string VersionList() {
  std::string list = "[";
  for (const std::string_view version : kVersions) {
    if (list.size() > 1) list += ',';
    list += '"';
    list += version;
    list += '"';
  }
  return list + "]";
}

}  // namespace policy::mcp
