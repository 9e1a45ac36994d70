#include "runtime/embed/handles.h"

namespace policy::embed {
namespace {

// Of POLICY_ABI_VERSION 1, which callers of later versions have at least.
constexpr std::size_t kContextBytesMin = sizeof(policy_context);
constexpr std::size_t kContextBytesMax = 4096;

// Whether the members that a later version has, and this library does not know, are unset. Not to
// know what a caller says of a call is no reason to let it through.
bool IsRestUnset(const policy_context& given) {
  const char* bytes = reinterpret_cast<const char*>(&given);
  return std::all_of(bytes + sizeof(policy_context), bytes + given.struct_size,
                     [](char byte) { return byte == 0; });
}

void Set(std::string_view& member, policy_text text) {
  if (text.data != nullptr) member = ViewOf(text);
}

}  // namespace

std::expected<CallContext, std::string_view> ReadContext(const policy_context* given,
                                                         SystemClock& clock) {
  CallContext context;
  if (given == nullptr) {
    context.now_ns = clock.WallNanoseconds();
    return context;
  }
  if (given->struct_size < kContextBytesMin || given->struct_size > kContextBytesMax) {
    return std::unexpected("the size of the context is not set");
  }
  if (!IsRestUnset(*given)) {
    return std::unexpected("the context says what this version of libpolicy does not know");
  }
  Set(context.server, given->server);
  Set(context.grant, given->grant);
  Set(context.grant_label, given->grant_label);
  Set(context.grant_tags, given->grant_tags);
  Set(context.grant_attributes, given->grant_attributes);
  Set(context.session, given->session);
  Set(context.claims, given->claims);
  Set(context.client_name, given->client_name);
  Set(context.client_version, given->client_version);
  Set(context.annotations, given->annotations);
  context.now_ns = given->now_ns != 0 ? given->now_ns : clock.WallNanoseconds();
  return context;
}

}  // namespace policy::embed
