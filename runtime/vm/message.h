// The one message of a decision that is not an allow: fit for the agent to read, naming what to
// mend.
#ifndef RUNTIME_VM_MESSAGE_H_
#define RUNTIME_VM_MESSAGE_H_

#include <span>
#include <string>

#include "policy/decision.h"
#include "runtime/program/frame.h"
#include "runtime/vm/findings.h"

namespace policy {

// Each writes one message where the caller keeps it, in place of what stood there: a decision that
// is certain allocates nothing once the text has had its size.

// Why `found`, a rule that fired or an allow rule that did not, decided against the call: the
// author's words, or ours; for a rule that is unknown with path and cause. Runs the code again with
// a trace when it has to find the cause: not for the hot path.
void WriteRuleMessage(const FoundRule& found, Frame& frame, std::string& message);

// No allow rule names the tool, and the default denies.
void WriteDefaultMessage(const Frame& frame, std::string& message);

// A limit that applies cannot be charged: `cause` says why.
void WriteChargeRefusal(const Layout& layout, std::uint32_t limit, std::string_view cause,
                        std::string& message);

// "30 per minute used up; try again in 12 s". `amount`: units of the counter that the call needs.
void WriteQuotaMessage(const Layout& layout, const Quota& quota, std::int64_t amount,
                       std::string& message);

// "12 s", "5 min", "3 h", "2 days": never less than it takes.
std::string DurationText(std::int64_t duration_ms);

// "500.00": `units` of 10^-scale.
std::string ScaledText(std::int64_t units, std::uint8_t scale);

}  // namespace policy

#endif  // RUNTIME_VM_MESSAGE_H_
