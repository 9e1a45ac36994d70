#include <string>

#include "grammar/diagnostic_renderer.h"
#include "policy/compiler.h"
#include "runtime/embed/handles.h"

namespace policy::embed {
namespace {

// As policyc prints them.
std::string ErrorsOf(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& each : diagnostics.all()) {
    if (each.severity == Severity::Error) text += RenderText(each, {});
  }
  return text;
}

policy_program* CompileProgram(const char* name, std::string text, policy_error** error) {
  const Source source(name, std::move(text));
  Diagnostics diagnostics;
  const auto bytes = Compile(source, {}, diagnostics);
  if (!bytes) return Fail(error, ErrorsOf(diagnostics));
  return LoadProgram(*bytes, error);
}

}  // namespace
}  // namespace policy::embed

policy_program* policy_program_compile(const char* name, const char* text, size_t size,
                                       policy_error** error) {
  using policy::embed::Fail;
  if (error != nullptr) *error = nullptr;
  return policy::embed::Guarded<policy_program*>(nullptr, [&]() -> policy_program* {
    if (name == nullptr || text == nullptr) return Fail(error, "there is no text, or no name");
    return policy::embed::CompileProgram(name, std::string(text, size), error);
  });
}
