// Members of JSON records in place: found, added and taken out, with every other byte left as it
// is.
//
// All of it takes text that the strict reader has seen: a record in which no key is there twice.
#ifndef RUNTIME_MCP_RECORD_TEXT_H_
#define RUNTIME_MCP_RECORD_TEXT_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace policy::mcp {

// The raw value of the member with the unescaped name `key`; empty where there is none, or `record`
// is not a record (empty counts).
std::string_view MemberOf(std::string_view record, std::string_view key);

// The text of a raw JSON string; nullopt where `raw` is none.
std::optional<std::string> TextOf(std::string_view raw);

// Whether a raw value is a record.
inline bool IsRecord(std::string_view raw) { return raw.starts_with('{'); }

// The parts of a text that are to change, noted in any order and exchanged in one go.
class Splice {
 public:
  // `text` outlives it.
  explicit Splice(std::string_view text) : text_(text) {}

  // REQUIRES: `part` lies in the text and overlaps no other part.
  void Replace(std::string_view part, std::string by);
  // Adds members, as `"key":value,…`, to the front of a raw record that lies in the text. Once a
  // record.
  void AddMembers(std::string_view record, std::string_view members);
  // Takes those members of the record out whose unescaped key `is_removed` wants, each with its
  // comma. Not beside Replace or AddMembers in the same record. Returns how many.
  std::size_t RemoveMembers(std::string_view record,
                            const std::function<bool(std::string_view)>& is_removed);

  // The text as it is then.
  std::string Text();

 private:
  struct Part {
    std::string_view old;
    std::string by;
  };

  std::string_view text_;
  std::vector<Part> parts_;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_RECORD_TEXT_H_
