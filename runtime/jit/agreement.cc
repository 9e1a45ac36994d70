#include "runtime/jit/agreement.h"

#include <algorithm>

#include "runtime/jit/call_maker.h"
#include "runtime/vm/interpreter.h"

namespace policy::jit {
namespace {

bool AreEqual(const std::vector<FoundRule>& a, const std::vector<FoundRule>& b) {
  return std::ranges::equal(a, b, [](const FoundRule& left, const FoundRule& right) {
    return left.rule == right.rule && left.truth == right.truth;
  });
}

}  // namespace

std::expected<int, std::string> CheckAgreement(const std::shared_ptr<const Program>& program,
                                               std::uint32_t block, const BlockShape& shape,
                                               NativeBlock code) {
  const Layout& layout = program->layout();
  CallMaker calls(layout, shape);
  Frame frame(program);
  Findings interpreted;
  Findings native;
  int answered = 0;
  for (int call = 0; call < kAgreementCalls; ++call) {
    calls.Fill(frame);
    interpreted.Clear();
    InterpretBlock(StartOf(layout, block), frame, interpreted);
    frame.ForgetMade();
    native.Clear();
    if (!NativeCode::RunCode(code, shape.allow_count, frame, native)) continue;
    ++answered;
    if (!AreEqual(interpreted.denials, native.denials) ||
        !AreEqual(interpreted.allows, native.allows) ||
        !AreEqual(interpreted.approvals, native.approvals) || interpreted.limits != native.limits) {
      return std::unexpected("the machine code of block " + std::to_string(block) +
                             " differs from the interpreter on call " + std::to_string(call));
    }
  }
  return answered;
}

}  // namespace policy::jit
