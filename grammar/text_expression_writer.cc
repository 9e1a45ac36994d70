#include "grammar/text_expression_writer.h"

#include <fmt/format.h>

#include <utility>

#include "grammar/json_fields.h"
#include "grammar/keywords.h"
#include "grammar/operator_text.h"

namespace policy {

namespace {

bool IsIdentifier(std::string_view name) { return IsPlainName(name) || IsKeyword(name); }

std::string LiteralText(const ast::Literal& literal) {
  switch (literal.kind) {
    case ast::LiteralKind::Null:
      return "null";
    case ast::LiteralKind::Bool:
      return literal.boolean ? "true" : "false";
    case ast::LiteralKind::Number:
    case ast::LiteralKind::Duration:
      return literal.text;
    case ast::LiteralKind::String:
      return literal.raw ? "r\"" + literal.text + "\"" : JsonQuoted(literal.text);
  }
  return "";
}

std::string StepText(const ast::Step& step) {
  if (const auto* index = std::get_if<std::uint32_t>(&step)) return fmt::format("[{}]", *index);
  const auto& name = std::get<std::string>(step);
  return IsIdentifier(name) ? "." + name : "[" + JsonQuoted(name) + "]";
}

}  // namespace

std::string NameText(std::string_view name) {
  return IsPlainName(name) ? std::string(name) : JsonQuoted(name);
}

std::string PathAsText(const ast::Path& path) {
  std::string text = path.root.text;
  for (const ast::Step& step : path.steps) text += StepText(step);
  return text;
}

TextExpressionWriter::Level TextExpressionWriter::LevelOf(const ast::Expression& expression) {
  struct Levels {
    Level operator()(const ast::Junction& junction) const {
      // Of none it is a word, of one that one.
      return junction.operands.empty() ? Level::Primary : Level::Junction;
    }
    Level operator()(const ast::Quantifier&) const { return Level::Not; }
    Level operator()(const ast::Not&) const { return Level::Not; }
    Level operator()(const ast::Comparison&) const { return Level::Comparison; }
    Level operator()(const ast::IsNull&) const { return Level::Comparison; }
    Level operator()(const ast::Arithmetic& node) const {
      return node.kind == ast::Arithmetic::Kind::Multiply ? Level::Product : Level::Sum;
    }
    Level operator()(const ast::OrElse&) const { return Level::OrElse; }
    Level operator()(const ast::Has&) const { return Level::Comparison; }
    Level operator()(const ast::Literal&) const { return Level::Primary; }
    Level operator()(const ast::Path&) const { return Level::Primary; }
    Level operator()(const ast::List&) const { return Level::Primary; }
    Level operator()(const ast::Call&) const { return Level::Primary; }
    Level operator()(const ast::Part&) const { return Level::Primary; }
  };
  return std::visit(Levels{}, expression.node);
}

std::string TextExpressionWriter::Text(ast::ExpressionId id) const {
  return Operand(id, Level::Junction);
}

// Expressions are as deep as the readers let policies nest.
std::string TextExpressionWriter::Operand(ast::ExpressionId id, Level loosest) const {
  const ast::Expression& expression = ast::At(policy_, id);
  const auto* junction = std::get_if<ast::Junction>(&expression.node);
  if (junction != nullptr && junction->operands.size() == 1) {
    return Operand(junction->operands.front(), loosest);
  }
  std::string text = Plain(expression);
  if (LevelOf(expression) >= loosest && !expression.in_parentheses) return text;
  return "(" + text + ")";
}

std::string TextExpressionWriter::Joined(const std::vector<ast::ExpressionId>& ids) const {
  std::string text;
  for (const ast::ExpressionId id : ids) text += (text.empty() ? "" : ", ") + Text(id);
  return text;
}

std::string TextExpressionWriter::Plain(const ast::Expression& expression) const {
  struct Printer {
    const TextExpressionWriter& writer;

    std::string operator()(const ast::Literal& literal) const { return LiteralText(literal); }
    std::string operator()(const ast::Path& path) const { return PathAsText(path); }
    std::string operator()(const ast::List& list) const {
      return "[" + writer.Joined(list.items) + "]";
    }
    std::string operator()(const ast::Not& node) const {
      return "not " + writer.Operand(node.operand, Level::Not);
    }
    std::string operator()(const ast::Junction& junction) const {
      const bool is_and = junction.kind == ast::Junction::Kind::And;
      if (junction.operands.empty()) return is_and ? "true" : "false";
      std::string text;
      for (const ast::ExpressionId id : junction.operands) {
        if (!text.empty()) text += is_and ? " and " : " or ";
        text += writer.Operand(id, Level::Not);
      }
      return text;
    }
    std::string operator()(const ast::Comparison& comparison) const {
      return fmt::format("{} {} {}", writer.Operand(comparison.left, Level::Sum),
                         TextNameOf(comparison.op), writer.Operand(comparison.right, Level::Sum));
    }
    std::string operator()(const ast::Has& has) const {
      return "has " + writer.Operand(has.path_id, Level::Primary);
    }
    std::string operator()(const ast::IsNull& node) const {
      return writer.Operand(node.path_id, Level::Sum) + " is null";
    }
    std::string operator()(const ast::OrElse& node) const {
      return fmt::format("{} ?? {}", writer.Operand(node.path_id, Level::Primary),
                         writer.Operand(node.literal_id, Level::Primary));
    }
    std::string operator()(const ast::Call& call) const {
      return call.function.text + "(" + writer.Joined(call.arguments) + ")";
    }
    std::string operator()(const ast::Part& part) const {
      return writer.Operand(part.of_id, Level::Primary) + StepText(part.step);
    }
    // Sums and products group from the left.
    std::string operator()(const ast::Arithmetic& node) const {
      if (node.kind == ast::Arithmetic::Kind::Multiply) {
        return fmt::format("{} * {}", writer.Operand(node.left, Level::Product),
                           writer.Operand(node.right, Level::OrElse));
      }
      return fmt::format("{} {} {}", writer.Operand(node.left, Level::Sum),
                         node.kind == ast::Arithmetic::Kind::Add ? "+" : "-",
                         writer.Operand(node.right, Level::Product));
    }
    std::string operator()(const ast::Quantifier& quantifier) const {
      constexpr std::string_view kWords[] = {"any", "all", "count"};
      const ast::Expression& body = ast::At(writer.policy_, quantifier.body_id);
      const bool is_quantifier = std::holds_alternative<ast::Quantifier>(body.node);
      const Level loosest = is_quantifier ? Level::Comparison : Level::Not;
      return fmt::format("{} {} in {}: {}", kWords[static_cast<std::size_t>(quantifier.kind)],
                         quantifier.variable.text, writer.Operand(quantifier.list_id, Level::Sum),
                         writer.Operand(quantifier.body_id, loosest));
    }
  };
  return std::visit(Printer{*this}, expression.node);
}

std::vector<std::string> TextExpressionWriter::Parts(ast::ExpressionId id) const {
  const ast::Expression& expression = ast::At(policy_, id);
  const auto* junction = std::get_if<ast::Junction>(&expression.node);
  if (junction == nullptr || junction->operands.size() < 2 || expression.in_parentheses) {
    return {Text(id)};
  }
  std::vector<std::string> parts;
  for (const ast::ExpressionId operand : junction->operands) {
    const std::string_view word = parts.empty()                                ? ""
                                  : junction->kind == ast::Junction::Kind::And ? "and "
                                                                               : "or ";
    parts.push_back(std::string(word) + Operand(operand, Level::Not));
  }
  return parts;
}

}  // namespace policy
