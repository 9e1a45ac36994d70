#include "policy/program.h"

#include <fmt/format.h>

#include <algorithm>
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

void Program::Attach(std::shared_ptr<const NativeCode> native) const {
  CHECK(native_owner_ == nullptr);
  native_owner_ = std::move(native);
  native_.store(native_owner_.get(), std::memory_order_release);
}

RuleReference Program::rule(std::uint32_t rule) const {
  CHECK(rule < layout_->rules().size());
  const format::Rule& record = layout_->rules()[rule];
  return {layout_->text(record.id), layout_->text(record.file), record.line};
}

bool Program::Hides(std::string_view tool, std::string_view server) const {
  const bool has_lock = !layout_->pins().empty();
  if (has_lock && layout_->FindPin(tool, server) == nullptr) return true;
  if (const format::Tool* exact = layout_->FindTool(tool)) return exact->hidden != 0;
  bool hides = false;
  layout_->pattern_index().ForEachCandidate(tool, [&](std::uint32_t id) {
    const format::Pattern& pattern = layout_->patterns()[id];
    hides = hides || (pattern.hidden != 0 && GlobMatches(layout_->text(pattern.pattern), tool));
  });
  return hides;
}

std::string_view Program::PinnedServer() const {
  const auto pins = layout_->pins();
  if (pins.empty()) return {};
  const std::string_view server = layout_->text(pins.front().server);
  const bool is_single = std::ranges::all_of(
      pins, [&](const format::Pin& pin) { return layout_->text(pin.server) == server; });
  return is_single ? server : std::string_view{};
}

bool Program::LocksOut(std::string_view server) const {
  const auto pins = layout_->pins();
  return !pins.empty() && std::ranges::none_of(pins, [&](const format::Pin& pin) {
    return layout_->text(pin.server) == server;
  });
}

}  // namespace policy
