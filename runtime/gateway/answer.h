// What a client is told when its call does not reach the server.
//
// A denial is a tool result with isError, the one shape that the specification says should reach
// the model. It says what was not permitted, by which rule, and when to try again; programs find
// the same in _meta.
#ifndef RUNTIME_GATEWAY_ANSWER_H_
#define RUNTIME_GATEWAY_ANSWER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/decision.h"
#include "policy/program.h"
#include "runtime/mcp/protocol_version.h"

namespace policy::gateway {

// The member of _meta that carries the decision.
inline constexpr std::string_view kDecisionMetaKey = "io.github.policyc/decision";

// The first protocol version whose results say that they are complete.
using mcp::kModernVersion;

struct AnswerOptions {
  std::string_view id;     // raw id of the request
  bool is_modern = false;  // the request says that it speaks kModernVersion or later
};

// Appends the result that denies a call; without line ending. REQUIRES: `decision` is of `program`
// and does not allow.
void AppendDenial(std::string& out, const Program& program, const Decision& decision,
                  const AnswerOptions& options);

// The same where no rule of the policy took part: `text` follows [POLICY DENIED].
void AppendDenial(std::string& out, std::string_view text, const AnswerOptions& options);

// The text of a denial, as the agent reads it.
std::string DenialText(const Program& program, const Decision& decision);

// A JSON-RPC error. `id` raw; empty: null.
void AppendError(std::string& out, std::string_view id, int code, std::string_view text);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ANSWER_H_
