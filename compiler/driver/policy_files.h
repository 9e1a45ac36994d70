// The policies that a command line names.
#ifndef COMPILER_DRIVER_POLICY_FILES_H_
#define COMPILER_DRIVER_POLICY_FILES_H_

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/driver/driver_env.h"
#include "policy/source.h"

namespace policy {

// Whether a directory's file of this name is a policy: policy.json, *.policy.json, *.policy.
bool IsPolicyFileName(std::string_view path);

// Reads every file of `paths`, and below each directory those whose path `is_meant`, in order, each
// file once. The error is a sentence that names the path.
std::expected<std::vector<std::unique_ptr<Source>>, std::string> ReadPolicies(
    const std::vector<std::string>& paths, bool (*is_meant)(std::string_view path),
    const Files& files);

// The same for policies.
std::expected<std::vector<std::unique_ptr<Source>>, std::string> ReadPolicies(
    const std::vector<std::string>& paths, const Files& files);

// Reads one policy file.
std::expected<std::unique_ptr<Source>, std::string> ReadPolicy(const std::string& path,
                                                               const Files& files);

}  // namespace policy

#endif  // COMPILER_DRIVER_POLICY_FILES_H_
