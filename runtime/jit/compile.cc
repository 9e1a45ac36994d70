#include "runtime/jit/compile.h"

#include <utility>

#include "runtime/jit/agreement.h"
#include "runtime/jit/block_shape.h"

namespace policy::jit {
namespace {

// One block on its way. Whatever stops it leaves it to the interpreter.
void Install(const std::shared_ptr<const Program>& program, std::uint32_t block,
             const BlockObject& object, Linker& linker, NativeCode& native, CompileReport& report) {
  const Layout& layout = program->layout();
  const auto shape = ShapeOf(layout, StartOf(layout, block));
  if (!object || !shape) {
    ++report.not_compiled;
    if (!object) report.troubles.push_back(object.error());
    native.GiveUp(block);
    return;
  }
  auto linked = linker.Link(*object, NameOf(layout, block));
  if (!linked) {
    ++report.not_compiled;
    report.troubles.push_back("machine code was refused: " + linked.error());
    native.GiveUp(block);
    return;
  }
  const auto answered = CheckAgreement(program, block, *shape, linked->code);
  if (!answered) {
    ++report.disagreed;
    report.troubles.push_back(answered.error() + "; the interpreter decides");
    native.GiveUp(block);
    return;
  }
  if (*answered == 0) {  // then it would only be in the way
    ++report.left;
    native.GiveUp(block);
    return;
  }
  native.Install(block, linked->code, shape->allow_count, std::move(linked->owner));
  ++report.installed;
  report.bytes += object->size();
}

}  // namespace

CompileReport CompileBlocks(const std::shared_ptr<const Program>& program,
                            std::span<const std::uint32_t> blocks, const ObjectSource& source,
                            Linker& linker, NativeCode& native) {
  CompileReport report;
  const auto objects = source(*program, blocks);
  if (!objects) {
    report.troubles.push_back(objects.error());
    for (const std::uint32_t block : blocks) native.GiveUp(block);
    report.not_compiled = blocks.size();
    return report;
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    Install(program, blocks[i], (*objects)[i], linker, native, report);
  }
  return report;
}

}  // namespace policy::jit
