// The lock: what was reviewed of the tools of each server, as tools.lock.json keeps it.
//
//   Source source("tools.lock.json", text);
//   if (const auto lock = ReadToolLock(source, {}, diagnostics)) …
#ifndef COMPILER_CATALOG_TOOL_LOCK_H_
#define COMPILER_CATALOG_TOOL_LOCK_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/json_document.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy::catalog {

// A tool as its server described it when it was reviewed. What the server did not say is nullopt.
struct LockedTool {
  std::string name;
  std::optional<std::string> description = {};
  json::Value input_schema = {};  // a Record
  std::optional<json::Value> output_schema = {};
  std::optional<json::Value> annotations = {};  // a Record
  std::string category = {};                    // the reviewer's word; empty: none
  std::string risk = {};                        // likewise
  Span span = {};                               // of its name, in the lock
};

struct LockedServer {
  std::string name;
  std::vector<LockedTool> tools;  // sorted by name, distinct
  Span span = {};
};

struct ToolLock {
  std::vector<LockedServer> servers;  // sorted by name, distinct

  const LockedServer* Find(std::string_view server) const;
};

// SHA-256 of the canonical JSON (canonical_json.h) of each part, in hex; empty where the tool has
// no such part.
struct ToolHashes {
  std::string name;
  std::string description;
  std::string input_schema;
  std::string output_schema;

  friend bool operator==(const ToolHashes&, const ToolHashes&) = default;
};
ToolHashes HashesOf(const LockedTool& tool);

// Reads a tools.lock.json, or what a server answered to tools/list: `{"tools": […]}`, the same
// below `result`, or below `toolsList`; they are told apart by what they hold. The tools of a list
// belong to `server`; where that is empty to the server that `serverInfo` of the same file names,
// else to `default`. nullopt when an error was reported. `source` has to outlive the diagnostics.
//
// A lock is read strictly: unknown and repeated keys, values of a wrong type and hashes that are
// not those of what stands beside them are errors. Of a list only what a lock keeps is looked at.
std::optional<ToolLock> ReadToolLock(const Source& source, std::string_view server,
                                     Diagnostics& diagnostics);

// The file: keys sorted, a line for each, the same bytes for the same tools.
std::string WriteToolLock(const ToolLock& lock);

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_TOOL_LOCK_H_
