#include "compiler/catalog/tool_lock.h"

#include <algorithm>
#include <utility>

#include "compiler/catalog/canonical_json.h"

namespace policy::catalog {

namespace {

// Members of a record that is written, one a line: `depth` is that of the record.
class RecordText {
 public:
  explicit RecordText(int depth) : depth_(depth) {}

  void Add(std::string_view key, std::string_view value) {
    text_ += text_.empty() ? "{\n" : ",\n";
    text_.append(static_cast<std::size_t>(depth_ + 1) * 2, ' ');
    text_ += ReviewableJsonOf(key);
    text_ += ": ";
    text_ += value;
  }

  std::string Finish() {
    if (text_.empty()) return "{}";
    text_ += '\n';
    text_.append(static_cast<std::size_t>(depth_) * 2, ' ');
    return std::move(text_) + '}';
  }

 private:
  int depth_;
  std::string text_;
};

std::string HashesText(const ToolHashes& hashes, int depth) {
  RecordText text(depth);
  const std::pair<std::string_view, const std::string*> kParts[] = {
      {"description", &hashes.description},
      {"inputSchema", &hashes.input_schema},
      {"name", &hashes.name},
      {"outputSchema", &hashes.output_schema}};
  for (const auto& [key, hash] : kParts) {
    if (!hash->empty()) text.Add(key, ReviewableJsonOf(*hash));
  }
  return text.Finish();
}

std::string ToolText(const LockedTool& tool, int depth) {
  RecordText text(depth);
  if (tool.annotations) text.Add("annotations", ReviewableJson(*tool.annotations, depth + 1));
  if (!tool.category.empty()) text.Add("category", ReviewableJsonOf(tool.category));
  if (tool.description) text.Add("description", ReviewableJsonOf(*tool.description));
  text.Add("hashes", HashesText(HashesOf(tool), depth + 1));
  text.Add("inputSchema", ReviewableJson(tool.input_schema, depth + 1));
  if (tool.output_schema) text.Add("outputSchema", ReviewableJson(*tool.output_schema, depth + 1));
  if (!tool.risk.empty()) text.Add("risk", ReviewableJsonOf(tool.risk));
  return text.Finish();
}

}  // namespace

const LockedServer* ToolLock::Find(std::string_view server) const {
  const auto found = std::ranges::find(servers, server, &LockedServer::name);
  return found == servers.end() ? nullptr : &*found;
}

ToolHashes HashesOf(const LockedTool& tool) {
  ToolHashes hashes;
  hashes.name = Sha256Hex(CanonicalJsonOf(tool.name));
  if (tool.description) hashes.description = Sha256Hex(CanonicalJsonOf(*tool.description));
  hashes.input_schema = Sha256Hex(CanonicalJson(tool.input_schema));
  if (tool.output_schema) hashes.output_schema = Sha256Hex(CanonicalJson(*tool.output_schema));
  return hashes;
}

std::string WriteToolLock(const ToolLock& lock) {
  RecordText servers(1);
  for (const LockedServer& server : lock.servers) {
    RecordText tools(3);
    for (const LockedTool& tool : server.tools) tools.Add(tool.name, ToolText(tool, 4));
    RecordText record(2);
    record.Add("tools", tools.Finish());
    servers.Add(server.name, record.Finish());
  }
  RecordText file(0);
  file.Add("servers", servers.Finish());
  file.Add("version", "1");
  return file.Finish() + "\n";
}

}  // namespace policy::catalog
