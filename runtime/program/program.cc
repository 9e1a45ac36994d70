#include "policy/program.h"

#include <fmt/format.h>

#include <utility>

#include "policy/check.h"
#include "runtime/program/layout.h"
#include "runtime/value/glob.h"

namespace policy {

Program::Program(std::unique_ptr<const Layout> layout) : layout_(std::move(layout)) {}
Program::~Program() = default;

std::expected<std::shared_ptr<const Program>, ProgramError> Program::Load(
    std::span<const std::byte> bytes) {
  auto layout = Layout::Make(bytes);
  if (!layout) return std::unexpected(std::move(layout.error()));
  return std::shared_ptr<const Program>(new Program(std::move(*layout)));
}

std::span<const std::byte> Program::bytes() const { return layout_->bytes(); }

std::array<std::uint8_t, 32> Program::hash() const { return layout_->header().checksum; }

std::string Program::HashText() const {
  std::string text;
  const std::array<std::uint8_t, 32> digest = hash();
  for (std::size_t i = 0; i < 6; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

RuleReference Program::rule(std::uint32_t rule) const {
  CHECK(rule < layout_->rules().size());
  const format::Rule& record = layout_->rules()[rule];
  return {layout_->text(record.id), layout_->text(record.file), record.line};
}

bool Program::Hides(std::string_view tool) const {
  if (const format::Tool* exact = layout_->FindTool(tool)) return exact->hidden != 0;
  for (const format::Pattern& pattern : layout_->patterns()) {
    if (pattern.hidden != 0 && GlobMatches(layout_->text(pattern.pattern), tool)) return true;
  }
  return false;
}

}  // namespace policy
