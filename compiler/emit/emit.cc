#include "compiler/emit/emit.h"

#include "compiler/emit/code_writer.h"
#include "compiler/emit/program_writer.h"
#include "compiler/emit/value_writer.h"

namespace policy {
namespace {

void WriteTools(const ir::Plan& plan, ProgramWriter& writer, CodeWriter& code) {
  Encoder& encoder = writer.encoder();
  encoder.header.memo_cells = plan.memo_cell_count;
  for (const ir::ToolPlan& tool : plan.tools) {
    encoder.AddTool(tool.name, code.WriteBlock(tool.code), tool.hidden ? 1 : 0);
    if (writer.exceeded()) return;
  }
  for (const ir::PatternPlan& pattern : plan.patterns) {
    const std::uint32_t start = code.WriteBlock(pattern.code);
    for (const std::string& text : pattern.patterns) {
      encoder.AddPattern(text, start, pattern.hidden ? 1 : 0);
    }
    if (writer.exceeded()) return;
  }
  // A policy without tools has code too.
  if (encoder.code.empty()) encoder.code.push_back({.opcode = Opcode::End});
}

void WritePins(const ir::Policy& policy, ProgramWriter& writer) {
  if (!policy.lock) return;
  if (policy.lock->size() > format::kPinsMax) {
    return writer.Exceed("tools in its lock", format::kPinsMax, policy.default_span);
  }
  for (const ir::Pin& pin : *policy.lock) {
    if (pin.annotations.size() > format::kTextBytesMax) {
      return writer.Exceed("bytes in one text", format::kTextBytesMax, policy.default_span);
    }
    writer.encoder().AddPin(pin.tool, pin.server, pin.annotations, pin.category, pin.risk);
  }
}

}  // namespace

std::optional<std::vector<std::byte>> Emit(const ir::Policy& policy, const ir::Plan& plan,
                                           const Source& source, Diagnostics& diagnostics) {
  ProgramWriter writer(policy, source);
  CodeWriter code(plan, writer);
  if (!writer.exceeded()) ValueWriter(policy, writer, code).WriteAll();
  if (!writer.exceeded()) writer.WriteLimits();
  if (!writer.exceeded()) WriteTools(plan, writer, code);
  if (!writer.exceeded()) WritePins(policy, writer);
  std::vector<std::byte> bytes;
  if (!writer.exceeded()) {
    bytes = writer.encoder().Finish();
    if (bytes.size() > format::kProgramBytesMax) {
      writer.Exceed("bytes", format::kProgramBytesMax, policy.default_span);
    }
  }
  if (const auto& exceeded = writer.exceeded()) {
    diagnostics.Report(diag::ProgramTooLarge, source, exceeded->span, exceeded->what,
                       exceeded->max);
    return std::nullopt;
  }
  return bytes;
}

}  // namespace policy
