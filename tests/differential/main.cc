// Product against reference on generated policies and calls.
//
//   differential [--pairs N] [--seed S] [--full] [--verbose]     compares
//   differential --over FOLDER…   compares on the policies that stand in files there
//   differential --round-trip [--pairs N]     what fmt and convert write of N policies reads the
//   same differential --mutate [--pairs N]     proves that a product that decides otherwise is
//   found out
//
// A run with the same seed does the same. Ends with 1 on any difference, and when something that
// the language has was never reached.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/differential/case.h"
#include "tests/differential/mutation.h"
#include "tests/differential/policy_generator.h"
#include "tests/differential/policy_text.h"
#include "tests/differential/policy_tree.h"
#include "tests/differential/product.h"
#include "tests/differential/round_trip.h"
#include "tests/differential/text_policy_generator.h"
#include "tests/differential/text_twin.h"
#include "tests/differential/written_policies.h"

namespace differential {
namespace {

constexpr std::size_t kCallsPerPolicy = 20;
constexpr std::size_t kCallsPerWrittenPolicy = 500;
constexpr std::uint64_t kFullPairs = 1'000'000;
constexpr int kDifferencesMax = 3;

struct Options {
  std::uint64_t pairs = 100'000;
  std::uint64_t seed = 1;
  bool mutate = false;
  bool round_trip = false;
  bool verbose = false;
  std::vector<std::string> folders;
};

Case Generate(std::uint64_t seed) {
  Random random(seed);
  Case each;
  each.policy = seed % 2 == 0 ? GeneratePolicy(random) : GenerateTextPolicy(random);
  each.with_text_twin = seed % 8 == 0;
  each.with_machine_code = true;
  each.request_seed = seed;
  CallGenerator calls(each.policy, random);
  for (std::size_t i = 0; i < kCallsPerPolicy; ++i) each.steps.push_back(calls.Next());
  return each;
}

// Seeds of neighbouring runs have no case in common.
std::uint64_t SeedOf(const Options& options, std::uint64_t number) {
  return options.seed * 1'000'000'007 + number;
}

void Report(const Case& each, std::uint64_t case_seed, const CaseResult& result) {
  const Case small = Shrink(each);
  std::cout << "DIFFERENCE in case " << case_seed << '\n'
            << "policy: " << SpellingOf(each.policy) << '\n'
            << result.report << "smallest case:\n"
            << Describe(small) << RunCase(small, nullptr).report << std::endl;
}

int Compare(const Options& options) {
  Coverage coverage;
  std::map<std::string, std::uint64_t> rejections;
  std::uint64_t pairs = 0;
  std::uint64_t policies = 0;
  std::uint64_t rejected = 0;
  int differences = 0;
  for (std::uint64_t number = 0; pairs < options.pairs && differences < kDifferencesMax; ++number) {
    const std::uint64_t case_seed = SeedOf(options, number);
    const Case each = Generate(case_seed);
    const CaseResult result = RunCase(each, &coverage);
    ++policies;
    pairs += result.decided;
    if (result.kind == CaseResult::Kind::Rejected) {
      ++rejected;
      ++rejections[result.report];
    }
    if (result.kind == CaseResult::Kind::Differs) {
      ++differences;
      Report(each, case_seed, result);
    }
    if (number == 1000 && rejected > 500) break;
  }
  if (options.verbose) std::cout << coverage.Table();
  if (options.verbose || rejected * 5 > policies) {
    for (const auto& [reason, count] : rejections) std::cout << count << ' ' << reason << '\n';
  }
  std::cout << pairs << " pairs, " << policies << " policies, " << rejected << " of them rejected, "
            << differences << " differences\n";
  bool good = differences == 0 && rejected * 5 <= policies;
  for (const std::string& missing : coverage.Missing()) {
    std::cout << "never reached: " << missing << '\n';
    good = false;
  }
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

// Its own calls, then such as are aimed at it.
Case CaseOf(const WrittenPolicy& written) {
  constexpr std::int64_t kStartNs = 1'772'359'200'000'000'000;  // 2026-03-01T10:00:00Z
  Random random(1);
  Case each;
  each.policy = written.policy;
  each.with_text_twin = written.policy.Is(reference::Json::Kind::Record);
  each.with_machine_code = true;
  for (const reference::Call& call : written.calls) {
    each.steps.push_back({call, reference::Settlement::Commit});
    each.steps.back().call.context.now_ns = kStartNs;
  }
  reference::Json aim = written.policy;
  std::string problem;
  if (written.policy.Is(reference::Json::Kind::String)) {
    const auto policy = reference::ReadTextPolicy(written.policy.text, problem);
    aim = policy ? TreeOf(*policy) : reference::Json::Record();
  }
  CallGenerator calls(aim, random);
  for (std::size_t i = 0; i < kCallsPerWrittenPolicy; ++i) each.steps.push_back(calls.Next());
  // The generated calls come later, whatever time they begin at.
  std::stable_sort(each.steps.begin(), each.steps.end(), [](const Step& a, const Step& b) {
    return a.call.context.now_ns < b.call.context.now_ns;
  });
  return each;
}

int CompareOver(const Options& options) {
  std::size_t compared = 0;
  std::size_t pairs = 0;
  int differences = 0;
  for (const WrittenPolicy& written : FindPolicies(options.folders)) {
    const Case each = CaseOf(written);
    const CaseResult result = RunCase(each, nullptr);
    if (result.kind == CaseResult::Kind::Rejected) continue;
    ++compared;
    pairs += result.decided;
    if (result.kind == CaseResult::Kind::Agrees) continue;
    ++differences;
    std::cout << written.name << ": ";
    Report(each, 0, result);
  }
  std::cout << compared << " policies, " << pairs << " pairs, " << differences << " differences\n";
  return differences == 0 && compared > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

// A case whose product is given a policy with something of that kind altered.
std::optional<Case> GenerateAltered(std::uint64_t seed, std::size_t kind) {
  constexpr std::uint64_t kDraws = 30;  // most policies have nothing of the kind
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    Case each = Generate(seed * kDraws + draw);
    each.with_text_twin = false;
    each.with_machine_code = false;
    Random random(seed);
    auto altered = Mutate(each.policy, kind, random);
    if (!altered) continue;
    each.product_policy = std::move(*altered);
    return each;
  }
  return std::nullopt;
}

int CompareWithAltered(const Options& options) {
  bool good = true;
  const std::uint64_t tries = options.pairs / kCallsPerPolicy / MutationCount();
  for (std::size_t kind = 0; kind < MutationCount(); ++kind) {
    std::uint64_t tried = 0;
    std::uint64_t found = 0;
    for (std::uint64_t number = 0; number < tries; ++number) {
      const auto each = GenerateAltered(SeedOf(options, number), kind);
      if (!each) continue;
      const CaseResult result = RunCase(*each, nullptr);
      if (result.kind != CaseResult::Kind::Rejected) ++tried;
      if (result.kind == CaseResult::Kind::Differs) ++found;
    }
    std::cout << MutationName(kind) << ": found out " << found << " of " << tried << '\n';
    // Many an altered rule stands behind another that decides.
    if (found == 0) good = false;
  }
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

// Of a policy.json the way there and back may change the order of rules, so it is decided by, too.
std::string WriteAndReadOne(Case& each, std::uint64_t seed) {
  Random random(seed);
  if (IsTextForm(each.policy)) return RoundTripText(each.policy, random);
  if (!TextTwinOf(each.policy)) return "";  // nor is there a way back
  std::string converted;
  if (std::string problem = RoundTripJson(each.policy, converted); !problem.empty()) return problem;
  if (converted.empty()) return "";
  each.product_policy = reference::Json::String(converted);
  each.with_text_twin = false;
  each.with_machine_code = false;
  each.in_other_words = true;
  const CaseResult result = RunCase(each, nullptr);
  if (result.kind == CaseResult::Kind::Agrees) return "";
  return "converted there and back, it decides otherwise: " + result.report + Describe(each) +
         converted;
}

int WriteAndRead(const Options& options) {
  std::uint64_t compared = 0;
  int differences = 0;
  for (std::uint64_t number = 0; compared < options.pairs && differences < kDifferencesMax;
       ++number) {
    Case each = Generate(SeedOf(options, number));
    if (!CompilePolicy(SpellingOf(each.policy), /*optimise=*/false).bytes) continue;
    const std::string difference = WriteAndReadOne(each, SeedOf(options, number));
    ++compared;
    if (difference.empty()) continue;
    ++differences;
    std::cout << "DIFFERENCE in case " << SeedOf(options, number) << ": " << difference;
  }
  std::cout << compared << " policies written and read, " << differences << " differences\n";
  return differences == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int Main(int argument_count, char** arguments) {
  Options options;
  for (int i = 1; i < argument_count; ++i) {
    const std::string_view argument = arguments[i];
    const auto number = [&] {
      return i + 1 < argument_count ? std::strtoull(arguments[++i], nullptr, 10) : 0;
    };
    if (argument == "--pairs") {
      options.pairs = number();
    } else if (argument == "--seed") {
      options.seed = number();
    } else if (argument == "--full") {
      options.pairs = kFullPairs;
    } else if (argument == "--round-trip") {
      options.round_trip = true;
    } else if (argument == "--mutate") {
      options.mutate = true;
    } else if (argument == "--over") {
      while (i + 1 < argument_count) options.folders.emplace_back(arguments[++i]);
    } else if (argument == "--verbose") {
      options.verbose = true;
    } else {
      std::cout << "unknown argument " << argument << '\n';
      return 2;
    }
  }
  if (!options.folders.empty()) return CompareOver(options);
  if (options.round_trip) return WriteAndRead(options);
  return options.mutate ? CompareWithAltered(options) : Compare(options);
}

}  // namespace
}  // namespace differential

int main(int argument_count, char** arguments) {
  return differential::Main(argument_count, arguments);
}
