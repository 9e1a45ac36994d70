// Who calls, where and when: the part of a call that does not come from its bytes.
#ifndef POLICY_REQUEST_H_
#define POLICY_REQUEST_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace policy {

// Views refer to storage that outlives the decision. The raw JSON texts must have been read
// strictly before (ReadContext of runtime/mcp does so); empty means an empty record.
struct CallContext {
  std::string_view server = "default";
  std::string_view grant = "local";
  std::string_view grant_label;       // empty: absent
  std::string_view grant_tags;        // raw JSON list of strings, or empty: absent
  std::string_view grant_attributes;  // raw JSON record
  std::string_view session;           // identity of the session, never shown to the policy as text
  std::string_view claims;            // raw JSON record
  std::string_view client_name;       // empty: absent
  std::string_view client_version;    // empty: absent
  std::string_view
      annotations;  // raw JSON record: the reviewed annotations of the tool, or empty: absent
  std::int64_t now_ns = 0;  // wall clock, nanoseconds since the Unix epoch, read once for the call
};

}  // namespace policy

#endif  // POLICY_REQUEST_H_
