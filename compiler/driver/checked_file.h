// One file that `policyc check` looks at: what is found, what its author lets be, what is mended.
#ifndef COMPILER_DRIVER_CHECKED_FILE_H_
#define COMPILER_DRIVER_CHECKED_FILE_H_

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/check/allow_file.h"
#include "compiler/driver/driver_env.h"
#include "compiler/passes/decision_cost.h"
#include "policy/compiler.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Whether `policyc check` of a directory looks at a file of this name.
bool IsCheckedFileName(std::string_view path);

// The policyc.json of every folder that a policy was checked in.
class AllowFiles {
 public:
  explicit AllowFiles(const Files& files) : files_(files) {}

  // Reads the file of the folder, if there is one.
  void Open(const std::string& folder) { In(folder); }
  // Takes out of `findings`, all of `source`, what the file beside it lets be.
  void Apply(const Source& source, const CompileOptions& options,
             std::vector<const Diagnostic*>& findings);
  // Reports the entries that served no policy, of folders whose policies were all checked.
  void CheckServing();
  // What is wrong with the files.
  std::vector<const Diagnostic*> Findings() const;

 private:
  struct AllowFile {
    std::unique_ptr<Source> source;  // null: there is none
    Diagnostics diagnostics;
    std::vector<AllowEntry> entries;
    std::vector<std::string> checked;  // the policies that were held to it
  };
  AllowFile& In(const std::string& folder);

  const Files& files_;
  std::map<std::string, AllowFile> by_folder_;
};

struct CheckedFile {
  std::unique_ptr<Source> source;
  std::unique_ptr<Diagnostics> diagnostics;
  std::vector<const Diagnostic*> findings;  // what is not let be, by place
  std::optional<DecisionCost> worst;        // of a policy without errors

  std::size_t error_count() const { return diagnostics->error_count(); }
};

// Checks a policy or a file of tests. What is wrong with a policyc.json `allow_files` says, once
// for all that ask for it.
CheckedFile CheckFile(std::unique_ptr<Source> source, const CompileOptions& options,
                      AllowFiles& allow_files);

// Applies fixes until there is none left to apply, and never one that makes more errors. The file
// as it then is; its text is not written.
CheckedFile FixFile(CheckedFile file, const CompileOptions& options, AllowFiles& allow_files);

}  // namespace policy

#endif  // COMPILER_DRIVER_CHECKED_FILE_H_
