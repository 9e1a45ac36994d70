#include "runtime/mcp/protocol_version.h"

namespace policy::mcp {

namespace {

std::string ListOf(Era oldest) {
  std::string list = "[";
  for (const std::string_view version : kVersions) {
    if (oldest == Era::Modern && EraOf(version) == Era::Legacy) continue;
    if (list.size() > 1) list += ',';
    list += '"';
    list += version;
    list += '"';
  }
  return list + "]";
}

}  // namespace

std::string VersionList() { return ListOf(Era::Legacy); }
std::string ModernVersionList() { return ListOf(Era::Modern); }

}  // namespace policy::mcp
