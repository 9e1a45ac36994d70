#include "runtime/jit/linker_module.h"

#include <llvm/Config/llvm-config.h>
#include <llvm/ExecutionEngine/Orc/Core.h>
#include <llvm/ExecutionEngine/Orc/ExecutorProcessControl.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/jit/debugger.h"

namespace {

using llvm::orc::ExecutionSession;
using llvm::orc::JITDylib;

void Tell(PolicyJitText why, std::string_view text) {
  if (why.size == 0) return;
  const std::size_t size = std::min(text.size(), why.size - 1);
  std::memcpy(why.bytes, text.data(), size);
  why.bytes[size] = 0;
}

struct Linked {
  JITDylib& dylib;
  std::unique_ptr<policy::jit::DebuggerEntry> debugger;
};

class Linker {
 public:
  static llvm::Expected<std::unique_ptr<Linker>> Make(const PolicyJitSymbol* symbols,
                                                      std::size_t count);
  Linker(const Linker&) = delete;  // what it linked refers to it
  Linker& operator=(const Linker&) = delete;
  ~Linker();

  llvm::Expected<std::unique_ptr<Linked>> Link(const PolicyJitObject& object, PolicyJitCode& code);
  void Unlink(std::unique_ptr<Linked> linked);

 private:
  explicit Linker(std::unique_ptr<llvm::orc::ExecutorProcessControl> process);
  // Whether `object` refers to nothing but the symbols that we have, defines one function, and is
  // for this machine.
  llvm::Error Check(llvm::StringRef object) const;

  std::mutex mutex_;
  std::vector<std::string> names_;  // of the symbols that objects may refer to
  ExecutionSession session_;
  llvm::orc::ObjectLinkingLayer layer_;
  JITDylib* symbols_ = nullptr;
  std::size_t linked_count_ = 0;  // names the next
};

Linker::Linker(std::unique_ptr<llvm::orc::ExecutorProcessControl> process)
    : session_(std::move(process)), layer_(session_) {
  // What goes wrong is an error of Link; nothing is written to stderr, which is the gateway's.
  session_.setErrorReporter([](llvm::Error error) { llvm::consumeError(std::move(error)); });
}

llvm::Expected<std::unique_ptr<Linker>> Linker::Make(const PolicyJitSymbol* symbols,
                                                     std::size_t count) {
  auto process = llvm::orc::SelfExecutorProcessControl::Create(
      nullptr, std::make_unique<llvm::orc::InPlaceTaskDispatcher>());
  if (!process) return process.takeError();
  std::unique_ptr<Linker> linker(new Linker(std::move(*process)));
  llvm::orc::SymbolMap addresses;
  for (std::size_t i = 0; i < count; ++i) {
    linker->names_.emplace_back(symbols[i].name);
    addresses[linker->session_.intern(symbols[i].name)] = {
        llvm::orc::ExecutorAddr::fromPtr(symbols[i].address),
        llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  }
  linker->symbols_ = &linker->session_.createBareJITDylib("callbacks");
  if (auto error = linker->symbols_->define(llvm::orc::absoluteSymbols(std::move(addresses)))) {
    return error;
  }
  return linker;
}

Linker::~Linker() { llvm::consumeError(session_.endSession()); }

llvm::Error Linker::Check(llvm::StringRef object) const {
  const auto refuse = [](const llvm::Twine& why) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), why);
  };
  auto file =
      llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(object, "machine code"));
  if (!file) return file.takeError();
  if ((*file)->makeTriple().getArch() != session_.getTargetTriple().getArch()) {
    return refuse("the object is for another machine");
  }
  for (const llvm::object::SymbolRef symbol : (*file)->symbols()) {
    auto flags = symbol.getFlags();
    if (!flags) return flags.takeError();
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) == 0) continue;
    auto name = symbol.getName();
    if (!name) return name.takeError();
    if (name->empty()) continue;  // the first of every table
    if (std::ranges::find(names_, name->str()) == names_.end()) {
      return refuse("the object refers to `" + *name + "`, which machine code may not");
    }
  }
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Linked>> Linker::Link(const PolicyJitObject& object,
                                                     PolicyJitCode& code) {
  const std::lock_guard lock(mutex_);
  const llvm::StringRef bytes(object.bytes, object.size);
  if (auto error = Check(bytes)) return error;
  JITDylib& dylib = session_.createBareJITDylib("block " + std::to_string(linked_count_++));
  dylib.addToLinkOrder(*symbols_);
  const auto give_up = [&](llvm::Error error) {
    return llvm::joinErrors(std::move(error), session_.removeJITDylib(dylib));
  };
  if (auto error = layer_.add(dylib, llvm::MemoryBuffer::getMemBufferCopy(bytes))) {
    return give_up(std::move(error));
  }
  auto found = session_.lookup({&dylib}, session_.intern(object.function));
  if (!found) return give_up(found.takeError());
  code.entry = found->getAddress().toPtr<const void*>();
  if (object.label == nullptr) return std::make_unique<Linked>(dylib, nullptr);
  auto debugger = policy::jit::DebuggerEntry::Make(object, code.entry);
  if (!debugger) return give_up(debugger.takeError());
  code.bytes = (*debugger)->code_bytes();
  return std::make_unique<Linked>(dylib, std::move(*debugger));
}

void Linker::Unlink(std::unique_ptr<Linked> linked) {
  const std::lock_guard lock(mutex_);
  linked->debugger.reset();
  llvm::consumeError(session_.removeJITDylib(linked->dylib));
  session_.getExecutorProcessControl().getSymbolStringPool()->clearDeadEntries();
}

void* Open(const PolicyJitSymbol* symbols, std::size_t count, PolicyJitText why) {
  auto linker = Linker::Make(symbols, count);
  if (linker) return linker->release();
  Tell(why, llvm::toString(linker.takeError()));
  return nullptr;
}

void Close(void* linker) { delete static_cast<Linker*>(linker); }

void* Link(void* linker, const PolicyJitObject* object, PolicyJitCode* code, PolicyJitText why) {
  auto linked = static_cast<Linker*>(linker)->Link(*object, *code);
  if (linked) return linked->release();
  Tell(why, llvm::toString(linked.takeError()));
  return nullptr;
}

void Unlink(void* linker, void* linked) {
  static_cast<Linker*>(linker)->Unlink(std::unique_ptr<Linked>(static_cast<Linked*>(linked)));
}

constexpr PolicyJitLinker kLinker = {
    kPolicyJitVersion, "LLVM " LLVM_VERSION_STRING, Open, Close, Link, Unlink};

}  // namespace

__attribute__((visibility("default"))) const PolicyJitLinker* policy_jit_linker() {
  return &kLinker;
}
