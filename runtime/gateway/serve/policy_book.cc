#include "runtime/gateway/serve/policy_book.h"

#include <optional>
#include <utility>

namespace policy::gateway {

std::expected<std::shared_ptr<PolicyVersion>, std::string> PolicyBook::Find(
    const ServeState& state, const Grant& grant, std::string_view server) {
  const ServedPolicy* const served = state.FindPolicy(grant, server);
  const std::shared_ptr<const Program>& program = served == nullptr ? deny_all_ : served->program;
  std::string attachment = AttachmentOf(server, grant.id, state.config->observes);
  std::shared_ptr<PolicyVersion>& version = versions_[{grant.id, attachment}];
  if (version != nullptr && version->bound.program_pointer() == program) return version;
  auto made = std::make_shared<PolicyVersion>(program, counters_, std::move(attachment));
  if (auto trouble = WhyNotKept(made->bound, place_)) return std::unexpected(*std::move(trouble));
  version = std::move(made);
  return version;
}

void PolicyBook::Clean() {
  std::erase_if(versions_, [](const auto& entry) { return entry.second.use_count() <= 1; });
}

}  // namespace policy::gateway
