#include "runtime/program/operands.h"

#include <fmt/core.h>

#include <algorithm>

#include "runtime/program/regex.h"
#include "runtime/value/text_hash.h"

namespace policy {
namespace {

using format::Constant;

OperandKind KindOf(const Constant& constant) { return static_cast<OperandKind>(constant.kind); }

// Members of all sets of `kind`, so that the vectors that hold them never move.
std::size_t CountMembers(std::span<const Constant> constants, OperandKind kind) {
  std::size_t count = 0;
  for (const Constant& constant : constants) count += KindOf(constant) == kind ? constant.b : 0;
  return count;
}

// At least how many members the sets have that are so few that they may be kept as words.
std::size_t CountShorts(std::span<const Constant> constants) {
  std::size_t count = 0;
  for (const Constant& constant : constants) {
    const bool is_small = KindOf(constant) == OperandKind::StringSet && constant.b <= kShortsMax;
    count += is_small ? constant.b : 0;
  }
  return count;
}

}  // namespace

std::span<const ShortText> Operands::AddShorts(std::span<const std::string_view> texts) {
  const auto is_long = [](std::string_view text) { return text.size() > sizeof(ShortText::word); };
  if (texts.size() > kShortsMax || std::ranges::any_of(texts, is_long)) return {};
  const std::size_t first = set_shorts_.size();
  for (const std::string_view text : texts) {
    set_shorts_.push_back({text_hash::LoadShort(text.data(), text.size()), text.size()});
  }
  return std::span<const ShortText>(set_shorts_).subspan(first);
}

std::expected<void, ProgramError> Operands::Prepare(std::string_view strings,
                                                    std::span<const Constant> constants,
                                                    std::span<const std::uint32_t> set_items) {
  operands_.resize(constants.size());
  set_strings_.reserve(CountMembers(constants, OperandKind::StringSet));
  set_shorts_.reserve(CountShorts(constants));
  set_numbers_.reserve(CountMembers(constants, OperandKind::NumberSet));
  for (std::size_t id = 0; id < constants.size(); ++id) {
    const Constant& constant = constants[id];
    Operand& operand = operands_[id];
    operand.kind = KindOf(constant);
    switch (operand.kind) {
      case OperandKind::None:
        break;
      case OperandKind::String:
        operand.text = strings.substr(constant.a, constant.b);
        break;
      case OperandKind::Regex: {
        operand.text = strings.substr(constant.a, constant.b);
        expressions_.push_back(CompileRegex(operand.text));
        operand.regex = expressions_.back().get();
        if (!operand.regex->ok()) {
          return std::unexpected(ProgramError{fmt::format(
              "its regular expression `{}` is refused: {}", operand.text, operand.regex->error())});
        }
        break;
      }
      case OperandKind::Number:
        operand.number = {constant.wide, constant.exponent};
        break;
      case OperandKind::Bool:
        operand.boolean = constant.flag != 0;
        break;
      case OperandKind::BoolSet:
        operand.set_has_false = (constant.flag & 1) != 0;
        operand.set_has_true = (constant.flag & 2) != 0;
        break;
      case OperandKind::Time:
      case OperandKind::Duration:
        operand.nanoseconds = constant.wide;
        break;
      case OperandKind::StringSet: {
        const std::size_t first = set_strings_.size();
        for (const std::uint32_t member : set_items.subspan(constant.a, constant.b)) {
          set_strings_.push_back(strings.substr(constants[member].a, constants[member].b));
        }
        operand.strings = std::span<const std::string_view>(set_strings_).subspan(first);
        operand.string_table = set_items.subspan(constant.table_first, constant.table_size);
        operand.shorts = AddShorts(operand.strings);
        break;
      }
      case OperandKind::NumberSet: {
        const std::size_t first = set_numbers_.size();
        for (const std::uint32_t member : set_items.subspan(constant.a, constant.b)) {
          set_numbers_.push_back({constants[member].wide, constants[member].exponent});
        }
        operand.numbers = std::span<const Decimal>(set_numbers_).subspan(first);
        break;
      }
    }
  }
  return {};
}

}  // namespace policy
