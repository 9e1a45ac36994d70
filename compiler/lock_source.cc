#include "compiler/lock_source.h"

#include <string>
#include <string_view>
#include <utility>

namespace policy {

namespace {

// Null where there is none; the error is a sentence.
using FoundSource = std::expected<const Source*, std::string>;

FoundSource FindNamed(const ast::UseTools& use, const Source& source, const CompileOptions& options,
                      const Diagnostics& diagnostics) {
  if (options.loader == nullptr) return std::unexpected("files of policies are not read here");
  return options.loader->Load(diagnostics.SourceOf(source, use.span), use.path.text);
}

}  // namespace

std::expected<std::optional<LockInForce>, LockNotFound> FindLock(const ast::Policy& syntax,
                                                                 const Source& source,
                                                                 const CompileOptions& options,
                                                                 Diagnostics& diagnostics) {
  const ast::UseTools* use = syntax.use_tools ? &*syntax.use_tools : nullptr;
  FoundSource found = options.tools;
  std::string_view name = options.tools_beside;
  Span span = syntax.default_span;
  if (options.tools == nullptr && use != nullptr) {
    name = use->path.text;
    span = use->span;
    found = FindNamed(*use, source, options, diagnostics);
  } else if (options.tools == nullptr && options.loader != nullptr && !name.empty()) {
    found = options.loader->LoadIfThere(source, name);
  }
  if (!found) {
    diagnostics.Report(diag::LockNotRead, source, span, name, found.error());
    return std::unexpected(LockNotFound{});
  }
  if (*found == nullptr) return std::nullopt;
  auto tools = catalog::ReadToolLock(**found, options.server, diagnostics);
  if (!tools) return std::unexpected(LockNotFound{});
  return LockInForce{*std::move(tools), *found};
}

}  // namespace policy
