#include "tests/differential/product.h"

#include "policy/check.h"
#include "policy/compiler.h"
#include "runtime/jit/code_generator.h"
#include "runtime/jit/jit.h"
#include "runtime/program/layout.h"

namespace differential {
namespace {

std::shared_ptr<const policy::Program> Load(const std::vector<std::byte>& bytes) {
  auto program = policy::Program::Load(bytes);
  if (!program) std::fprintf(stderr, "refused: %s\n", program.error().what.c_str());
  CHECK(program.has_value());
  return *program;
}

void AddMachineCode(const std::shared_ptr<const policy::Program>& program) {
  static const auto linker = policy::jit::Linker::Open(policy::jit::PathBeside("libpolicy_jit.so"));
  if (!linker) std::fprintf(stderr, "%s\n", linker.error().c_str());
  CHECK(linker.has_value());
  static const policy::jit::ObjectSource source = policy::jit::MakeObjectsHere();
  const auto report = policy::jit::CompileAll(program, source, **linker);
  for (const std::string& trouble : report.troubles) std::fprintf(stderr, "%s\n", trouble.c_str());
  CHECK(report.installed + report.left == program->native()->block_count());
}

policy::CallContext ViewOf(const reference::Context& context) {
  policy::CallContext view;
  view.server = context.server;
  view.grant = context.grant;
  view.grant_label = context.grant_label;
  view.grant_tags = context.grant_tags;
  view.grant_attributes = context.grant_attributes;
  view.session = context.session;
  view.claims = context.claims;
  view.client_name = context.client_name;
  view.client_version = context.client_version;
  view.annotations = context.annotations;
  view.now_ns = context.now_ns;
  return view;
}

}  // namespace

Compiled CompilePolicy(const std::string& text, bool optimise) {
  policy::Diagnostics diagnostics;
  const policy::Source source(text.starts_with('{') ? "policy.json" : "rules.policy", text);
  Compiled compiled;
  compiled.bytes = policy::Compile(source, {.optimise = optimise}, diagnostics);
  for (const policy::Diagnostic& each : diagnostics.all()) {
    if (each.severity != policy::Severity::Error || !compiled.first_error.empty()) continue;
    compiled.first_error = std::string(each.code) + ' ' + each.message;
  }
  CHECK(compiled.bytes.has_value() == compiled.first_error.empty());
  return compiled;
}

Product::Product(const std::vector<std::byte>& bytes, Engine engine)
    : program_(Load(bytes)), evaluator_(program_, counters_, "attachment") {
  if (engine == Engine::MachineCode) AddMachineCode(program_);
}

Answer Product::Decide(const std::string& request, const reference::Context& context) {
  reservation_ = policy::Reservation();
  const auto result = evaluator_.Decide(request, ViewOf(context), decision_, reservation_);
  CHECK(result == policy::Evaluator::Result::Decided);
  Answer answer;
  answer.message = decision_.message;
  reference::Decision& out = answer.decision;
  out.outcome = static_cast<reference::Outcome>(decision_.outcome);
  for (const std::uint32_t rule : decision_.rules) out.rules.emplace_back(program_->rule(rule).id);
  out.retry_after_ms = decision_.retry_after_ms;
  out.approval_group = decision_.approval_group;
  out.approval_within_seconds = decision_.approval_within_seconds;
  for (const policy::Quota& quota : decision_.quotas) {
    const auto& limit = program_->layout().limits()[quota.limit];
    out.quotas.push_back({.rule = std::string(program_->rule(limit.rule).id),
                          .max = quota.max,
                          .used = quota.used,
                          .remaining = quota.remaining,
                          .window_end_ms = quota.window_end_ms,
                          .retry_after_ms = quota.retry_after_ms,
                          .is_short = quota.is_short,
                          .retryable = quota.retryable});
  }
  return answer;
}

void Product::Settle(reference::Settlement settlement) {
  reservation_.Settle(static_cast<policy::Settlement>(settlement));
}

}  // namespace differential
