#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <memory>
#include <ostream>
#include <string>

#include "compiler/driver/command.h"
#include "compiler/driver/embedded_text.h"

namespace policy {

namespace {

int Explain(std::string code, DriverEnv& env) {
  std::ranges::transform(code, code.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (const EmbeddedText& page : DiagnosticPages()) {
    if (page.name == code + ".md") {
      env.out << page.text;
      return kExitDone;
    }
  }
  env.err << "policyc: there is no diagnostic `" << code << "`; codes look like P1001\n";
  return kExitNotRun;
}

}  // namespace

CommandRun AddExplainCommand(CLI::App& app) {
  auto code = std::make_shared<std::string>();
  app.add_option("code", *code, "The code between the brackets of a message: P1001")->required();
  return [code](DriverEnv& env) { return Explain(*code, env); };
}

}  // namespace policy
