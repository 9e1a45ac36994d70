// Who calls: from a bearer token or a client's certificate to a grant.
//
//   const Authenticated who = authenticator.Authenticate(
//       {.authorizations = …, .address = peer.address, …}, now_ns);
//   if (const auto* refusal = std::get_if<AccessRefusal>(&who)) respond(refusal->status, …)
#ifndef RUNTIME_GATEWAY_ACCESS_AUTHENTICATOR_H_
#define RUNTIME_GATEWAY_ACCESS_AUTHENTICATOR_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/gateway/access/grant.h"

namespace policy::gateway {

struct AccessState;
class FailureThrottle;
class VerifiedTokens;

// What a request shows of its sender. Views are used during the call only.
struct Presented {
  // The values of all its Authorization headers: more than one is refused.
  std::span<const std::string_view> authorizations = {};
  std::string_view path = {};                 // of the request, for the address of the metadata
  std::string_view address = {};              // of the peer
  bool is_loopback = false;                   // the peer is
  std::string_view certificate_subject = {};  // of a certificate that was verified; empty: none
  std::string_view certificate_sha256 = {};   // lower-case hexadecimal
};

// Who was let in. What a Caller and a CallContext get.
struct Identity {
  std::shared_ptr<const Grant> grant;  // never null; neither revoked nor expired
  // Who, within the grant: a session belongs to grant and subject. Of an OAuth token its subject;
  // else empty.
  std::string subject;
  std::string claims_json;  // raw record of an OAuth token, read strictly; empty: none
};

struct AccessRefusal {
  int status = 401;              // 401, 403, 429 or 503
  std::string www_authenticate;  // the header's value; empty: none
  std::string text;              // one sentence for the body and the log; holds nothing secret
};

using Authenticated = std::variant<Identity, AccessRefusal>;

// One a worker: remembers verified tokens and failures. Does no I/O and waits for nothing.
// Not thread-safe.
class Authenticator {
 public:
  explicit Authenticator(std::shared_ptr<const AccessState> state);
  Authenticator(const Authenticator&) = delete;  // one a worker
  Authenticator& operator=(const Authenticator&) = delete;
  ~Authenticator();

  // From the next request on: grants, keys, rules. Verified tokens are verified anew.
  void Install(std::shared_ptr<const AccessState> state);

  // `now_ns`: wall clock.
  Authenticated Authenticate(const Presented& presented, std::int64_t now_ns);

 private:
  Authenticated WithToken(std::string_view token, const Presented& presented, std::int64_t now_ns);
  Authenticated WithJwt(std::string_view token, const Presented& presented, std::int64_t now_ns);
  Authenticated WithCertificate(const Presented& presented, std::int64_t now_ns);
  Authenticated LetIn(std::string_view grant_id, std::int64_t now_ns) const;
  AccessRefusal Challenge(const Presented& presented, std::string_view error,
                          std::string text) const;

  std::shared_ptr<const AccessState> state_;
  std::unique_ptr<FailureThrottle> throttle_;
  std::unique_ptr<VerifiedTokens> verified_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_AUTHENTICATOR_H_
