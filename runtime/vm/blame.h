// What in a call is to blame for a condition that could not say true or false, down to the
// innermost value.
#ifndef RUNTIME_VM_BLAME_H_
#define RUNTIME_VM_BLAME_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/program/frame.h"
#include "runtime/program/instruction.h"

namespace policy {

// Why `test`, an instruction of a block, is unknown: "`args.amount` is missing", "`args.to[2]` is
// no bare mail address". Makes values again where it must: not for the hot path.
std::string CauseOfTest(const Instruction& test, Frame& frame);

// Appends the same.
void AppendCauseOfTest(const Instruction& test, Frame& frame, std::string& text);

// Why the slot or derived value `number` is not what is `wanted`: "a number".
std::string CauseOfValue(std::uint32_t number, std::string_view wanted, Frame& frame);

}  // namespace policy

#endif  // RUNTIME_VM_BLAME_H_
