#include "compiler/driver/tools_option.h"

#include <CLI/CLI.hpp>
#include <expected>
#include <ostream>
#include <utility>

namespace policy {

namespace {

FileLoader::Read ReaderOf(const Files& files) {
  return
      [&files](const std::string& path) -> std::expected<std::optional<std::string>, std::string> {
        switch (files.KindOf(path)) {
          case Files::Kind::Missing:
            return std::nullopt;
          case Files::Kind::Directory:
            return std::unexpected("it is a directory");
          case Files::Kind::File:
            break;
        }
        return files.Read(path);
      };
}

}  // namespace

void AddToolsOption(CLI::App& app, ToolsOption& option) {
  app.add_option("--tools", option.path,
                 "The lock of reviewed tools, or a saved tools/list; else what the policy says, "
                 "else tools.lock.json beside it")
      ->type_name("LOCK");
}

std::optional<ToolsInUse> ToolsInUse::Open(const ToolsOption& option, DriverEnv& env) {
  ToolsInUse tools;
  const FileLoader::Read read = ReaderOf(env.files);
  tools.loader_ = std::make_unique<FileLoader>(read);
  tools.server_ = option.server;
  if (option.path.empty()) return tools;
  auto text = read(option.path);
  if (text && *text) {
    tools.tools_ = std::make_unique<const Source>(option.path, **std::move(text));
    return tools;
  }
  const std::string why = text ? "there is no such file" : text.error();
  env.err << "policyc: cannot read `" << option.path << "`: " << why << "\n";
  return std::nullopt;
}

CompileOptions ToolsInUse::Options(bool optimise) const {
  return {.optimise = optimise,
          .loader = loader_.get(),
          .tools = tools_.get(),
          .tools_beside = "tools.lock.json",
          .server = server_};
}

}  // namespace policy
