// The Unix socket in a state directory over which its processes lease quota.
#ifndef RUNTIME_TRANSPORT_LEASE_SOCKET_H_
#define RUNTIME_TRANSPORT_LEASE_SOCKET_H_

#include <expected>
#include <string>

#include "runtime/limits/store/state_directory.h"
#include "runtime/transport/descriptor.h"

namespace policy::transport {

// Listens in place of whoever did before. REQUIRES: this process holds the directory's lead.
std::expected<Descriptor, std::string> ListenForLeases(const StateDirectory& directory);

// The next connection of the same user; those of others are closed. A closed descriptor: none is
// waiting.
Descriptor AcceptLeaseConnection(const Descriptor& listener);

// A connection to the leader. A closed descriptor: nobody listens, or not as this user.
Descriptor ConnectToLeader(const StateDirectory& directory);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LEASE_SOCKET_H_
