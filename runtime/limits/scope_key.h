// The key of a cell within its counter: the scopes of one call as canonical bytes.
//
// A part for each scope, in the order of the counter's scopes: a tag byte that says what it is, the
// length of its text (LEB128), the text. So no two lists of scopes share bytes ("a","bc" and
// "ab","c" differ, 1 and "1" differ), and 1, 1.0 and 10e-1 are one key because a number's text is
// that of its exact decimal.
#ifndef RUNTIME_LIMITS_SCOPE_KEY_H_
#define RUNTIME_LIMITS_SCOPE_KEY_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/value/value.h"

namespace policy {

inline constexpr std::size_t kScopeKeyBytesMax = 1024;

// Built part by part and reused from call to call; does not allocate once it has grown.
class ScopeKey {
 public:
  void Clear() { bytes_.clear(); }

  // False: the key would be longer than kScopeKeyBytesMax, and the call must be denied.
  [[nodiscard]] bool AddGrant(std::string_view grant) { return Add('G', grant); }
  [[nodiscard]] bool AddSession(std::string_view session) { return Add('S', session); }
  [[nodiscard]] bool AddTool(std::string_view tool) { return Add('T', tool); }
  [[nodiscard]] bool AddServer(std::string_view server) { return Add('V', server); }
  [[nodiscard]] bool AddGlobal() { return Add('A', {}); }

  // False also when `value` is not an exact number, a string or a bool: such a key is unknown.
  [[nodiscard]] bool AddValue(const Value& value);

  std::string_view bytes() const { return bytes_; }

 private:
  bool Add(char tag, std::string_view text);

  std::string bytes_;
};

// One scope of a key, for reports.
struct ScopePart {
  char tag =
      0;  // G grant, S session, T tool, V server, A global; a value: s string, n number, b bool
  std::string_view text;  // of the key's bytes; of a number "12e-1", of a bool "t" or "f"
};

// The parts of a key, in order. nullopt: not the bytes of a ScopeKey.
std::optional<std::vector<ScopePart>> ParseScopeKey(std::string_view bytes);

}  // namespace policy

#endif  // RUNTIME_LIMITS_SCOPE_KEY_H_
