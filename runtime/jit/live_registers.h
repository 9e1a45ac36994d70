// Which registers of a block are read again, by instruction.
#ifndef RUNTIME_JIT_LIVE_REGISTERS_H_
#define RUNTIME_JIT_LIVE_REGISTERS_H_

#include <bitset>
#include <cstdint>
#include <map>

#include "runtime/jit/block_shape.h"
#include "runtime/program/layout.h"

namespace policy::jit {

using RegisterSet = std::bitset<256>;

// What is read before it is replaced, from each instruction of the block on.
std::map<std::uint32_t, RegisterSet> LiveRegisters(const Layout& layout, const BlockShape& shape);

}  // namespace policy::jit

#endif  // RUNTIME_JIT_LIVE_REGISTERS_H_
