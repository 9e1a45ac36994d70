// Why a test could not say true or false, and the quota of a limit, in words fit for the agent.
#ifndef RUNTIME_VM_CAUSE_H_
#define RUNTIME_VM_CAUSE_H_

#include <string>
#include <string_view>

#include "runtime/program/layout.h"
#include "runtime/value/predicate.h"
#include "runtime/value/value.h"

namespace policy {

// " is missing", " is text, not a number": what is said of a value behind its name, where a test of
// it is unknown.
void AppendUnknown(Predicate predicate, const Value& value, std::string& text);

// The same for the value of a cost or of a scope: `wanted` is "a number".
void AppendMistype(const Value& value, std::string_view wanted, std::string& text);

// "`args.amount` is text, not a number".
std::string CauseOfMistype(std::string_view path, const Value& value, std::string_view wanted);

}  // namespace policy

#endif  // RUNTIME_VM_CAUSE_H_
