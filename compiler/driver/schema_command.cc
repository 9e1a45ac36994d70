#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>

#include "compiler/driver/command.h"
#include "compiler/driver/embedded_text.h"

namespace policy {

namespace {

constexpr std::string_view kEnding = ".schema.json";

int PrintSchema(const std::string& name, DriverEnv& env) {
  std::string known;
  for (const EmbeddedText& schema : Schemas()) {
    const std::string_view its_name = schema.name.substr(0, schema.name.size() - kEnding.size());
    if (its_name == name) {
      env.out << schema.text;
      return kExitDone;
    }
    known += (known.empty() ? "" : ", ") + std::string(its_name);
  }
  env.err << "policyc: there is no schema `" << name << "`; there is: " << known << "\n";
  return kExitNotRun;
}

}  // namespace

CommandRun AddSchemaCommand(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  app.add_option("name", *name, "The file format: policy, policyc, policyd, test or tools.lock")
      ->required();
  return [name](DriverEnv& env) { return PrintSchema(*name, env); };
}

}  // namespace policy
