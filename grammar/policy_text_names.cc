#include <fmt/format.h>

#include <utility>

#include "grammar/json_document.h"
#include "grammar/policy_text_parts.h"
#include "grammar/shared_reports.h"
#include "grammar/text_letters.h"
#include "runtime/value/utf8.h"

namespace policy {

namespace {

// Calls `see(code point, offset)` for each code point of a valid text.
template <typename See>
void ForEachCodePoint(std::string_view text, See see) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = Utf8SequenceSize(text.substr(i));
    see(DecodeUtf8(text.substr(i, size)), i);
    i += size;
  }
}

// The one emitting place of its row.
void ReportHidden(const TextInput& input, Span span, char32_t letter) {
  input.diagnostics
      .Report(diag::HiddenCharacter, input.root, span,
              fmt::format("U+{:04X}", static_cast<std::uint32_t>(letter)),
              IsReordering(letter) ? "changes the order of what follows"
              : IsCombiningMark(letter)
                  ? "is a mark on the letter before it, which has two spellings"
                  : "cannot be seen")
      .Help("remove it: what a policy says has to be what its reader sees");
}

// The name's letters: seen, of one alphabet, and unlike another name's.
void CheckLetters(TextFile& file, const ast::Word& name, NameSort sort) {
  const TextInput& input = file.input;
  std::string skeleton;
  std::optional<char32_t> hidden;
  std::optional<Alphabet> first;
  std::optional<Alphabet> second;
  ForEachCodePoint(name.text, [&](char32_t letter, std::size_t) {
    if (!hidden && (IsHidden(letter) || IsCombiningMark(letter))) hidden = letter;
    if (const auto alphabet = AlphabetOf(letter)) {
      if (!first) first = alphabet;
      if (*first != *alphabet && !second) second = alphabet;
    }
    AppendSkeleton(letter, skeleton);
  });
  if (hidden) return ReportHidden(input, name.span, *hidden);
  if (second) {
    input.diagnostics
        .Report(diag::MixedAlphabets, input.root, name.span, name.text, NameOf(*first),
                NameOf(*second))
        .Help(fmt::format("its letters look like those of `{}`", skeleton));
    return;
  }
  auto& skeletons = file.reader.skeletons[static_cast<std::size_t>(sort)];
  const auto [seen, is_new] = skeletons.try_emplace(skeleton, name.text, name.span);
  if (is_new || seen->second.name == name.text) return;
  input.diagnostics.Report(diag::LooksAlike, input.root, name.span, name.text, seen->second.name)
      .Note(seen->second.span, "the other is here")
      .Help("its letters are others, though they look the same");
}

}  // namespace

ast::Word ReadWord(TextFile& file, TextView view) {
  std::string_view text = view.text();
  const bool is_quoted = view.kind() == TextKind::String || view.kind() == TextKind::RuleName;
  if (view.kind() == TextKind::RawString) text.remove_prefix(1);
  if (!is_quoted && view.kind() != TextKind::RawString) return {std::string(text), view.span()};
  text = text.substr(1, text.size() - 2);
  if (view.kind() == TextKind::RawString) return {std::string(text), view.span()};
  auto unescaped = json::Unescape(text);
  if (!unescaped) {
    constexpr Expected kPair{.what = "two halves of a surrogate pair",
                             .sort = Expected::Sort::Escape};
    const std::size_t escape = file.input.source.text().find("\\u", view.span().begin);
    ReportMistake(file.input, view.span().begin, escape + 1, kPair);
    unescaped.emplace();
  }
  return {*std::move(unescaped), view.span()};
}

ast::Word ReadName(TextFile& file, TextView view, NameSort sort) {
  ast::Word name = ReadWord(file, view);
  if (!CheckText(file.input.root, file.input.diagnostics, name.span, name.text, "a name")) {
    return name;
  }
  CheckLetters(file, name, sort);
  return name;
}

void Declare(TextFile& file, const ast::Word& name, NameSort sort, std::string_view what) {
  auto& declared = file.reader.declared[static_cast<std::size_t>(sort)];
  const auto [first, is_new] = declared.try_emplace(name.text, name.span);
  if (is_new) return;
  file.input.diagnostics.Report(diag::NameTwice, file.input.root, name.span, what, name.text)
      .Note(first->second, "the first is here")
      .Help(first->second.file == name.span.file
                ? "keep one, or give one another name"
                : "nothing overrides what an included file says: give one another name");
}

void CheckCharacters(const TextInput& input) {
  ForEachCodePoint(input.source.text(), [&](char32_t letter, std::size_t offset) {
    if (IsReordering(letter)) ReportHidden(input, input.SpanOf(offset, offset + 1), letter);
  });
}

}  // namespace policy
