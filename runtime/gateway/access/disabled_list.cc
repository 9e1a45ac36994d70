#include "runtime/gateway/access/disabled_list.h"

#include <sys/stat.h>

#include <cerrno>

#include "runtime/gateway/config/config_file.h"
#include "runtime/gateway/config/json_reading.h"
#include "runtime/gateway/json_text.h"

namespace policy::gateway {
namespace {

constexpr std::size_t kDisabledBytesMax = std::size_t{4} << 20;
constexpr std::size_t kReasonBytesMax = 500;

bool Says(std::string_view wanted, std::string_view is) { return wanted.empty() || wanted == is; }

}  // namespace

const Disabled* DisabledList::Find(std::string_view grant, std::string_view server,
                                   std::string_view tool) const {
  for (const Disabled& entry : entries_) {
    if (Says(entry.grant, grant) && Says(entry.server, server) && Says(entry.tool, tool)) {
      return &entry;
    }
  }
  return nullptr;
}

const Disabled* DisabledList::FindSession(std::string_view grant, std::string_view server) const {
  for (const Disabled& entry : entries_) {
    if (entry.tool.empty() && Says(entry.grant, grant) && Says(entry.server, server)) return &entry;
  }
  return nullptr;
}

std::string DisabledText(const Disabled& entry) {
  std::string text = "an operator has switched off ";
  text += entry.tool.empty() ? "all calls" : "`" + OneLine(entry.tool, kReasonBytesMax) + "`";
  if (!entry.server.empty()) text += " of server `" + entry.server + "`";
  if (!entry.grant.empty()) text += " for this grant";
  if (!entry.because.empty()) text += ": " + OneLine(entry.because, kReasonBytesMax);
  return text;
}

std::expected<DisabledList, ConfigTroubles> ReadDisabled(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 && errno == ENOENT) return DisabledList();
  const auto text = ReadSecretFile(path, kDisabledBytesMax);
  if (!text) return std::unexpected(ConfigTroubles{text.error()});
  auto root = ParseJson(path, *text);
  if (!root) return std::unexpected(std::move(root.error()));
  JsonInput input(path, *text);
  const RecordReader record(input, *root, "the file", {"version", "disabled", "$schema"});
  int version = 1;
  record.Require("version");
  record.Whole("version", version, {1, 1});
  std::vector<Disabled> entries;
  const JsonNode* const list = record.Require("disabled");
  if (list != nullptr && Expect(input, *list, JsonType::List, "disabled")) {
    if (list->items.size() > kDisabledMax) {
      input.Trouble(*list, "more than " + std::to_string(kDisabledMax) + " entries");
    }
    for (const JsonNode& item : list->items) {
      const RecordReader entry(input, item, "an entry", {"grant", "server", "tool", "because"});
      Disabled& to = entries.emplace_back();
      const bool says_grant = entry.Text("grant", to.grant);
      const bool says_server = entry.Text("server", to.server);
      const bool says_tool = entry.Text("tool", to.tool);
      entry.Text("because", to.because);
      if (!says_grant && !says_server && !says_tool) {
        entry.Trouble("an entry names a `grant`, a `server` or a `tool`");
      }
    }
  }
  if (!input.troubles().empty()) return std::unexpected(std::move(input.troubles()));
  return DisabledList(std::move(entries));
}

std::string RenderDisabled(const DisabledList& list) {
  std::string out = "{\n  \"version\": 1,\n  \"disabled\": [";
  bool is_first = true;
  for (const Disabled& entry : list.all()) {
    out += is_first ? "\n    {" : ",\n    {";
    is_first = false;
    bool is_first_member = true;
    const auto member = [&](std::string_view key, std::string_view value) {
      if (value.empty()) return;
      if (!is_first_member) out += ", ";
      is_first_member = false;
      AppendJsonString(out, key);
      out += ": ";
      AppendJsonString(out, value);
    };
    member("grant", entry.grant);
    member("server", entry.server);
    member("tool", entry.tool);
    member("because", entry.because);
    out += "}";
  }
  return out + (is_first ? "]\n}\n" : "\n  ]\n}\n");
}

}  // namespace policy::gateway
