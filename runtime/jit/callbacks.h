// What machine code calls for all that it does not do in place: the same functions that the
// interpreter is made of.
#ifndef RUNTIME_JIT_CALLBACKS_H_
#define RUNTIME_JIT_CALLBACKS_H_

#include <array>
#include <cstdint>

#include "runtime/vm/native_code.h"

// The only symbols that machine code may refer to. `instruction` is one of the frame's program.
extern "C" {
// What a Test says, negated and defaulted: a Truth.
std::uint8_t policy_jit_test(policy::NativeCall* call, std::uint32_t instruction) noexcept;
// A Deny, Require or Approve that fires with `truth` (of a Require turned round), or a Limit.
void policy_jit_note(policy::NativeCall* call, std::uint32_t instruction,
                     std::uint8_t truth) noexcept;
void policy_jit_close_arguments(policy::NativeCall* call, std::uint32_t instruction) noexcept;
// The instruction that an Index goes to.
std::uint32_t policy_jit_index(policy::NativeCall* call, std::uint32_t instruction) noexcept;
}

namespace policy::jit {

struct Callback {
  const char* name = nullptr;
  const void* address = nullptr;
};

// All of the above.
inline constexpr std::size_t kCallbackCount = 4;
std::array<Callback, kCallbackCount> Callbacks();

}  // namespace policy::jit

#endif  // RUNTIME_JIT_CALLBACKS_H_
