// The values of a program that are made of others, and the bodies of its quantifiers.
#ifndef COMPILER_EMIT_VALUE_WRITER_H_
#define COMPILER_EMIT_VALUE_WRITER_H_

#include <cstdint>
#include <vector>

#include "compiler/emit/code_writer.h"
#include "compiler/emit/program_writer.h"
#include "compiler/ir/elements.h"
#include "compiler/ir/ir.h"

namespace policy {

class ValueWriter {
 public:
  ValueWriter(const ir::Policy& policy, ProgramWriter& writer, CodeWriter& code)
      : policy_(policy), elements_(policy), writer_(writer), code_(code) {}

  // Writes every value that a rule of a block needs and that no path is, operands before their
  // users, each once: what does not depend on a quantifier's variable stands before the quantifier,
  // so that it is made once and not for each element.
  void WriteAll();

 private:
  void Write(ir::ValueId id);
  void WriteQuantified(ir::ValueId id);
  void WriteTested(ir::FormulaId id);
  void WriteFree(ir::ValueId id, ir::ValueId first_element);
  void WriteFree(ir::FormulaId id, ir::ValueId first_element);
  void CheckDepths();

  const ir::Policy& policy_;
  ir::ElementUse elements_;
  ProgramWriter& writer_;
  CodeWriter& code_;
};

}  // namespace policy

#endif  // COMPILER_EMIT_VALUE_WRITER_H_
