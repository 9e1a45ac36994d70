#include "runtime/jit/tier.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/jit/block_shape.h"
#include "runtime/jit/cost_model.h"
#include "runtime/jit/native_file.h"

namespace policy::jit {

std::string ToText(const TierCounts& counts) {
  return fmt::format(
      "machine code for {} tools, {} of them made before; {} not compiled, {} of no use, {} not as "
      "the interpreter decides",
      counts.installed, counts.from_cache, counts.not_compiled, counts.left, counts.disagreed);
}

Tier::Tier(TierOptions options)
    : options_(std::move(options)), codegen_(options_.codegen_path), worker_([this] { Work(); }) {}

Tier::~Tier() {
  is_over_ = true;
  codegen_.Stop();
  Wake();
  worker_.join();
}

void Tier::Take(std::shared_ptr<const Program> program) {
  {
    const std::lock_guard lock(mutex_);
    new_.push_back(std::move(program));
  }
  Wake();
}

TierCounts Tier::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Tier::Wake() const {
  signal_->fetch_add(1);
  signal_->notify_one();
}

void Tier::Work() {
  std::uint32_t seen = 0;
  while (!is_over_) {
    signal_->wait(seen);
    seen = signal_->load();
    TakeNew();
    CompileWanted();
  }
}

void Tier::TakeNew() {
  std::vector<std::shared_ptr<const Program>> programs;
  {
    const std::lock_guard lock(mutex_);
    programs.swap(new_);
  }
  for (const auto& program : programs) Attach(program);
  std::erase_if(taken_, [](const Taken& taken) { return taken.program.expired(); });
}

// A program without a block that may be compiled is left alone: its calls pay nothing.
void Tier::Attach(const std::shared_ptr<const Program>& program) {
  const Layout& layout = program->layout();
  std::vector<bool> counted(BlockCount(layout));
  std::vector<std::uint32_t> blocks;
  for (std::uint32_t block = 0; block < counted.size(); ++block) {
    const auto shape = ShapeOf(layout, StartOf(layout, block));
    counted[block] = shape && (options_.mode == TierMode::Always ||
                               (options_.mode == TierMode::Auto && IsDense(*shape)));
    if (counted[block]) blocks.push_back(block);
  }
  if (blocks.empty() && options_.given.empty()) return;
  const auto native = std::make_shared<NativeCode>(counted, kHotCalls, [signal = signal_] {
    signal->fetch_add(1);
    signal->notify_one();
  });
  program->Attach(native);
  taken_.push_back({program, native});
  if (!options_.given.empty()) InstallGiven(program, *native);
  if (options_.mode != TierMode::Always) return;
  std::erase_if(blocks, [&](std::uint32_t block) { return native->IsInstalled(block); });
  Compile(program, *native, blocks);
}

void Tier::InstallGiven(const std::shared_ptr<const Program>& program, NativeCode& native) {
  auto objects = ReadNativeFile(options_.given, *program);
  if (!objects) {
    options_.say("the machine code that was given is not used: " + objects.error());
    return;
  }
  if (!HasLinker()) return;
  const ObjectSource source = [&](const Program&, std::span<const std::uint32_t>)
      -> std::expected<std::vector<BlockObject>, std::string> { return std::move(*objects); };
  Note(CompileBlocks(program, AllBlocks(program->layout()), source, *linker_, native));
}

void Tier::Note(const CompileReport& report) {
  for (const std::string& trouble : report.troubles) options_.say(trouble);
  const std::lock_guard lock(mutex_);
  counts_.installed += report.installed;
  counts_.not_compiled += report.not_compiled;
  counts_.left += report.left;
  counts_.disagreed += report.disagreed;
  counts_.from_cache = cache_ ? cache_->found_count() : 0;
}

void Tier::CompileWanted() {
  for (const Taken& taken : taken_) {
    const auto program = taken.program.lock();
    const auto native = taken.native.lock();
    if (program == nullptr || native == nullptr || is_over_) continue;
    const std::vector<std::uint32_t> wanted = native->Wanted();
    if (!wanted.empty()) Compile(program, *native, wanted);
  }
}

bool Tier::HasLinker() {
  if (has_tried_linker_) return linker_ != nullptr;
  has_tried_linker_ = true;
  auto linker = Linker::Open(options_.module_path, {.tells_debuggers = options_.tells_debuggers});
  if (!linker) {
    options_.say("no machine code, the interpreter decides: " + linker.error());
    return false;
  }
  linker_ = std::move(*linker);
  NoteForPerf();
  if (options_.cache_directory.empty()) return true;
  auto cache = ObjectCache::Open(options_.cache_directory, {.linker = std::string(linker_->build()),
                                                            .codegen_path = options_.codegen_path});
  if (cache) {
    cache_ = std::move(*cache);
  } else {
    options_.say("machine code is not kept: " + cache.error());
  }
  return true;
}

void Tier::NoteForPerf() {
  if (options_.perf_map_path.empty()) return;
  if (auto map = PerfMap::Open(options_.perf_map_path)) {
    linker_->NoteIn(std::move(*map));
  } else {
    options_.say("perf is not told of machine code: " + map.error());
  }
}

std::expected<std::vector<BlockObject>, std::string> Tier::FindOrMake(
    const Program& program, std::span<const std::uint32_t> blocks) {
  std::vector<BlockObject> objects(blocks.size());
  std::vector<std::uint32_t> missing;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (auto found = cache_ ? cache_->Find(program, blocks[i]) : std::nullopt) {
      objects[i] = std::move(*found);
      continue;
    }
    missing.push_back(blocks[i]);
    places.push_back(i);
  }
  if (missing.empty()) return objects;
  auto made = codegen_.Ask(program, missing);
  if (!made) return std::unexpected(std::move(made.error()));
  for (std::size_t i = 0; i < missing.size(); ++i) {
    BlockObject& object = (*made)[i];
    if (object && cache_) cache_->Keep(program, missing[i], *object);
    objects[places[i]] = std::move(object);
  }
  return objects;
}

// In parts, so that the first blocks need not wait for the last.
void Tier::Compile(const std::shared_ptr<const Program>& program, NativeCode& native,
                   std::span<const std::uint32_t> blocks) {
  constexpr std::size_t kBlocksAtOnce = 16;
  if (!HasLinker()) {
    for (const std::uint32_t block : blocks) native.GiveUp(block);
    return;
  }
  const ObjectSource source = [this](const Program& of, std::span<const std::uint32_t> part) {
    return FindOrMake(of, part);
  };
  for (std::size_t at = 0; at < blocks.size() && !is_over_; at += kBlocksAtOnce) {
    const auto part = blocks.subspan(at, std::min(kBlocksAtOnce, blocks.size() - at));
    const CompileReport report = CompileBlocks(program, part, source, *linker_, native);
    if (is_over_) return;  // what was cut short is no trouble
    Note(report);
  }
}

}  // namespace policy::jit
