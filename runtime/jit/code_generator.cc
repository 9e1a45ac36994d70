#include "runtime/jit/code_generator.h"

#include <llvm/Analysis/AliasAnalysis.h>
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/BasicAliasAnalysis.h>
#include <llvm/Analysis/BlockFrequencyInfo.h>
#include <llvm/Analysis/BranchProbabilityInfo.h>
#include <llvm/Analysis/LazyValueInfo.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/MemorySSA.h>
#include <llvm/Analysis/OptimizationRemarkEmitter.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/ProfileSummaryInfo.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/PassInstrumentation.h>
#include <llvm/IR/PassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/JumpThreading.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>

#include "policy/check.h"
#include "runtime/jit/block_code.h"

namespace policy::jit {
namespace {

// What turns the straightforward code of BlockWriter into good code, and no more: these passes are
// as fast to run as code generation itself, and the whole of O2 gains nothing over them.
void Optimise(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::ModuleAnalysisManager modules;
  llvm::FunctionAnalysisManager functions;
  modules.registerPass([] { return llvm::PassInstrumentationAnalysis(); });
  modules.registerPass([] { return llvm::ProfileSummaryAnalysis(); });
  modules.registerPass([&] { return llvm::FunctionAnalysisManagerModuleProxy(functions); });
  functions.registerPass([&] { return llvm::ModuleAnalysisManagerFunctionProxy(modules); });
  functions.registerPass([] { return llvm::PassInstrumentationAnalysis(); });
  functions.registerPass([] { return llvm::AssumptionAnalysis(); });
  functions.registerPass([] { return llvm::BasicAA(); });
  functions.registerPass([] { return llvm::BlockFrequencyAnalysis(); });
  functions.registerPass([] { return llvm::BranchProbabilityAnalysis(); });
  functions.registerPass([] { return llvm::DominatorTreeAnalysis(); });
  functions.registerPass([] { return llvm::LazyValueAnalysis(); });
  functions.registerPass([] { return llvm::LoopAnalysis(); });
  functions.registerPass([] { return llvm::MemorySSAAnalysis(); });
  functions.registerPass([] { return llvm::OptimizationRemarkEmitterAnalysis(); });
  functions.registerPass([] { return llvm::PostDominatorTreeAnalysis(); });
  functions.registerPass([] { return llvm::TargetLibraryAnalysis(); });
  functions.registerPass([&] { return machine.getTargetIRAnalysis(); });
  functions.registerPass([] {
    llvm::AAManager aliases;
    aliases.registerFunctionAnalysis<llvm::BasicAA>();
    return aliases;
  });
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::JumpThreadingPass());
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  for (llvm::Function& function : module) {
    if (!function.isDeclaration()) passes.run(function, functions);
  }
}

}  // namespace

struct CodeGenerator::Target {
  std::unique_ptr<llvm::TargetMachine> machine;

  std::expected<std::unique_ptr<llvm::Module>, std::string> Write(const Layout& layout,
                                                                  std::uint32_t block,
                                                                  llvm::LLVMContext& context);
};

CodeGenerator::CodeGenerator(std::unique_ptr<Target> target) : target_(std::move(target)) {}
CodeGenerator::~CodeGenerator() = default;

std::expected<std::unique_ptr<CodeGenerator>, std::string> CodeGenerator::Make() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  const std::string triple = llvm::sys::getDefaultTargetTriple();
  std::string why;
  const llvm::Target* const known = llvm::TargetRegistry::lookupTarget(triple, why);
  if (known == nullptr) return std::unexpected("LLVM has no code for this machine: " + why);
  auto target = std::make_unique<Target>();
  // Every machine of the kind runs it, so that objects may be made on one and loaded on another:
  // comparing integers needs nothing newer.
  target->machine.reset(known->createTargetMachine(
      triple, /*CPU=*/"", /*Features=*/"", llvm::TargetOptions(), llvm::Reloc::PIC_,
      llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
  if (target->machine == nullptr) return std::unexpected("LLVM has no code for " + triple);
  return std::unique_ptr<CodeGenerator>(new CodeGenerator(std::move(target)));
}

std::expected<std::unique_ptr<llvm::Module>, std::string> CodeGenerator::Target::Write(
    const Layout& layout, std::uint32_t block, llvm::LLVMContext& context) {
  const auto shape = ShapeOf(layout, StartOf(layout, block));
  if (!shape) return std::unexpected("the block is too large");
  std::unique_ptr<llvm::Module> module = WriteBlock(layout, *shape, context);
  if (module == nullptr) return std::unexpected("the block has an unknown instruction");
  module->setTargetTriple(machine->getTargetTriple().str());
  module->setDataLayout(machine->createDataLayout());
  std::string problem;
  llvm::raw_string_ostream problems(problem);
  if (llvm::verifyModule(*module, &problems)) {
    return std::unexpected("the IR is not sound: " + problems.str());
  }
  return module;
}

std::expected<std::string, std::string> CodeGenerator::Generate(const Layout& layout,
                                                                std::uint32_t block) {
  llvm::LLVMContext context;
  auto module = target_->Write(layout, block, context);
  if (!module) return std::unexpected(std::move(module.error()));
  Optimise(**module, *target_->machine);
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager emission;
  if (target_->machine->addPassesToEmitFile(emission, out, /*DwoOut=*/nullptr,
                                            llvm::CodeGenFileType::ObjectFile)) {
    return std::unexpected("LLVM writes no object files for this machine");
  }
  emission.run(**module);
  return std::string(bytes.begin(), bytes.end());
}

std::expected<std::string, std::string> CodeGenerator::Print(const Layout& layout,
                                                             std::uint32_t block) {
  llvm::LLVMContext context;
  auto module = target_->Write(layout, block, context);
  if (!module) return std::unexpected(std::move(module.error()));
  Optimise(**module, *target_->machine);
  std::string text;
  llvm::raw_string_ostream out(text);
  (*module)->print(out, /*AAW=*/nullptr);
  return out.str();
}

ObjectSource MakeObjectsHere() {
  auto made = CodeGenerator::Make();
  CHECK(made.has_value());
  return [generator = std::shared_ptr<CodeGenerator>(std::move(*made))](
             const Program& program, std::span<const std::uint32_t> blocks) {
    std::vector<BlockObject> objects;
    for (const std::uint32_t block : blocks) {
      objects.push_back(generator->Generate(program.layout(), block));
    }
    return objects;
  };
}

}  // namespace policy::jit
