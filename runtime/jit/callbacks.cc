#include "runtime/jit/callbacks.h"

#include <string_view>

#include "policy/check.h"
#include "runtime/program/layout.h"
#include "runtime/vm/condition.h"
#include "runtime/vm/interpreter.h"

namespace {

const policy::Layout& LayoutOf(const policy::NativeCall& call) {
  return call.frame->program().layout();
}

}  // namespace

std::uint8_t policy_jit_test(policy::NativeCall* call, std::uint32_t instruction) noexcept {
  const policy::Layout& layout = LayoutOf(*call);
  return static_cast<std::uint8_t>(
      policy::RunTest(layout.code()[instruction], layout.operands().data(), *call->frame));
}

void policy_jit_note(policy::NativeCall* call, std::uint32_t instruction,
                     std::uint8_t truth) noexcept {
  const policy::Instruction& noted = LayoutOf(*call).code()[instruction];
  const policy::FoundRule found{noted.constant, static_cast<policy::Truth>(truth)};
  switch (noted.opcode) {
    case policy::Opcode::Deny:
    case policy::Opcode::Require:
      call->findings->denials.push_back(found);
      return;
    case policy::Opcode::Approve:
      call->findings->approvals.push_back(found);
      return;
    case policy::Opcode::Limit:
      call->findings->limits.push_back(noted.constant);
      return;
    default:
      CHECK(false && "no other instruction is noted");
  }
}

void policy_jit_close_arguments(policy::NativeCall* call, std::uint32_t instruction) noexcept {
  const policy::Instruction& close = LayoutOf(*call).code()[instruction];
  std::string_view name;
  if (policy::FindUnnamedArgument(close, *call->frame, name)) {
    call->findings->denials.push_back({close.constant, policy::Truth::True});
  }
}

std::uint32_t policy_jit_index(policy::NativeCall* call, std::uint32_t instruction) noexcept {
  const policy::Layout& layout = LayoutOf(*call);
  return policy::RunIndex(layout.code()[instruction], layout, *call->frame, instruction);
}

namespace policy::jit {

std::array<Callback, kCallbackCount> Callbacks() {
  return {{
      {"policy_jit_test", reinterpret_cast<const void*>(&policy_jit_test)},
      {"policy_jit_note", reinterpret_cast<const void*>(&policy_jit_note)},
      {"policy_jit_close_arguments", reinterpret_cast<const void*>(&policy_jit_close_arguments)},
      {"policy_jit_index", reinterpret_cast<const void*>(&policy_jit_index)},
  }};
}

}  // namespace policy::jit
